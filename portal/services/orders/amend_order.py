"""Change an order before it is packed: where it goes, or which option of a product it is (ORD-06).

Fewer pieces, a line or all of it less is a refund: the plan is shown first, and services/refunds carries it out.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, select, text, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Order
from portal.queries.exchange_options import options_of_lines
from portal.queries.keyset import AnyRow
from portal.queries.store_order import PAID_STATES, address_of
from portal.rules.addresses import read_address
from portal.rules.permissions import Actor, Permission, may
from portal.rules.refund_policy import CANCEL_ALONE
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.orders.rescore_order import rescore_order
from portal.services.outbox import Event, emit
from portal.services.stock.swap_stock import swap_stock

REASON_LENGTH_MAX = 500


class OrderUnknownError(PortalError):
    """There is no such order, or it is somebody else's: one answer for both."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class TooLateToAmendError(PortalError):
    """Something of it is packed, sent or looked at, or it is not paid."""

    code = "order_cannot_be_changed"
    status = 409
    sentence = N_("This cannot be changed any more: a store has packed it already, or it is being looked at.")


class OrderChangedError(PortalError):
    """Somebody else changed the order since it was shown. `by` is his label, `at` when."""

    code = "order_changed"
    status = 409
    sentence = N_("This order was changed meanwhile. Look at it again; nothing was changed by you.")

    def __init__(self, by: str, at: datetime | None) -> None:
        super().__init__()
        self.by, self.at = by, at


class CountryFixedError(PortalError):
    """Prices, tax and shipping were those of the country."""

    code = "address_country_fixed"
    sentence = N_("The order can go to another address in the same country only. Cancel it and order anew for another.")


class AmendReasonError(PortalError):
    code = "amend_reason_missing"
    sentence = N_("Say why: it stands in the record.")


class OptionUnfitError(PortalError):
    code = "option_unfit"
    sentence = N_("Choose another option of the same product at the same price.")


_PARTS = text(
    """
    SELECT p.id, p.store_id, p.status,
           EXISTS (SELECT FROM order_hold h WHERE h.part_id = p.id AND h.released_at IS NULL AND h.kind <> 'seller')
               AS is_stopped
      FROM order_part p WHERE p.order_id = :order_id ORDER BY p.id FOR UPDATE OF p
    """
)
_LAST = text("SELECT actor, at FROM audit_row WHERE ref = :ref ORDER BY id DESC LIMIT 1")
_LINE = text(
    """
    SELECT id, part_id, variant_id, sku, options, quantity, refunded_quantity, shipped_quantity FROM order_line
     WHERE id = :line_id AND order_id = :order_id FOR UPDATE
    """
)
_SET_LINE = text(
    """
    UPDATE order_line l SET variant_id = v.id, sku = v.sku, options = v.options,
           picture = coalesce(v.picture, l.picture)
      FROM variant v WHERE l.id = :line_id AND v.id = :variant_id RETURNING v.sku
    """
)
# A label that stands for the old address is given back at its carrier.
_OLD_LABELS = text(
    """
    UPDATE shipping_label SET is_stale = true
     WHERE order_id = :order_id AND status IN ('wanted', 'sent', 'unknown', 'bought')
    """
)
_TOUCH = text("UPDATE order_part SET version = version + 1 WHERE id = ANY(:ids)")


def change_address(
    session: Session,
    *,
    order_id: uuid.UUID,
    fields: Mapping[str, str | None],
    actor: Actor,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    ip: str | None = None,
) -> bool:
    """Send the order to another address of the same country; False when it goes there already.

    Its buyer may until a store has packed something of it or somebody looks at it; the mall always until something has
    left, and says why. Its risk is scored anew; what alarms is held. Raises OrderUnknownError, OrderChangedError,
    TooLateToAmendError, AddressUnfitError, CountryFixedError, AmendReasonError.
    """
    order = _lock(session, order_id, actor)
    is_mall = _is_mall(actor, order)
    new = read_address(fields).as_dict()
    old = dict(address_of(order.address))
    if new == old:
        return False
    _check_version(session, order, version)
    parts = session.execute(_PARTS, {"order_id": order_id}).all()
    _check_parts(order, parts, is_mall=is_mall)
    if new["country"] != old.get("country"):
        raise CountryFixedError
    if is_mall and not reason.strip():
        raise AmendReasonError
    session.execute(
        update(Order)
        .where(Order.id == order_id)
        .values(address=orjson.dumps(new).decode(), marks=None, version=Order.version + 1)
    )
    session.execute(_OLD_LABELS, {"order_id": order_id})
    open_parts = [one for one in parts if one.status != "cancelled"]
    session.execute(_TOUCH, {"ids": [one.id for one in open_parts]})
    # Which fields, never what stood in them: the record is kept longer than personal data may be.
    changed = sorted(name for name in new if new[name] != old.get(name, ""))
    _tell(session, order, open_parts, {"address": changed}, reason, actor, now)
    rescore_order(session, order_id=order_id, order=order, parts=open_parts, address=new, ip=ip, actor=actor, now=now)
    return True


