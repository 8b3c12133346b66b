"""Take the next message of an endpoint: one sender at a time, in the order of events."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.models import WebhookDelivery, WebhookEndpoint
from portal.rules.webhooks import Message
from portal.services.webhooks.fan_out import LIVES

# A sender that was killed is followed by another one after so long; longer than any call takes.
LEASE = timedelta(seconds=25)
ENDPOINTS_AT_ONCE = 200

_LEASE = text(
    f"""
    UPDATE webhook_endpoint w SET lease = :lease, busy_until = :until
     WHERE id = :id AND state = 'on' AND (busy_until <= :now OR lease = :lease) AND {LIVES}
    RETURNING id
    """  # noqa: S608  # Words of our own.
)

# The earliest event first. A message waits for those before it that are about the same thing: for what was tried and
# has its pause, and for an event that a worker has not yet turned into a message. Other things pass it by.
_NEXT = text(
    """
    SELECT d.id FROM webhook_delivery d
     WHERE d.endpoint_id = :id AND d.state = 'waiting' AND d.due_at <= :now
       AND NOT EXISTS (SELECT FROM webhook_delivery b WHERE b.endpoint_id = d.endpoint_id AND b.subject = d.subject
                          AND b.event_id < d.event_id AND b.state = 'waiting')
       AND NOT EXISTS (SELECT FROM outbox_event e WHERE e.subject = d.subject AND e.id < d.event_id
                          AND e.handled_at IS NULL AND e.last_error IS NULL)
     ORDER BY d.event_id LIMIT 1
    """
)
_DUE = text(
    f"""
    SELECT w.id FROM webhook_endpoint w
     WHERE w.state = 'on' AND w.busy_until <= :now AND {LIVES}
       AND EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = w.id AND d.state = 'waiting'
                      AND d.due_at <= :now)
     ORDER BY w.busy_until LIMIT :limit
    """  # noqa: S608  # Words of our own.
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message to be brought, and what it is signed with: the secret, and while they overlap the one before.

    `topic` is whose open pages show it.
    """

    delivery_id: int
    message_id: uuid.UUID
    attempts: int
    url: str
    topic: str
    secrets: tuple[str, ...] = field(repr=False)
    message: Message


def claim_delivery(session: Session, *, endpoint_id: uuid.UUID, lease: uuid.UUID, now: datetime) -> Claimed | None:
    """Hold the endpoint and take its next message; None when another sender holds it, it rests, or nothing is due."""
    values = {"id": endpoint_id, "lease": lease, "until": now + LEASE, "now": now}
    if session.scalar(_LEASE, values) is None:
        return None
    delivery_id = session.scalar(_NEXT, {"id": endpoint_id, "now": now})
    if delivery_id is None:
        release_endpoint(session, endpoint_id=endpoint_id, lease=lease, busy_until=now)
        return None
    row = session.execute(select(WebhookDelivery).where(WebhookDelivery.id == delivery_id)).scalar_one()
    endpoint = session.execute(select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)).scalar_one()
    secrets = [endpoint.secret]
    if endpoint.previous_secret is not None and endpoint.previous_until is not None and endpoint.previous_until > now:
        secrets.append(endpoint.previous_secret)
    message = Message(row.kind, row.event_id, row.subject, row.facts, row.occurred_at)
    topic = "admin" if endpoint.store_id is None else f"store:{endpoint.store_id}"
    return Claimed(row.id, row.message_id, row.attempts, endpoint.url, topic, tuple(secrets), message)


def release_endpoint(session: Session, *, endpoint_id: uuid.UUID, lease: uuid.UUID, busy_until: datetime) -> None:
    """Let the endpoint go, to rest until then; nothing if another sender has it by now."""
    session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.lease == lease)
        .values(lease=None, busy_until=busy_until)
    )


def has_failed(session: Session, *, endpoint_id: uuid.UUID) -> bool:
    """Whether the endpoint did not take what was brought last."""
    return bool(session.scalar(select(WebhookEndpoint.failures > 0).where(WebhookEndpoint.id == endpoint_id)))


def endpoints_due(session: Session, *, now: datetime) -> Sequence[uuid.UUID]:
    """Endpoints for which something waits and whose hint was lost, or whose pause is over."""
    return session.scalars(_DUE, {"now": now, "limit": ENDPOINTS_AT_ONCE}).all()
