"""How changes come through to pages, workers and receivers: by channel and by target, with what failed (CHN-08)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import LagIncident
from portal.rules.propagation import TARGET_MS, WINDOW, Lag

# The latest so many events are looked at, by their key: what a page costs does not grow with the outbox.
EVENTS_MAX = 5_000
ROWS_MAX = 30

_LAGS = text(
    """
    WITH recent AS (SELECT channel_id, created_at, told_at, handled_at FROM outbox_event
                     ORDER BY id DESC LIMIT :events),
         lags AS (SELECT channel_id, told_at IS NULL AND handled_at IS NULL AS untold,
                         extract(epoch FROM coalesce(told_at, handled_at, :now) - created_at) * 1000 AS ms
                    FROM recent WHERE created_at >= :since AND created_at <= :now)
    SELECT channel_id, count(*) AS events, count(*) FILTER (WHERE ms > :target) AS late,
           count(*) FILTER (WHERE untold AND ms > :target) AS untold,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY ms) AS p50_ms,
           percentile_disc(0.99) WITHIN GROUP (ORDER BY ms) AS p99_ms, max(ms) AS worst_ms
      FROM lags GROUP BY channel_id
    """
)

_WORKERS = text(
    """
    WITH recent AS (SELECT channel_id, created_at, told_at, handled_at, last_error, kind FROM outbox_event
                     ORDER BY id DESC LIMIT :events)
    SELECT count(*) FILTER (WHERE handled_at IS NULL) AS waiting,
           count(*) FILTER (WHERE handled_at IS NULL AND last_error IS NOT NULL) AS failing,
           count(handled_at) AS done,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM handled_at - created_at) * 1000) AS p50_ms,
           percentile_disc(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM handled_at - created_at) * 1000) AS p99_ms
      FROM recent WHERE created_at >= :since AND (CAST(:channel_id AS bigint) IS NULL OR channel_id = :channel_id)
    """
)

_HOOKS = text(
    """
    SELECT w.id, w.name, w.state, w.store_id, count(d.id) FILTER (WHERE d.state = 'waiting') AS waiting,
           count(d.id) FILTER (WHERE d.state = 'waiting' AND d.problem IS NOT NULL) AS failing,
           count(d.id) FILTER (WHERE d.state = 'dead') AS dead, count(d.delivered_at) AS done,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM d.delivered_at - d.occurred_at) * 1000)
               AS p50_ms,
           percentile_disc(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM d.delivered_at - d.occurred_at) * 1000)
               AS p99_ms
      FROM webhook_endpoint w
      LEFT JOIN webhook_delivery d ON d.endpoint_id = w.id AND (d.state = 'waiting' OR d.created_at >= :since)
     WHERE w.state <> 'removed' AND (CAST(:channel_id AS bigint) IS NULL OR w.channel_id IS NULL
                                     OR w.channel_id = :channel_id)
     GROUP BY w.id ORDER BY w.failures DESC, w.created_at LIMIT 100
    """
)

_EVENTS = """
    SELECT id, kind, subject, channel_id, attempts, created_at, told_at, handled_at, due_at, last_error
      FROM outbox_event
     WHERE (CAST(:channel_id AS bigint) IS NULL OR channel_id = :channel_id)