def change_option(
    session: Session,
    *,
    order_id: uuid.UUID,
    line_id: uuid.UUID,
    variant_id: int,
    actor: Actor,
    now: datetime,
    reason: str = "",
    version: int | None = None,
) -> bool:
    """Take another option of the same product and price for all pieces of a line; False when it is that already.

    Raises as change_address, OptionUnfitError, and OutOfStockError when there are not enough of it.
    """
    order = _lock(session, order_id, actor)
    is_mall = _is_mall(actor, order)
    line = session.execute(_LINE, {"line_id": line_id, "order_id": order_id}).one_or_none()
    if line is None:
        raise OrderUnknownError
    if line.variant_id == variant_id:
        return False
    _check_version(session, order, version)
    parts = [one for one in session.execute(_PARTS, {"order_id": order_id}).all() if one.id == line.part_id]
    _check_parts(order, parts, is_mall=is_mall)
    units = line.quantity - line.refunded_quantity
    if line.shipped_quantity or units < 1:
        raise TooLateToAmendError
    if variant_id not in {one.variant_id for one in options_of_lines(session, line_ids=[line_id]).get(line_id, ())}:
        raise OptionUnfitError
    if is_mall and not reason.strip():
        raise AmendReasonError
    sku = session.execute(_SET_LINE, {"line_id": line_id, "variant_id": variant_id}).scalar_one()
    session.execute(update(Order).where(Order.id == order_id).values(version=Order.version + 1))
    session.execute(_TOUCH, {"ids": [line.part_id]})
    swap_stock(
        session,
        line_id=line_id,
        old_variant=line.variant_id,
        new_variant=variant_id,
        units=units,
        by=label(actor),
        now=now,
    )
    _tell(session, order, parts, {"line": str(line_id), "was": line.sku, "is": sku}, reason, actor, now)
    return True


def _lock(session: Session, order_id: uuid.UUID, actor: Actor) -> AnyRow:
    columns = (Order.id, Order.number, Order.status, Order.buyer_id, Order.channel_id, Order.address, Order.version)
    order = session.execute(select(*columns).where(Order.id == order_id).with_for_update()).one_or_none()
    if order is None or not may(actor, Permission.ORDER_EDIT, owner_id=order.buyer_id):
        raise OrderUnknownError
    return order


def _is_mall(actor: Actor, order: AnyRow) -> bool:
    return bool(actor.user_id != order.buyer_id)


def _check_version(session: Session, order: AnyRow, version: int | None) -> None:
    if version is not None and version != order.version:
        last = session.execute(_LAST, {"ref": f"order:{order.id}"}).one_or_none()
        raise OrderChangedError(last.actor if last else "system", last.at if last else None)


def _check_parts(order: AnyRow, parts: Sequence[Row[Any]], *, is_mall: bool) -> None:
    allowed = CANCEL_ALONE | {"packed"} if is_mall else CANCEL_ALONE
    left = [one for one in parts if one.status != "cancelled"]
    if order.status not in PAID_STATES or not left or any(one.status not in allowed for one in left):
        raise TooLateToAmendError
    if not is_mall and any(one.is_stopped for one in left):
        raise TooLateToAmendError


def _tell(
    session: Session,
    order: AnyRow,
    parts: Sequence[Row[Any]],
    after: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    why = reason.strip()[:REASON_LENGTH_MAX] or None
    fact = Fact(AuditAction.ORDER_AMENDED, f"order:{order.id}", after=after, reason=why)
    record(session, fact, actor=actor, now=now)
    for part in parts:
        emit(
            session,
            Event(
                "order.amended",
                f"order:{order.id}",
                {
                    "number": order.number,
                    "part": str(part.id),
                    "store": part.store_id,
                    "what": "address" if "address" in after else "option",
                    "by_mall": _is_mall(actor, order),
                },
                channel_id=order.channel_id,
                profile_id=order.buyer_id,
            ),
            now=now,
        )
