"""The packing slip of a store's part of an order, for its desk and its programs (ORD-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext

from portal.blueprints.context import translated
from portal.queries.store_order import StoreOrder
from portal.rules.refund_policy import BEFORE_SHIPMENT
from portal.statuses import status_of

if TYPE_CHECKING:
    from portal.documents.slips import Slip


def has_slip(order: StoreOrder) -> bool:
    """Whether something of it may be packed now."""
    return order.status in BEFORE_SHIPMENT and order.can_ship and not order.is_on_hold


def why_no_slip(order: StoreOrder) -> str:
    """What keeps an order from being packed, as a word of its state."""
    return str(gettext(status_of("held" if order.is_on_hold else order.status, "part").word))


def slip_of(order: StoreOrder) -> Slip:
    """What goes into the parcel and to whom."""
    # Fonts and typesetting are loaded with the first document: other pages can do without them.
    from portal.documents.slips import Slip, SlipLine, address_lines

    return Slip(
        order.number,
        address_lines(order.address),
        [
            SlipLine(
                line.sku,
                translated(dict(line.name)),
                ", ".join(translated(option["value"]) for option in line.options),
                line.to_send,
            )
            for line in order.lines
            if line.to_send
        ],
    )
