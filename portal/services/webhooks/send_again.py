"""Send a message again by hand, or all that an endpoint has missed since a moment (API-02)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import WebhookDelivery, WebhookEndpoint
from portal.rules.permissions import Actor
from portal.rules.webhooks import REPLAY_FOR
from portal.services.audit import AuditAction, Fact, record
from portal.services.webhooks.fan_out import fan_out_again
from portal.services.webhooks.save_endpoint import WebhookUnknownError, check_is_on, lock_endpoint

MESSAGES_MAX = 10_000


class ReplayTooFarError(PortalError):
    code = "webhook_replay_too_far"
    sentence = N_("Messages can be sent again for the last 7 days. Choose a later moment that is not in the future.")


def send_again(session: Session, *, endpoint_id: uuid.UUID, message_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Let one message go out again under its own id, whatever became of it.

    Raises WebhookUnknownError, WebhookStoppedError.
    """
    row = lock_endpoint(session, endpoint_id, actor=actor)
    check_is_on(row)
    again = session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == row.id, WebhookDelivery.message_id == message_id)
        .values(state="waiting", attempts=0, due_at=now, delivered_at=None)
        .returning(WebhookDelivery.kind)
    ).one_or_none()
    if again is None:
        raise WebhookUnknownError
    _wake(row, now)
    session.flush()
    fact = Fact(AuditAction.WEBHOOK_SENT_AGAIN, f"webhook:{row.id}", after={"message": str(message_id)})
    record(session, fact, actor=actor, now=now)


def replay(session: Session, *, endpoint_id: uuid.UUID, since: datetime, actor: Actor, now: datetime) -> int:
    """Let everything go out that the endpoint has not heard since then; returns how many messages wait for it.

    What was delivered is not sent again. Raises WebhookUnknownError, WebhookStoppedError, ReplayTooFarError.
    """
    if not now - REPLAY_FOR <= since <= now:
        raise ReplayTooFarError
    row = lock_endpoint(session, endpoint_id, actor=actor)
    check_is_on(row)
    count = fan_out_again(session, endpoint_id=row.id, since=since, limit=MESSAGES_MAX, now=now)
    _wake(row, now)
    session.flush()
    after = {"since": since.isoformat(), "messages": count}
    record(session, Fact(AuditAction.WEBHOOK_SENT_AGAIN, f"webhook:{row.id}", after=after), actor=actor, now=now)
    return count


def _wake(row: WebhookEndpoint, now: datetime) -> None:
    """Whoever asks by hand does not wait for the pause after a failure; one who sends just now goes on with it."""
    if row.lease is None:
        row.busy_until = now
