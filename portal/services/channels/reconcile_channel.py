"""Put right by hand what came late or failed: handle events again, bring messages, derive a channel's lists anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db import after_commit
from portal.models import Channel
from portal.rules.permissions import Actor, Permission, Scope, may, scopes_of
from portal.services.audit import AuditAction, Fact, record
from portal.services.catalogue.refresh_listings import refresh_listings
from portal.services.channels.save_channel import ChannelUnknownError
from portal.services.outbox import wake_relay

_RETRY = text(
    """
    UPDATE outbox_event SET due_at = :now
     WHERE handled_at IS NULL AND due_at > :now AND (CAST(:event_id AS bigint) IS NULL OR id = :event_id)
       AND (CAST(:channel_id AS bigint) IS NULL OR channel_id = :channel_id)
       AND last_error IS NOT NULL
    RETURNING id
    """
)
_MESSAGES = text(
    """
    WITH hooks AS (
        UPDATE webhook_endpoint SET busy_until = :now
         WHERE state = 'on' AND lease IS NULL AND (channel_id IS NULL OR channel_id = :channel_id)
        RETURNING id)
    UPDATE webhook_delivery d SET due_at = :now FROM hooks
     WHERE d.endpoint_id = hooks.id AND d.state = 'waiting' AND d.due_at > :now
    RETURNING d.id
    """
)
_PRODUCTS = text(
    """
    SELECT product_id FROM listing WHERE channel_id = :channel_id
    UNION SELECT v.product_id FROM price p JOIN variant v ON v.id = p.variant_id WHERE p.channel_id = :channel_id
    """
)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found: lists that differed from what they are derived from, events and messages that waited."""

    listings: int
    events: int
    messages: int


def retry_events(session: Session, *, channel_id: int | None, event_id: int | None, actor: Actor, now: datetime) -> int:
    """Let failed events be handled at once: one, those of a channel, or all; returns how many.

    Raises ChannelUnknownError where there is none, or the actor may not.
    """
    _check(session, actor, channel_id)
    count = _retry(session, channel_id, event_id, now)
    ref = f"channel:{channel_id}" if channel_id is not None else "outbox"
    fact = Fact(AuditAction.EVENTS_RETRIED, ref, after={"event": event_id, "events": count})
    record(session, fact, actor=actor, now=now)
    return count


def reconcile_channel(session: Session, *, channel_id: int, actor: Actor, now: datetime) -> Reconciled:
    """Derive the lists of a channel anew, and let everything that waits for it go at once.

    Raises ChannelUnknownError where there is none, or the actor may not.
    """
    _check(session, actor, channel_id)
    product_ids = session.scalars(_PRODUCTS, {"channel_id": channel_id}).all()
    listings = refresh_listings(session, product_ids=product_ids)
    events = _retry(session, channel_id, None, now)
    messages = len(session.scalars(_MESSAGES, {"channel_id": channel_id, "now": now}).all())
    done = Reconciled(listings, events, messages)
    after = {"listings": listings, "events": events, "messages": messages}
    record(session, Fact(AuditAction.CHANNEL_RECONCILED, f"channel:{channel_id}", after=after), actor=actor, now=now)
    return done


def _check(session: Session, actor: Actor, channel_id: int | None) -> None:
    """What is of the house, or of another channel, is not a manager's."""
    is_his = channel_id is not None and may(actor, Permission.EVENT_REPLAY, channel_id=channel_id)
    if not is_his and Scope.ALL not in scopes_of(actor, Permission.EVENT_REPLAY):
        raise ChannelUnknownError
    if channel_id is not None and session.get(Channel, channel_id) is None:
        raise ChannelUnknownError


def _retry(session: Session, channel_id: int | None, event_id: int | None, now: datetime) -> int:
    ids = session.scalars(_RETRY, {"channel_id": channel_id, "event_id": event_id, "now": now}).all()
    after_commit(session, wake_relay)
    return len(ids)
