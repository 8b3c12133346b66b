"""The cart as its page shows it: by store, with what every store asks and what is missing to free shipping (B01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext

from portal.blueprints.context import translated
from portal.blueprints.shop.cards import picture_url, product_url
from portal.formatting import money
from portal.kit.errors import fill
from portal.kit.text import N_
from portal.queries.carts import CartLineView, CartStoreView, CartView
from portal.rules.fx import Exchanged
from portal.rules.quote import Quote, RowKind
from portal.services.checkout.quote import CheckoutQuote

# The rows before tenders: what the order costs, not what pays for it.
SHOWN_ROWS = {RowKind.ITEMS, RowKind.DISCOUNT, RowKind.SHIPPING, RowKind.TAX}
LOW_STOCK_UNITS = 5


@dataclass(frozen=True, slots=True)
class StorePart:
    """One store's share of the cart. `missing_minor` is what is missing to free shipping; None where nothing helps."""

    store: CartStoreView
    lines: Sequence[Mapping[str, Any]]
    subtotal_minor: int
    fee_minor: int
    missing_minor: int | None
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Basket:
    """What the page's templates take."""

    cart: CartView
    parts: Sequence[StorePart]
    rows: Sequence[Mapping[str, Any]] = ()
    total_minor: int | None = None
    in_platform: Exchanged | None = None
    problem: str | None = None
    changes: Sequence[str] = field(default=())

    @property
    def can_be_bought(self) -> bool:
        return self.total_minor is not None and bool(self.cart.buyable_lines)


def fill_basket(
    cart: CartView,
    quoted: CheckoutQuote | None,
    *,
    problem: str | None = None,
    refused: Mapping[int, str] | None = None,
) -> Basket:
    """Put cart and quote together. `refused` says at a line why its last change was not made."""
    parts = [_part(cart, store, refused or {}) for store in cart.stores]
    changes = [sentence for line in cart.lines if (sentence := _what_changed(line, cart.currency))]
    if quoted is None or not cart.buyable_lines:
        return Basket(cart, parts, problem=problem, changes=changes)
    total = quoted.quote.total_minor
    if quoted.closed is not None:
        problem = said(quoted.closed.sentence, quoted.closed.params)
    return Basket(cart, parts, _rows(quoted.quote), total, quoted.in_platform(total), problem, changes)


def _part(cart: CartView, store: CartStoreView, refused: Mapping[int, str]) -> StorePart:
    lines = cart.lines_of(store.id)
    buyable = [line for line in lines if line.can_be_bought]
    subtotal = sum(line.line_minor for line in buyable)
    fee = store.fee_for(subtotal) if buyable else 0
    missing = store.free_over_minor - subtotal if fee and store.free_over_minor is not None else None
    items = [_item(line, refused.get(line.variant_id), store) for line in lines]
    return StorePart(store, items, subtotal, fee, missing, is_counted=bool(buyable))


def _item(line: CartLineView, refused: str | None, store: CartStoreView) -> Mapping[str, Any]:
    """A line as the macro `line` takes it."""
    return {
        "variant_id": line.variant_id,
        "href": product_url(line.product_slug),
        "name": translated(dict(line.name)),
        "variant": " / ".join(translated(option["value"]) for option in line.options),
        "picture": picture_url(line.picture),
        "quantity": line.quantity,
        "maximum": line.available,
        "amount_minor": line.line_minor,
        "is_sold": line.on_sale and line.unit_price_minor is not None,
        "can_be_bought": line.can_be_bought,
        "note": _stock_note(line),
        "problem": refused or _why_not(line, store),
    }


def _why_not(line: CartLineView, store: CartStoreView) -> str | None:
    if store.is_paused:
        return said(N_("This store takes no orders at the moment. Your cart keeps it for later."))
    if not line.on_sale:
        return said(N_("This product is not on sale any more. Remove it to go on with the rest."))
    if line.unit_price_minor is None:
        return said(N_("This product is not sold in this shop. Your cart keeps it for the others."))
    if line.available == 0:
        return said(N_("This product is sold out. It is left out of the amounts."))
    if line.quantity > line.available:
        return said(N_("Only %(available)s are left. Change the quantity to buy them."), {"available": line.available})
    return None


def _stock_note(line: CartLineView) -> str | None:
    if line.can_be_bought and line.available <= LOW_STOCK_UNITS:
        return said(N_("Only %(available)s left"), {"available": line.available})
    return None


def _what_changed(line: CartLineView, currency: str) -> str | None:
    """That a price is another one than when it was put into the cart (B23)."""
    if not line.price_changed or line.seen_price_minor is None or line.unit_price_minor is None:
        return None
    return said(
        N_("The price of %(name)s has changed from %(before)s to %(now)s."),
        {
            "name": translated(dict(line.name)),
            "before": money(line.seen_price_minor, currency),
            "now": money(line.unit_price_minor, currency),
        },
    )


def _rows(quote: Quote) -> list[Mapping[str, Any]]:
    labels = {
        RowKind.ITEMS: gettext("Items"),
        RowKind.SHIPPING: gettext("Shipping"),
        RowKind.TAX: gettext("Tax included") if quote.priced.tax_inclusive else gettext("Tax"),
    }
    return [
        {
            "label": labels.get(row.kind, row.name),
            "amount_minor": row.amount_minor,
            "included": row.included,
        }
        for row in quote.rows
        if row.kind in SHOWN_ROWS
    ]


def said(sentence: str, params: Mapping[str, object] | None = None) -> str:
    """A marked sentence in the reader's language."""
    return fill(gettext(sentence), params or {})
