"""What a refund of an order depends on, read in a few statements: the same for the page, the API and the decision."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.models import TenderType
from portal.queries.coupon_funding import PLATFORM_GIVES
from portal.queries.keyset import AnyRow
from portal.queries.refund_policies import policies_of
from portal.queries.refund_way_back import way_back
from portal.queries.returned_units import InReturns, units_in_returns
from portal.rules.ask_back import AskingCoupon, DiscountBearer
from portal.rules.coupons.terms import OnRefund, from_snapshot
from portal.rules.fx import FxRate
from portal.rules.pricing import PricedLine
from portal.rules.refund_order import CouponFacts, LineFacts, OrderFacts, PartFacts, Share, TenderFacts
from portal.rules.refund_policy import AFTER_SHIPMENT, RefundPolicy
from portal.rules.returns import returnable

# What counts as decided: these have moved the counters of lines and shares.
FIRM = ("approved", "sent", "unknown", "failed", "succeeded")


@dataclass(frozen=True, slots=True)
class OrderHead:
    """The order and its payment, as far as a refund asks. `rate` is what the order has kept (REF-07).

    `is_being_taken`: a gateway was asked to take what it holds, and has not answered.
    """

    id: uuid.UUID
    number: str
    status: str
    buyer_id: uuid.UUID
    channel_id: int
    currency: str
    paid_at: datetime | None
    payment_id: uuid.UUID | None
    payment_status: str | None
    attempt_id: uuid.UUID | None
    rate: FxRate | None = None
    is_being_taken: bool = False
    gateway: str | None = None


@dataclass(frozen=True, slots=True)
class PartTimes:
    """When a part was sent and arrived, and whether a request of it waits for somebody."""

    id: uuid.UUID
    store_id: int
    store_name: Mapping[str, str]
    status: str
    shipped_at: datetime | None
    delivered_at: datetime | None
    waits: bool
    has_return: bool = False


@dataclass(frozen=True, slots=True)
class Refundable:
    """An order with everything that its refund depends on; `policies` by line."""

    head: OrderHead
    facts: OrderFacts
    parts: Mapping[uuid.UUID, PartTimes]
    policies: Mapping[uuid.UUID, RefundPolicy]
    names: Mapping[uuid.UUID, Mapping[str, str]] = field(default_factory=dict)
    in_returns: Mapping[uuid.UUID, InReturns] = field(default_factory=dict)

    def in_open_returns(self, line_id: uuid.UUID) -> int:
        """Units of a line that are asked back, under way or looked at: their money is decided with them."""
        found = self.in_returns.get(line_id)
        return found.open_units if found else 0


_HEAD = text(
    """
    SELECT o.id, o.number, o.status, o.buyer_id, o.channel_id, o.currency, o.paid_at, o.placed_at, p.id AS payment_id,
           p.status AS payment_status, a.id AS attempt_id, p.method, p.completed_at, a.gateway_account_id,
           o.platform_currency, o.fx_rate, o.fx_source, o.fx_as_of,
           EXISTS (SELECT FROM payment h JOIN payment_attempt x ON x.payment_id = h.id WHERE h.order_id = o.id
                      AND h.status = 'authorised' AND x.state = 'authorised' AND x.capture_minor IS NOT NULL)
               AS is_being_taken,
           (SELECT x.gateway FROM payment h JOIN payment_attempt x ON x.payment_id = h.id WHERE h.order_id = o.id
             ORDER BY x.n DESC LIMIT 1) AS gateway
      FROM orders o
      LEFT JOIN payment p ON p.order_id = o.id AND p.captured_minor > 0
      LEFT JOIN LATERAL (SELECT * FROM payment_attempt x WHERE x.payment_id = p.id AND x.state = 'captured'
                            AND x.reversal IS NULL ORDER BY x.n DESC LIMIT 1) a ON true
     WHERE o.id = :order_id
    """
)
_PARTS = text(
    """
    SELECT p.id, p.store_id, s.name AS store_name, p.status, p.shipped_at, p.delivered_at, p.mileage_matured_at,
           EXISTS (SELECT FROM refund_line r JOIN refund f ON f.id = r.refund_id AND f.status = ANY(:firm)
                    WHERE r.part_id = p.id) AS fee_gone,
           EXISTS (SELECT FROM goods_return g WHERE g.part_id = p.id
                      AND g.status IN ('requested', 'approved', 'sent', 'received', 'inspected')) AS has_return,
           EXISTS (SELECT FROM refund_line r JOIN refund f ON f.id = r.refund_id AND f.status = 'requested'
                     LEFT JOIN order_line l ON l.id = r.line_id
                    WHERE f.order_id = p.order_id AND coalesce(r.part_id, l.part_id) = p.id) AS waits
      FROM order_part p JOIN store s ON s.id = p.store_id WHERE p.order_id = :order_id ORDER BY p.position
    """
)
_LINES = text(
    """
    SELECT l.id, l.part_id, l.quantity, l.refunded_quantity, l.shipped_quantity, l.payable_minor, l.tax_minor,
           l.tax_inclusive,           l.tax_less_minor, l.platform_less_minor,
           l.mileage_promised, l.name, g.section_id, s.parent_id AS above_id, l.product_id, l.unit_price_minor,
           p.store_id
      FROM order_line l JOIN product g ON g.id = l.product_id JOIN section s ON s.id = g.section_id
      JOIN order_part p ON p.id = l.part_id
     WHERE l.order_id = :order_id ORDER BY p.position, l.position
    """
)
_SHARES = text(
    "SELECT id, tender_id, line_id, part_id, amount_minor, refunded_minor, held_minor, less_minor,"
    " restocking_minor FROM tender_share WHERE order_id = :order_id ORDER BY id"
)
_TENDERS = text(
    "SELECT id, type, amount_minor, points, captured_minor = 0 AS is_held FROM tender WHERE order_id = :order_id"
    " ORDER BY id"
)
_COUPONS = text(
    f"""
    SELECT u.id, u.terms, u.status,
           CASE WHEN c.state IN ('revoked', 'ended') THEN u.claimed_at
                ELSE c.valid_until + make_interval(hours => c.grace_hours) END AS valid_until,
           {PLATFORM_GIVES} AS platform_minor, c.name,
           s.line_id, s.part_id, s.amount_minor, s.asked_minor, s.asked_platform_minor, s.id AS share_id,
           coalesce(s.part_id, l.part_id) AS of_part
      FROM coupon_use u JOIN campaign c ON c.id = u.campaign_id JOIN discount_share s ON s.coupon_use_id = u.id
      LEFT JOIN order_line l ON l.id = s.line_id
     WHERE u.order_id = :order_id AND u.status <> 'reserved' ORDER BY u.id, s.id
    """  # noqa: S608 - our own fragment
)
_MILEAGE = text(
    """
    SELECT coalesce((SELECT balance_minor - held_minor FROM ledger_account
                      WHERE kind = 'mileage' AND owner = :owner), 0) AS available
    """
)


def _rate(head: AnyRow) -> FxRate | None:
    if head.platform_currency is None:
        return None
    return FxRate(head.currency, head.platform_currency, head.fx_rate, head.fx_source, head.fx_as_of)


def load_refundable(session: Session, *, order_id: uuid.UUID, now: datetime) -> Refundable | None:
    """The order as it is at this moment; whoever decides by it has locked the order first."""
    head = session.execute(_HEAD, {"order_id": order_id}).one_or_none()
    if head is None:
        return None
    parts = session.execute(_PARTS, {"order_id": order_id, "firm": list(FIRM)}).all()
    lines = session.execute(_LINES, {"order_id": order_id}).all()
    shares = _shares(session, order_id)
    coupons = session.execute(_COUPONS, {"order_id": order_id}).all()
    given = _platform_gives(coupons)
    mileage = session.execute(_MILEAGE, {"owner": f"user:{head.buyer_id}"}).one()
    facts = OrderFacts(
        currency=head.currency,
        parts=tuple(
            PartFacts(
                id=p.id,
                store_id=p.store_id,
                status=p.status,
                fee_gone=p.fee_gone,
                platform_fee_minor=given.get(p.id, 0),
                fee_shares=shares.get(p.id, ()),
                mileage_matured=p.mileage_matured_at is not None,
            )
            for p in parts
        ),
        lines=tuple(
            LineFacts(
                id=line.id,
                part_id=line.part_id,
                quantity=line.quantity,
                units_gone=line.refunded_quantity,
                amount_minor=line.payable_minor,
                platform_minor=given.get(line.id, 0),
                promised=line.mileage_promised,
                shares=shares.get(line.id, ()),
                units_sent=line.shipped_quantity,
                priced=_priced(line),
                tax_minor=line.tax_minor,
                tax_added=not line.tax_inclusive,
                tax_less=line.tax_less_minor,
                platform_less=line.platform_less_minor,
            )
            for line in lines
        ),
        tenders=_tenders(session, head, now),
        coupons=_coupons([row for row in coupons if row.status == "redeemed"]),
        asking=_asking(coupons),
        mileage_available=mileage.available,
    )
    sections = {line.section_id for line in lines}
    policies = policies_of(session, channel_id=head.channel_id, sections=sections, at=head.placed_at)
    return Refundable(
        head=OrderHead(
            id=head.id,
            number=head.number,
            status=head.status,
            buyer_id=head.buyer_id,
            channel_id=head.channel_id,
            currency=head.currency,
            paid_at=head.paid_at,
            payment_id=head.payment_id,
            payment_status=head.payment_status,
            attempt_id=head.attempt_id,
            rate=_rate(head),
            is_being_taken=head.is_being_taken,
            gateway=head.gateway,
        ),
        facts=facts,
        parts={
            p.id: PartTimes(
                p.id, p.store_id, p.store_name, p.status, p.shipped_at, p.delivered_at, p.waits, p.has_return
            )
            for p in parts
        },
        policies={line.id: policies[line.section_id] for line in lines},
        names={line.id: line.name for line in lines},
        in_returns=units_in_returns(session, order_id=order_id),
    )


def units_to_return(known: Refundable, line: LineFacts) -> int:
    """How many units of a line can still be sent back."""
    found = known.in_returns.get(line.id)
    status = known.parts[line.part_id].status
    return returnable(
        quantity=line.quantity,
        refunded=line.units_gone,
        sent=line.quantity if status in AFTER_SHIPMENT else line.units_sent,
        open_units=found.open_units if found else 0,
        exchanged=found.exchanged if found else 0,
    )


def _shares(session: Session, order_id: uuid.UUID) -> dict[uuid.UUID, tuple[Share, ...]]:
    found: dict[uuid.UUID, tuple[Share, ...]] = {}
    for row in session.execute(_SHARES, {"order_id": order_id}):
        share = Share(row.id, row.tender_id, row.amount_minor, row.refunded_minor, row.held_minor, row.less_minor)
        found[row.line_id or row.part_id] = (*found.get(row.line_id or row.part_id, ()), share)
    return found


def _platform_gives(coupons: Sequence[Row[Any]]) -> dict[uuid.UUID, int]:
    """What the platform's coupons gave of each line and fee."""
    given: dict[uuid.UUID, int] = {}
    for row in coupons:
        bearer = row.line_id or row.part_id
        given[bearer] = given.get(bearer, 0) + row.platform_minor
    return given