"""
_FAILED = text(f"{_EVENTS} AND handled_at IS NULL AND last_error IS NOT NULL ORDER BY due_at, id LIMIT :rows")
_RECENT = text(
    f"""
    WITH recent AS (SELECT * FROM outbox_event ORDER BY id DESC LIMIT :events)
    {_EVENTS.replace("FROM outbox_event", "FROM recent")} ORDER BY id DESC LIMIT :rows
    """  # noqa: S608  # Words of our own.
)


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One who is told: pages, workers, or a webhook by its id. Lags in milliseconds, None where nothing came."""

    kind: str
    endpoint_id: uuid.UUID | None
    name: str
    state: str
    done: int
    waiting: int
    failing: int
    dead: int
    p50_ms: int | None
    p99_ms: int | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event, and how far it has come."""

    id: int
    kind: str
    subject: str
    channel_id: int | None
    attempts: int
    created_at: datetime
    told_at: datetime | None
    handled_at: datetime | None
    due_at: datetime
    last_error: str | None

    @property
    def told_ms(self) -> int | None:
        return _between(self.created_at, self.told_at)

    @property
    def handled_ms(self) -> int | None:
        return _between(self.created_at, self.handled_at)


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """A time in which changes were late."""

    channel_id: int | None
    cause: str
    late: int
    worst_ms: int
    opened_at: datetime
    closed_at: datetime | None


def lags_since(session: Session, *, since: datetime, now: datetime) -> Mapping[int | None, Lag]:
    """How the changes since then came to open pages, by channel; None is the house's own."""
    values = {"since": since, "now": now, "target": TARGET_MS, "events": EVENTS_MAX}
    return {
        row.channel_id: Lag(
            row.channel_id, row.events, row.late, row.untold, int(row.p50_ms), int(row.p99_ms), int(row.worst_ms)
        )
        for row in session.execute(_LAGS, values)
    }


def list_targets(session: Session, *, channel_id: int | None, lag: Lag | None, now: datetime) -> Sequence[TargetRow]:
    """Everybody who is told of a channel's changes, or of all; `lag` is what is known of open pages."""
    values = {"channel_id": channel_id, "since": now - WINDOW, "events": EVENTS_MAX}
    workers = session.execute(_WORKERS, values).one()
    rows = [
        TargetRow(
            "pages",
            None,
            "",
            "on",
            lag.events - lag.untold if lag else 0,
            lag.untold if lag else 0,
            0,
            0,
            lag.p50_ms if lag else None,
            lag.p99_ms if lag else None,
        ),
        TargetRow(
            "workers",
            None,
            "",
            "on",
            workers.done,
            workers.waiting,
            workers.failing,
            0,
            _ms(workers.p50_ms),
            _ms(workers.p99_ms),
        ),
    ]
    hooks = session.execute(_HOOKS, {"channel_id": channel_id, "since": now - WINDOW})
    return rows + [_hook(row) for row in hooks]


def _hook(row: Any) -> TargetRow:
    return TargetRow(
        "webhook",
        row.id,
        row.name,
        row.state,
        row.done,
        row.waiting,
        row.failing,
        row.dead,
        _ms(row.p50_ms),
        _ms(row.p99_ms),
    )


def _between(start: datetime, end: datetime | None) -> int | None:
    return None if end is None else (end - start) // timedelta(milliseconds=1)


def _ms(value: Any) -> int | None:
    return None if value is None else int(value)


def list_failures(session: Session, *, channel_id: int | None) -> Sequence[EventRow]:
    """Events that a worker could not handle, the next due first."""
    return [EventRow(*row) for row in session.execute(_FAILED, {"channel_id": channel_id, "rows": ROWS_MAX})]


def list_recent(session: Session, *, channel_id: int | None) -> Sequence[EventRow]:
    """The latest events."""
    values = {"channel_id": channel_id, "rows": ROWS_MAX, "events": EVENTS_MAX}
    return [EventRow(*row) for row in session.execute(_RECENT, values)]


def list_incidents(session: Session, *, channel_id: int | None) -> Sequence[IncidentRow]:
    """The latest times in which changes were late, open ones first."""
    statement = select(
        LagIncident.channel_id,
        LagIncident.cause,
        LagIncident.late,
        LagIncident.worst_ms,
        LagIncident.opened_at,
        LagIncident.closed_at,
    )
    if channel_id is not None:
        statement = statement.where(LagIncident.channel_id == channel_id)
    ordered = statement.order_by(LagIncident.closed_at.is_not(None), LagIncident.opened_at.desc())
    return [IncidentRow(*row) for row in session.execute(ordered.limit(ROWS_MAX))]
