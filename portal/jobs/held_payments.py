"""What follows for orders whose payment is only held: taken with the first parcel, or stopped when it has lapsed."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import reading
from portal.jobs.one_by_one import one_by_one
from portal.jobs.queue import enqueue_lookup
from portal.kit import clock
from portal.models import OutboxEvent
from portal.rules.permissions import SYSTEM
from portal.services.documents import want_document
from portal.services.orders.hold_unpaid import hold_unpaid
from portal.services.payments.take_later import want_capture
from portal.services.payments.watch_holds import ending_holds, over_holds, tend_hold


def take_held(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A parcel has left."""
    want_capture(session, order_id=_order_id(event), reason="shipped", actor=SYSTEM, now=now)
    return ()


def stop_unpaid(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The gateway holds nothing any more."""
    hold_unpaid(session, order_id=_order_id(event), now=now)
    return ["admin"]


def want_credit_notes(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """What was called off while the payment was only held has its credit note once there is a receipt."""
    want_document.want_credit_notes(session, order_id=_order_id(event), now=now)
    return ["admin"]


def tend_holds() -> None:
    """Take, or tell of, held payments whose end is near."""
    one_by_one(ending_holds, tend_hold, name="payment_id")


def ask_about_holds() -> None:
    """Ask gateways what they still hold when that should be over."""
    with reading() as session:
        over = over_holds(session, now=clock.now())
    for attempt_id in over:
        enqueue_lookup(attempt_id)


def _order_id(event: OutboxEvent) -> uuid.UUID:
    return uuid.UUID(event.subject.partition(":")[2])
