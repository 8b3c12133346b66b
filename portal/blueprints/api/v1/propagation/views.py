"""The status of channels and its two buttons, through the services of the desk (CHN-08)."""

from __future__ import annotations

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor, channels_seen
from portal.blueprints.api.operations import FOR_CHANNELS, operation
from portal.blueprints.api.schemas import BIGINT_MAX
from portal.blueprints.api.v1.channels.views import CHANNEL
from portal.blueprints.api.v1.propagation import examples
from portal.blueprints.api.v1.propagation.schemas import (
    EventOut,
    IncidentOut,
    LagOut,
    ReconciledOut,
    Retried,
    RetryIn,
    Status,
    StatusQuery,
    TargetOut,
)
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.propagation import (
    EventRow,
    lags_since,
    list_failures,
    list_incidents,
    list_recent,
    list_targets,
)
from portal.rules.permissions import Permission
from portal.rules.propagation import WINDOW, Pace, worst_of
from portal.services.channels.reconcile_channel import reconcile_channel, retry_events
from portal.services.channels.save_channel import ChannelUnknownError

TAG = "Channels"


@operation(
    "GET",
    "/propagation",
    tag=TAG,
    summary="Show how changes come through",
    description="To open pages, workers and webhooks: lags of the last 15 minutes, what failed, and times of trouble.",
    permission=Permission.EVENT_VIEW,
    within=FOR_CHANNELS,
    query=StatusQuery,
    answer=Status,
    example=examples.STATUS,
    refusals=(NotFoundError,),
)
def show_propagation(query: StatusQuery) -> Status:
    now, seen, channel_id = clock.now(), channels_seen(Permission.EVENT_VIEW), query.channel_id
    if seen is not None and channel_id not in seen:
        raise NotFoundError
    with reading() as session:
        lags = lags_since(session, since=now - WINDOW, now=now)
        lag = lags.get(channel_id) if channel_id is not None else worst_of(lags.values())
        targets = list_targets(session, channel_id=channel_id, lag=lag, now=now)
        failures = list_failures(session, channel_id=channel_id)
        recent = list_recent(session, channel_id=channel_id)
        incidents = list_incidents(session, channel_id=channel_id)
    return Status(
        channel_id=channel_id,
        pace=(lag.pace if lag else Pace.QUIET).value,
        lag=LagOut(
            events=lag.events,
            late=lag.late,
            untold=lag.untold,
            p50_ms=lag.p50_ms,
            p99_ms=lag.p99_ms,
            worst_ms=lag.worst_ms,
        )
        if lag
        else None,
        targets=[
            TargetOut(
                kind=one.kind,  # type: ignore[arg-type]  # One of the three.
                webhook_id=one.endpoint_id,
                name=one.name,
                state=one.state,
                done=one.done,
                waiting=one.waiting,
                failing=one.failing,
                dead=one.dead,
                p50_ms=one.p50_ms,
                p99_ms=one.p99_ms,
            )
            # Whom the mall itself tells is not a manager's.
            for one in targets
            if seen is None or one.endpoint_id is None
        ],
        failures=[_event(one) for one in failures],
        recent=[_event(one) for one in recent],
        incidents=[
            IncidentOut(
                channel_id=one.channel_id,
                cause=one.cause,  # type: ignore[arg-type]  # As above.
                late=one.late,
                worst_ms=one.worst_ms,
                opened_at=one.opened_at,
                closed_at=one.closed_at,
            )
            for one in incidents
        ],
    )


@operation(
    "POST",
    "/propagation/retry",
    tag=TAG,
    summary="Handle failed events again",
    description="At once: one, those of a channel, or all. What did not fail is left as it is.",
    permission=Permission.EVENT_REPLAY,
    within=FOR_CHANNELS,
    body=RetryIn,
    body_example=examples.RETRY,
    answer=Retried,
    example={"events": 1},
    refusals=(ChannelUnknownError,),
)
def retry_failed_events(body: RetryIn) -> Retried:
    actor, now = api_actor(), clock.now()
    return Retried(
        events=atomically(
            lambda s: retry_events(s, channel_id=body.channel_id, event_id=body.event_id, actor=actor, now=now)
        )
    )


@operation(
    "POST",
    "/channels/<int:channel_id>/reconciliation",
    tag=TAG,
    summary="Reconcile a channel",
    description="Its lists are derived anew, and whatever waits for it goes at once.",
    permission=Permission.EVENT_REPLAY,
    within=FOR_CHANNELS,
    answer=ReconciledOut,
    example=examples.RECONCILED,
    path_values=CHANNEL,
    refusals=(ChannelUnknownError,),
)
def reconcile_mall_channel(channel_id: int) -> ReconciledOut:
    actor, now = api_actor(), clock.now()
    if channel_id > BIGINT_MAX:
        raise ChannelUnknownError
    found = atomically(lambda s: reconcile_channel(s, channel_id=channel_id, actor=actor, now=now))
    return ReconciledOut(listings=found.listings, events=found.events, messages=found.messages)


def _event(row: EventRow) -> EventOut:
    return EventOut(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        channel_id=row.channel_id,
        attempts=row.attempts,
        created_at=row.created_at,
        told_ms=row.told_ms,
        handled_ms=row.handled_ms,
        due_at=row.due_at,
        error=row.last_error,
    )
