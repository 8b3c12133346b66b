"""One part of an order as its store sees it, with nothing of the other sellers in it (ORD-001)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.money import Money
from portal.models import Order, OrderLine
from portal.models.order import TO_SEND
from portal.queries.channels import channel_directory
from portal.queries.coupon_funding import PLATFORM_GIVES
from portal.rules.holds import HoldKind

# States of an order whose money is there.
PAID_STATES = ("paid", "shipped", "delivered", "partially_refunded")


@dataclass(frozen=True, slots=True)
class StoreLine:
    """A line of the store's own. `own_discount_minor` is what the store's coupons took off, the rest is the mall's."""

    sku: str
    name: Mapping[str, str]
    options: Sequence[Mapping[str, Any]]
    picture: str | None
    quantity: int
    unit_price_minor: int
    subtotal_minor: int
    discount_minor: int
    payable_minor: int
    refunded_quantity: int
    shipped_quantity: int
    id: uuid.UUID

    @property
    def kept(self) -> int:
        """Pieces that were not given back."""
        return self.quantity - self.refunded_quantity

    @property
    def to_send(self) -> int:
        """Pieces that are still to be sent."""
        return max(0, self.kept - self.shipped_quantity)


@dataclass(frozen=True, slots=True)
class StoreHold:
    """An open hold. Why the mall's risk rules hold it stays with the mall: then `reason` and `note` are empty."""

    id: uuid.UUID
    kind: str
    reason: str
    note: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """A store's part of an order: everything that it may know of it, and nothing else."""

    part_id: uuid.UUID
    order_id: uuid.UUID
    buyer_id: uuid.UUID
    store_id: int
    store_name: Mapping[str, str]
    number: str
    status: str
    channel_id: int
    channel_name: Mapping[str, str]
    currency: str
    placed_at: datetime
    released_at: datetime | None
    deliver_from: datetime | None
    deliver_until: datetime | None
    accept_by: datetime | None
    ship_by: datetime | None
    is_overdue: bool
    version: int
    address: Mapping[str, str]
    subtotal_minor: int
    own_discount_minor: int
    mall_discount_minor: int
    shipping_minor: int
    tax_added_minor: int
    payable_minor: int
    platform_minor: int | None
    commission_basis_points: int
    refunded_minor: int
    mall_refunded_minor: int
    asked_back_minor: int
    restocking_minor: int
    lines: tuple[StoreLine, ...] = ()
    holds: tuple[StoreHold, ...] = ()
    is_shared: bool = True

    @property
    def is_on_hold(self) -> bool:
        return self.status == "held" or bool(self.holds)

    @property
    def can_ship(self) -> bool:
        """Something of it is left to send."""
        return any(line.to_send for line in self.lines)

    @property
    def earned_minor(self) -> int:
        """What the store is paid from: what the buyer paid and did not get back, and what the mall's coupons gave.

        Without the restocking fees, which are its own in full.
        """
        kept = self.payable_minor - self.refunded_minor - self.restocking_minor + self.asked_back_minor
        tax = self.tax_added_minor * kept // self.payable_minor if self.payable_minor else 0
        return kept - tax + self.mall_discount_minor - self.mall_refunded_minor

    @property
    def commission_minor(self) -> int:
        return Money(self.earned_minor, self.currency).share(basis_points=self.commission_basis_points).minor

    @property
    def net_minor(self) -> int:
        return self.earned_minor - self.commission_minor + self.restocking_minor


