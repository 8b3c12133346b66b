"""Note what became of a try: delivered, to be tried again, or given up; and whether its endpoint goes on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from portal.rules.permissions import SYSTEM
from portal.rules.webhooks import GONE, EndpointState, gives_up, next_try, rest_s
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit
from portal.services.webhooks.claim_delivery import Claimed, release_endpoint

KEPT_FOR = timedelta(days=30)
FORGOTTEN_AT_ONCE = 5_000
_FORGET = text(
    """
    DELETE FROM webhook_delivery WHERE id IN (
        SELECT id FROM webhook_delivery WHERE created_at < :before AND state <> 'waiting' LIMIT :limit)
    """
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A status with the beginning of the answer, or why nothing came back. `spread` is drawn for the pause."""

    status_code: int | None
    latency_ms: int
    problem: str | None
    excerpt: str
    retry_after_s: int | None
    spread: int


def settle_delivery(
    session: Session, *, endpoint_id: uuid.UUID, claimed: Claimed, lease: uuid.UUID, outcome: Outcome, now: datetime
) -> bool:
    """Write the try and what follows from it; whether the same sender may go on with the next message.

    A message that another sender has settled meanwhile keeps what that one has found; the try is noted all the same.
    """
    endpoint = session.execute(
        select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    ).scalar_one()
    delivery = session.execute(
        select(WebhookDelivery).where(WebhookDelivery.id == claimed.delivery_id).with_for_update()
    ).scalar_one()
    _note(session, claimed.delivery_id, outcome, now)
    if delivery.state == "waiting" and delivery.attempts == claimed.attempts:
        _settle(delivery, outcome, now)
    if endpoint.lease != lease:
        session.flush()
        return False
    if outcome.problem is None:
        endpoint.failures, endpoint.failing_since = 0, None
        session.flush()
        return True
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    session.flush()
    rests_until = now + timedelta(seconds=rest_s(endpoint.failures))
    release_endpoint(session, endpoint_id=endpoint_id, lease=lease, busy_until=rests_until)
    if outcome.status_code == GONE:
        _stop(session, endpoint, EndpointState.GONE, now)
    elif gives_up(endpoint.failures, failing_since=endpoint.failing_since, now=now):
        _stop(session, endpoint, EndpointState.FAILED, now)
    return False


def forget_deliveries(session: Session, *, now: datetime) -> None:
    """Forget messages that are settled and older than the log is kept."""
    session.execute(_FORGET, {"before": now - KEPT_FOR, "limit": FORGOTTEN_AT_ONCE})


def _note(session: Session, delivery_id: int, outcome: Outcome, now: datetime) -> None:
    row = {
        "delivery_id": delivery_id,
        "at": now,
        "latency_ms": outcome.latency_ms,
        "status_code": outcome.status_code,
        "problem": outcome.problem,
        "excerpt": outcome.excerpt,
    }
    insert_rows(session, WebhookAttempt, [row])


def _settle(delivery: WebhookDelivery, outcome: Outcome, now: datetime) -> None:
    delivery.attempts += 1
    delivery.last_at = now
    delivery.status_code, delivery.latency_ms, delivery.problem = (
        outcome.status_code,
        outcome.latency_ms,
        outcome.problem,
    )
    if outcome.problem is None:
        delivery.state, delivery.delivered_at = "delivered", now
        return
    again = next_try(delivery.attempts, now=now, spread=outcome.spread, retry_after_s=outcome.retry_after_s)
    if again is None or outcome.status_code == GONE:
        delivery.state = "dead"
    else:
        delivery.due_at = again


def _stop(session: Session, endpoint: WebhookEndpoint, new: EndpointState, now: datetime) -> None:
    """Switch an endpoint off that does not want to hear, and tell its people."""
    old, endpoint.state, endpoint.stopped_at = endpoint.state, new, now
    endpoint.version += 1
    session.flush()
    fact = Fact(AuditAction.WEBHOOK_SWITCHED, f"webhook:{endpoint.id}", {"state": old}, {"state": new})
    record(session, fact, actor=SYSTEM, now=now)
    emit(session, Event("webhook.stopped", f"webhook:{endpoint.id}", {"state": new.value}), now=now)
