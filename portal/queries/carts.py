"""The cart as pages, the API and the checkout read it: one statement for all of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.channels import ChannelView
from portal.queries.sellable import sellable
from portal.queries.store_profile import paused


@dataclass(frozen=True, slots=True)
class CartLineView:
    """A line at the price of now, in minor units of the channel's currency. Names are {locale: text}.

    `unit_price_minor` is None where the channel does not sell it. `available` is what can be sold now.
    `seen_price_minor` is what it cost here when it was put into the cart or last changed, if it was seen here.
    """

    variant_id: int
    product_id: int
    product_slug: str
    store_id: int
    section_id: int
    sku: str
    name: Mapping[str, str]
    options: Sequence[Mapping[str, Any]]
    picture: str | None
    quantity: int
    unit_price_minor: int | None
    compare_at_minor: int | None
    seen_price_minor: int | None
    available: int
    on_sale: bool
    section_above_id: int | None = None
    customs_code: str | None = None

    @property
    def section_ids(self) -> frozenset[int]:
        """The shelf it stands on, and the one above it."""
        return frozenset(one for one in (self.section_id, self.section_above_id) if one is not None)

    @property
    def lineage(self) -> tuple[int | None, ...]:
        """Its shelf and the one above it, the nearest first."""
        return (self.section_id, self.section_above_id)

    @property
    def can_be_bought(self) -> bool:
        """It is sold here, and there are enough units."""
        return self.on_sale and self.unit_price_minor is not None and self.quantity <= self.available

    @property
    def line_minor(self) -> int:
        return (self.unit_price_minor or 0) * self.quantity

    @property
    def price_changed(self) -> bool:
        return None not in (self.seen_price_minor, self.unit_price_minor) and (
            self.seen_price_minor != self.unit_price_minor
        )


@dataclass(frozen=True, slots=True)
class CartStoreView:
    """A store with its terms of shipping in the channel's currency; without terms it sends for nothing.

    While `is_paused` nothing of it can be bought, until `paused_until` or for good.
    """

    id: int
    slug: str
    name: Mapping[str, str]
    fee_minor: int
    free_over_minor: int | None
    days: tuple[int, int] | None
    commission_basis_points: int
    is_paused: bool = False
    paused_until: datetime | None = None
    pause_message: Mapping[str, str] = field(default_factory=dict)
    country: str = ""

    def fee_for(self, subtotal_minor: int) -> int:
        """The shipping fee for goods of this amount before discounts: nothing from the store's threshold on."""
        free = self.free_over_minor is not None and subtotal_minor >= self.free_over_minor
        return 0 if free else self.fee_minor


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart on a channel. Lines stand by store, and the stores in the order in which they came into the cart."""

    id: uuid.UUID | None
    version: int
    currency: str
    choices: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[CartLineView, ...] = ()
    stores: tuple[CartStoreView, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.lines

    @property
    def count(self) -> int:
        """Units, as the badge shows them."""
        return sum(line.quantity for line in self.lines)

    @property
    def buyable_lines(self) -> tuple[CartLineView, ...]:
        return tuple(line for line in self.lines if line.can_be_bought)

    def store(self, store_id: int) -> CartStoreView:
        return next(store for store in self.stores if store.id == store_id)

    def lines_of(self, store_id: int) -> tuple[CartLineView, ...]:
        return tuple(line for line in self.lines if line.store_id == store_id)


# The cart's own facts stand in its first row only: they are JSON, and would be read once per line.
_QUERY = text(
    f"""
    SELECT c.id AS cart_id, c.version, CASE WHEN row_number() OVER lines = 1 THEN c.choices END AS choices,
           c.choices -> 'seen' -> (CAST(:channel_id AS text) || ':' || l.variant_id) AS seen_price_minor,
           l.variant_id, l.quantity, v.sku, v.options, coalesce(v.picture, o.picture) AS picture,
           o.id AS product_id, o.slug AS product_slug, coalesce(o.name || lo.name, o.name) AS name,
           o.section_id, w.parent_id AS section_above_id, o.customs_code,
           v.state = 'active' AND o.state = 'active' AND t.state = 'open' AND NOT {paused("t")} AS on_sale,
           p.amount_minor, p.compare_at_minor,
           coalesce((SELECT sum(greatest({sellable("k", ":channel_id")}, 0)) FROM stock k
                      WHERE k.variant_id = l.variant_id), 0)::bigint AS available,
           t.id AS store_id, t.slug AS store_slug, t.name AS store_name,
           {paused("t")} AS is_paused, t.paused_until, t.pause_message,
           t.country, t.commission_basis_points, t.shipping -> :currency AS terms
      FROM cart c
      LEFT JOIN cart_line l ON l.cart_id = c.id
      LEFT JOIN variant v ON v.id = l.variant_id
      LEFT JOIN product o ON o.id = v.product_id
      LEFT JOIN section w ON w.id = o.section_id
      LEFT JOIN store t ON t.id = o.store_id
      LEFT JOIN price_now p ON p.variant_id = l.variant_id AND p.channel_id = :channel_id
      LEFT JOIN local_product lo ON lo.product_id = o.id AND lo.channel_id = :channel_id
     WHERE c.user_id = :user_id OR (CAST(:user_id AS uuid) IS NULL AND c.session_id = :session_id)
    WINDOW lines AS (ORDER BY l.added_at, l.variant_id)
     ORDER BY l.added_at, l.variant_id
    """  # noqa: S608  # Our own fragment.
)


def load_cart(
    session: Session, *, user_id: uuid.UUID | None, session_id: uuid.UUID | None, channel: ChannelView
) -> CartView:
    """The cart of the person, else of the browser, at this channel's prices. Without one, an empty view."""
    if user_id is None and session_id is None:
        return CartView(None, 0, channel.currency)
    values = {
        "user_id": user_id,
        "session_id": session_id,
        "channel_id": channel.id,
        "currency": channel.currency,
    }
    rows = session.execute(_QUERY, values).all()
    if not rows:
        return CartView(None, 0, channel.currency)
    first = rows[0]
    by_store: dict[int, list[CartLineView]] = {}
    stores: dict[int, CartStoreView] = {}
    for row in rows:
        if row.variant_id is None:
            continue
        if row.store_id not in stores:
            stores[row.store_id] = _store(row)
        by_store.setdefault(row.store_id, []).append(_line(row))
    return CartView(
        id=first.cart_id,
        version=first.version,
        currency=channel.currency,
        choices={key: value for key, value in first.choices.items() if key not in {"seen", "hands"}},
        lines=tuple(line for lines in by_store.values() for line in lines),
        stores=tuple(stores.values()),
    )


def _line(row: Any) -> CartLineView:
    return CartLineView(
        variant_id=row.variant_id,
        product_id=row.product_id,
        product_slug=row.product_slug,
        store_id=row.store_id,
        section_id=row.section_id,
        section_above_id=row.section_above_id,
        customs_code=row.customs_code,
        sku=row.sku,
        name=row.name,
        options=row.options,
        picture=row.picture,
        quantity=row.quantity,
        unit_price_minor=row.amount_minor,
        compare_at_minor=row.compare_at_minor,
        seen_price_minor=row.seen_price_minor,
        available=row.available,
        on_sale=row.on_sale,
    )


def _store(row: Any) -> CartStoreView:
    terms = row.terms or {}
    days = terms.get("days")
    return CartStoreView(
        id=row.store_id,
        slug=row.store_slug,
        name=row.store_name,
        fee_minor=terms.get("fee", 0),
        free_over_minor=terms.get("free_over"),
        days=(days[0], days[1]) if days else None,
        commission_basis_points=row.commission_basis_points,
        is_paused=row.is_paused,
        paused_until=row.paused_until,
        pause_message=row.pause_message,
        country=row.country,
    )
