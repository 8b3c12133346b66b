"""Packing slips and carriers' labels of a store's orders, for its desk and its programs (ORD-10, ORD-003)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flask_babel import get_locale, gettext

from portal.blueprints.context import translated
from portal.blueprints.documents import Pdf
from portal.queries.labels import LabelView
from portal.queries.store_order import StoreOrder
from portal.rules.refund_policy import BEFORE_SHIPMENT
from portal.statuses import status_of

if TYPE_CHECKING:
    from portal.documents.slips import Slip


def labels_pdf(labels: Sequence[LabelView], name: str) -> Pdf:
    """Labels of one store, a page for each."""
    # Fonts and typesetting are loaded with the first document: other pages can do without them.
    from portal.documents.shipping_label import ParcelLabel, render_labels
    from portal.documents.slips import SlipLine, address_lines

    def printed(label: LabelView) -> ParcelLabel:
        lines = [
            SlipLine(
                line.sku,
                translated(dict(line.name)),
                ", ".join(translated(option["value"]) for option in line.options),
                line.pieces,
            )
            for line in label.lines
        ]
        number: Any = label.tracking_number
        return ParcelLabel(label.order, label.carrier_name, number, address_lines(label.address), lines)

    pdf = render_labels(
        [printed(one) for one in labels], store=translated(dict(labels[0].store)), locale=str(get_locale())
    )
    return Pdf(pdf, name)


def has_slip(order: StoreOrder) -> bool:
    """Whether something of it may be packed now."""
    return order.status in BEFORE_SHIPMENT and order.can_ship and not order.is_on_hold


def _why_no_slip(order: StoreOrder) -> str:
    """What keeps an order from being packed, as a word of its state."""
    return str(gettext(status_of("held" if order.is_on_hold else order.status, "part").word))


def slips_pdf(orders: Sequence[StoreOrder], *, store: str, name: str) -> Pdf:
    """A pick list of orders of one store, and a slip for each that may be packed now; the list tells the rest."""
    # Fonts and typesetting are loaded with the first document: other pages can do without them.
    from portal.documents.slips import render_slips

    chosen = [slip_of(order) for order in orders if has_slip(order)]
    left_out = [(order.number, _why_no_slip(order)) for order in orders if not has_slip(order)]
    pdf = render_slips(chosen, store=store, locale=str(get_locale()), with_list=True, left_out=left_out)
    return Pdf(pdf, f"{name}.pdf")


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
