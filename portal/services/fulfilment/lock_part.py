"""Take a seller's part to change it: whose it is, whether it is as it was shown, and whether it may go on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Order, OrderPart
from portal.queries.store_order import PAID_STATES
from portal.rules.permissions import Actor, Permission, may
from portal.services.orders.part_changes import refuse_changed
from portal.services.orders.part_holds import PartUnknownError, refuse_on_hold


class PartNotPaidError(PortalError):
    """Nobody has paid for it, or its money has gone back."""

    code = "part_not_paid"
    status = 409
    sentence = N_("This order is not paid, or it has ended. Nothing of it may be sent.")


@dataclass(frozen=True, slots=True)
class LockedPart:
    """A part under the lock of its order and its own."""

    id: uuid.UUID
    order_id: uuid.UUID
    store_id: int
    status: str
    version: int
    number: str
    buyer_id: uuid.UUID
    channel_id: int
    order_status: str
    deliver_until: datetime | None


def lock_part(session: Session, *, part_id: uuid.UUID, actor: Actor, version: int | None = None) -> LockedPart:
    """Lock a part of a store that the actor works for; `version` is the row version that he was shown.

    Raises PartUnknownError, PartChangedError.
    """
    known = session.execute(select(OrderPart.order_id, OrderPart.store_id).where(OrderPart.id == part_id)).one_or_none()
    if known is None or not may(actor, Permission.STORE_ORDER_FULFIL, store_id=known.store_id):
        raise PartUnknownError
    order = session.execute(
        select(Order.number, Order.buyer_id, Order.channel_id, Order.status)
        .where(Order.id == known.order_id)
        .with_for_update()
    ).one()
    part = session.execute(
        select(OrderPart.status, OrderPart.version, OrderPart.deliver_until)
        .where(OrderPart.id == part_id)
        .with_for_update()
    ).one()
    refuse_changed(session, part_id=part_id, version=version)
    return LockedPart(
        id=part_id,
        order_id=known.order_id,
        store_id=known.store_id,
        status=part.status,
        version=part.version,
        number=order.number,
        buyer_id=order.buyer_id,
        channel_id=order.channel_id,
        order_status=order.status,
        deliver_until=part.deliver_until,
    )


def refuse_to_go_on(session: Session, part: LockedPart) -> None:
    """Raises PartOnHoldError and PartNotPaidError for what must not be prepared or sent."""
    refuse_on_hold(session, part_id=part.id)
    if part.order_status not in PAID_STATES:
        raise PartNotPaidError