_PART = text(
    f"""
    SELECT p.id, p.store_id, p.order_id, s.name AS store_name, s.country, o.number, p.status, o.channel_id,
           c.name AS channel_name,
           o.currency, p.placed_at, p.released_at, p.deliver_from, p.deliver_until,
           p.accept_by, p.ship_by, p.version, o.address, o.buyer_id,
           p.subtotal_minor, p.shipping_fee_minor AS shipping_minor, p.tax_added_minor,
           p.payable_minor, p.platform_minor, p.commission_basis_points,
           (SELECT jsonb_agg(jsonb_build_array(h.id, h.kind, h.reason, coalesce(h.note, ''), h.placed_at)
                             ORDER BY h.placed_at, h.id)
              FROM order_hold h WHERE h.part_id = p.id AND h.released_at IS NULL) AS holds,
           coalesce(d.own, 0)::bigint AS own, coalesce(d.mall, 0)::bigint AS mall,
           coalesce(b.back, 0)::bigint AS back, coalesce(b.mall_back, 0)::bigint AS mall_back,
           (coalesce(d.asked, 0) - coalesce(h.held, 0))::bigint AS asked_back, coalesce(h.fees, 0)::bigint AS fees
      FROM order_part p
      JOIN orders o ON o.id = p.order_id
      JOIN store s ON s.id = p.store_id
      JOIN channel c ON c.id = o.channel_id
      LEFT JOIN LATERAL (
           SELECT sum(s.amount_minor - {PLATFORM_GIVES}) AS own, sum({PLATFORM_GIVES}) AS mall,
                  sum(s.asked_minor - s.asked_platform_minor) AS asked
             FROM discount_share s
             JOIN coupon_use u ON u.id = s.coupon_use_id
             JOIN campaign c ON c.id = u.campaign_id
            WHERE s.order_id = p.order_id
              AND (s.part_id = p.id OR s.line_id IN (SELECT l.id FROM order_line l WHERE l.part_id = p.id))
      ) d ON true
      LEFT JOIN LATERAL (
           SELECT sum((x ->> 'amount_minor')::bigint) AS back, sum((x ->> 'platform_minor')::bigint) AS mall_back
             FROM refund f CROSS JOIN jsonb_array_elements(coalesce(f.plan -> 'lines', '[]')) AS x
            WHERE f.order_id = p.order_id AND f.status NOT IN ('requested', 'refused', 'cancelled')
              AND x ->> 'part_id' = p.id::text
      ) b ON true
      LEFT JOIN LATERAL (
           SELECT sum(t.held_minor) AS held, sum(t.restocking_minor) AS fees FROM tender_share t
            WHERE t.order_id = p.order_id
              AND (t.part_id = p.id OR t.line_id IN (SELECT l.id FROM order_line l WHERE l.part_id = p.id))
      ) h ON true
     WHERE p.id = :part_id AND p.store_id = ANY(:store_ids)
       AND (p.released_at IS NOT NULL OR p.status = 'held' AND EXISTS
             (SELECT FROM order_hold h WHERE h.part_id = p.id AND h.released_at IS NULL)
             AND (o.status = ANY(:paid) OR EXISTS
                   (SELECT FROM payment y WHERE y.order_id = o.id AND y.status = 'authorised')))
    """  # noqa: S608 - our own fragment
).columns(address=Order.address.type)


def load_store_order(
    session: Session, *, part_id: uuid.UUID, store_ids: Sequence[int], now: datetime
) -> StoreOrder | None:
    """One part with its lines; None for another store's, and for one that nobody has paid (IDN-02).

    Before it is released the delivery address stays with the mall, and for good where the channel gives no personal
    data to partners in the store's country (CHN-09).
    """
    row = session.execute(
        _PART, {"part_id": part_id, "store_ids": list(store_ids), "paid": list(PAID_STATES)}
    ).one_or_none()
    if row is None:
        return None
    lines = session.execute(
        select(
            OrderLine.sku,
            OrderLine.name,
            OrderLine.options,
            OrderLine.picture,
            OrderLine.quantity,
            OrderLine.unit_price_minor,
            OrderLine.subtotal_minor,
            OrderLine.discount_minor,
            OrderLine.payable_minor,
            OrderLine.refunded_quantity,
            OrderLine.shipped_quantity,
            OrderLine.id,
        )
        .where(OrderLine.part_id == part_id)
        .order_by(OrderLine.position)
    )
    is_shared = shares_with(session, row.channel_id, row.country, now)
    return StoreOrder(
        part_id=row.id,
        order_id=row.order_id,
        buyer_id=row.buyer_id,
        store_id=row.store_id,
        store_name=row.store_name,
        number=row.number,
        status=row.status,
        channel_id=row.channel_id,
        channel_name=row.channel_name,
        currency=row.currency,
        placed_at=row.placed_at,
        released_at=row.released_at,
        deliver_from=row.deliver_from,
        deliver_until=row.deliver_until,
        accept_by=row.accept_by,
        ship_by=row.ship_by,
        is_overdue=row.status in TO_SEND and row.deliver_until is not None and row.deliver_until < now,
        version=row.version,
        address=address_of(row.address) if row.released_at and is_shared else {},
        is_shared=is_shared,
        subtotal_minor=row.subtotal_minor,
        own_discount_minor=row.own,
        mall_discount_minor=row.mall,
        shipping_minor=row.shipping_minor,
        tax_added_minor=row.tax_added_minor,
        payable_minor=row.payable_minor,
        platform_minor=row.platform_minor,
        commission_basis_points=row.commission_basis_points,
        refunded_minor=row.back,
        mall_refunded_minor=row.mall_back,
        asked_back_minor=row.asked_back,
        restocking_minor=row.fees,
        lines=tuple(StoreLine(*line) for line in lines),
        holds=tuple(_hold(*one) for one in row.holds or ()),
    )


def _hold(hold_id: str, kind: str, reason: str, note: str, placed_at: str) -> StoreHold:
    is_ours = kind == HoldKind.FRAUD
    at = datetime.fromisoformat(placed_at)
    return StoreHold(uuid.UUID(hold_id), kind, "" if is_ours else reason, "" if is_ours else note, at)


def shares_with(session: Session, channel_id: int, country: str, now: datetime) -> bool:
    """Whether partners in a country are told who the channel's buyers are."""
    return channel_directory(session).by_id(channel_id).borders(now).shares_data_with(country)


def address_of(sealed: str | None) -> Mapping[str, str]:
    """A delivery address as it was kept; empty when there is none."""
    body: dict[str, str] = orjson.loads(sealed) if sealed else {}
    return body