def _coupons(rows: Sequence[Row[Any]]) -> tuple[CouponFacts, ...]:
    uses: dict[uuid.UUID, list[Row[Any]]] = {}
    for row in rows:
        uses.setdefault(row.id, []).append(row)
    return tuple(
        CouponFacts(
            use_id=use_id,
            names=shares[0].terms.get("names") or shares[0].name,
            borne_by=frozenset(one.line_id or one.part_id for one in shares if one.amount_minor),
            valid_until=shares[0].valid_until,
        )
        for use_id, shares in uses.items()
    )


def _asking(rows: Sequence[Row[Any]]) -> tuple[AskingCoupon, ...]:
    """Coupons that ask their discount back, by the terms of their use; also what came back to its buyer since."""
    asking = [row for row in rows if row.terms.get("on_refund") == OnRefund.ASK_BACK]
    uses: dict[uuid.UUID, list[Row[Any]]] = {}
    for row in asking:
        uses.setdefault(row.id, []).append(row)
    return tuple(
        AskingCoupon(
            use_id,
            from_snapshot(shares[0].terms),
            tuple(
                DiscountBearer(
                    one.share_id,
                    one.line_id or one.part_id,
                    one.of_part,
                    one.amount_minor,
                    one.platform_minor,
                    one.asked_minor,
                    one.asked_platform_minor,
                )
                for one in shares
            ),
        )
        for use_id, shares in uses.items()
    )


def _priced(line: Row[Any]) -> PricedLine:
    return PricedLine(
        key=str(line.id),
        store_id=line.store_id,
        product_id=line.product_id,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        section_ids=frozenset(one for one in (line.section_id, line.above_id) if one is not None),
    )


def _tenders(session: Session, head: Row[Any], now: datetime) -> tuple[TenderFacts, ...]:
    closed, takes_parts = way_back(session, head, now)
    return tuple(
        TenderFacts(row.id, row.type, row.amount_minor, row.points, closed, takes_parts, row.is_held)
        if row.type == TenderType.GATEWAY
        else TenderFacts(row.id, row.type, row.amount_minor, row.points)
        for row in session.execute(_TENDERS, {"order_id": head.id})
    )
