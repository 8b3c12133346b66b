"""What a document says, read from the rows as they are at this moment."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.documents.content import Content, Head, Line, Part, PlatformAmount, Tax, Tender
from portal.kit.money import Money, round_half_up
from portal.models import DocumentKind, Order
from portal.queries.exchange import exchange_kept
from portal.rules.fx import Exchanged, exchange
from portal.rules.refunds import share_of_units

LAYOUT = 1

# `tax_rate` is that of shipping, as it was when the order was placed; older orders bore one rate in all.
_HEAD = text(
    """
    SELECT o.id, o.number, o.locale, o.contact, o.currency, o.paid_at, o.subtotal_minor, o.discount_minor,
           o.shipping_minor, o.tax_added_minor, o.tax_included_minor, o.payable_minor, o.platform_currency,
           o.platform_minor, o.fx_rate, o.fx_source, o.fx_as_of, c.code, c.brand,
           c.name AS channel_name, c.policy,
           c.time_zone, coalesce(o.shipping_tax_rate, s.tax_rate) AS tax_rate, s.tax_inclusive, d.label AS receipt_label
      FROM orders o JOIN channel c ON c.id = o.channel_id
     CROSS JOIN LATERAL (SELECT l.tax_rate, l.tax_inclusive FROM order_line l JOIN order_part p ON p.id = l.part_id
                          WHERE l.order_id = o.id ORDER BY p.position, l.position LIMIT 1) s
      LEFT JOIN document d ON d.order_id = o.id AND d.kind = 'receipt' AND d.entry_id IS NULL
     WHERE o.id = :order_id
    """
).columns(contact=Order.contact.type)
_LINES = text(
    """
    SELECT p.id AS part_id, s.name AS store, p.shipping_fee_minor - p.shipping_discount_minor AS shipping_minor,
           l.id, l.name, l.options, l.quantity, l.unit_price_minor, l.subtotal_minor, l.discount_minor, l.tax_rate,
           l.tax_inclusive, l.tax_minor
      FROM order_part p JOIN store s ON s.id = p.store_id JOIN order_line l ON l.part_id = p.id
     WHERE p.order_id = :order_id ORDER BY p.position, l.position
    """
)
_DISCOUNTS = text(
    """
    SELECT m.name, m.funding, u.amount_minor FROM coupon_use u JOIN campaign m ON m.id = u.campaign_id
     WHERE u.order_id = :order_id AND u.status = 'redeemed' AND u.amount_minor > 0 ORDER BY u.id
    """
)
_TENDERS = text(
    """
    SELECT t.type, t.amount_minor, t.points, p.method, a.card, a.gateway_ref
      FROM tender t LEFT JOIN payment p ON p.tender_id = t.id
      LEFT JOIN LATERAL (SELECT card, gateway_ref FROM payment_attempt x
                          WHERE x.payment_id = p.id ORDER BY n DESC LIMIT 1) a ON true
     WHERE t.order_id = :order_id ORDER BY t.type = 'gateway', t.id
    """
)
_LEGS = text(
    """
    SELECT t.type, g.amount_minor, g.points, g.destination, g.gateway_ref, p.method, a.card
      FROM refund_leg g JOIN tender t ON t.id = g.tender_id
      LEFT JOIN payment_attempt a ON a.id = g.attempt_id LEFT JOIN payment p ON p.id = a.payment_id
     WHERE g.refund_id = :refund_id AND g.status = 'succeeded' ORDER BY t.type = 'gateway', g.id
    """
)
# With the units of each line that earlier refunds gave back, and the tax that went with what was exchanged before.
_GIVEN_BACK = text(
    """
    SELECT r.line_id, r.part_id, r.quantity, r.amount_minor + r.restocking_minor AS amount_minor, r.restocking_minor,
           r.tax_minor, coalesce(e.gone, 0)::bigint AS gone, coalesce(e.tax_less, 0)::bigint AS tax_less
      FROM refund_line r JOIN refund f ON f.id = r.refund_id
      LEFT JOIN LATERAL (SELECT sum(e.quantity) AS gone, sum(e.tax_minor) AS tax_less
                           FROM refund_line e JOIN refund b ON b.id = e.refund_id
                          WHERE e.line_id = r.line_id AND b.status NOT IN ('requested', 'refused', 'cancelled')
                            AND (b.approved_at, b.id) < (f.approved_at, f.id)) e ON true
     WHERE r.refund_id = :refund_id
    """
)


def load_head(session: Session, order_id: uuid.UUID) -> Row[Any]:
    """What every document of an order says of it and of its issuer."""
    return session.execute(_HEAD, {"order_id": order_id}).one()


def freeze_receipt(session: Session, *, order_id: uuid.UUID, label: str, now: datetime) -> Content:
    """Everything of a paid order as it was paid."""
    order = load_head(session, order_id)
    rows = session.execute(_LINES, {"order_id": order_id}).all()
    taxes: dict[tuple[str, bool], int] = defaultdict(int)
    parts: dict[uuid.UUID, Part] = {}
    for row in rows:
        taxes[rate_of(row.tax_rate), row.tax_inclusive] += row.tax_minor
        parts.setdefault(row.part_id, part_of(row, order.locale, row.shipping_minor))["lines"].append(
            line_of(row, order.locale, row.quantity, row.unit_price_minor, row.subtotal_minor, row.discount_minor)
        )
    # What the lines do not bear is the tax of the shipping fees.
    taxes[rate_of(order.tax_rate), order.tax_inclusive] += (
        order.tax_added_minor + order.tax_included_minor - sum(taxes.values())
    )
    return {
        **head_of(order, DocumentKind.RECEIPT, label, now),
        "exchange": None,
        "parts": list(parts.values()),
        "discounts": [
            {"name": _said(row.name, order.locale), "funding": row.funding, "amount_minor": row.amount_minor}
            for row in session.execute(_DISCOUNTS, {"order_id": order_id})
        ],
        "taxes": taxes_of(taxes),
        "subtotal_minor": order.subtotal_minor,
        "discount_minor": order.discount_minor,
        "shipping_minor": order.shipping_minor,
        "tax_added_minor": order.tax_added_minor,
        "restocking_minor": 0,
        "total_minor": order.payable_minor,
        "tenders": [
            tender_of(row, row.type, row.gateway_ref) for row in session.execute(_TENDERS, {"order_id": order_id})
        ],
        "platform": in_platform(exchange_kept(order)),
    }


def freeze_credit_note(
    session: Session, *, order_id: uuid.UUID, refund_id: uuid.UUID, label: str, now: datetime
) -> Content:
    """What a refund gave back, by unit, with the share of tax that those units bore, and where it went.

    What the store keeps as its fee is no part of the price: it bears no tax, and is taken off the total.
    """
    order = load_head(session, order_id)
    bought = {row.id: row for row in session.execute(_LINES, {"order_id": order_id})}
    by_part = {row.part_id: row for row in bought.values()}
    taxes: dict[tuple[str, bool], int] = defaultdict(int)
    parts: dict[uuid.UUID, Part] = {}
    subtotal = shipping = added = restocking = 0
    for back in session.execute(_GIVEN_BACK, {"refund_id": refund_id}):
        if back.line_id is None:
            net = round_half_up(back.amount_minor / (1 + Fraction(order.tax_rate)))
            taxes[rate_of(order.tax_rate), order.tax_inclusive] += back.amount_minor - net
            fee = back.amount_minor if order.tax_inclusive else net
            parts.setdefault(back.part_id, part_of(by_part[back.part_id], order.locale))["shipping_minor"] += fee
            shipping, added = shipping + fee, added + back.amount_minor - fee
            continue
        row = bought[back.line_id]
        restocking += back.restocking_minor
        # Without units it is what was held back before (REF-05), whose tax went with them; or what was exchanged.
        tax = back.tax_minor or 0
        if back.quantity:
            tax = share_of_units(row.tax_minor, quantity=row.quantity, units_before=back.gone, units=back.quantity)
            gone = round_half_up(Fraction(row.tax_minor * back.gone, row.quantity))
            tax = max(0, min(tax, row.tax_minor - gone - back.tax_less, back.amount_minor))
        taxes[rate_of(row.tax_rate), row.tax_inclusive] += tax
        net = back.amount_minor if row.tax_inclusive else back.amount_minor - tax
        subtotal, added = subtotal + net, added + back.amount_minor - net
        parts.setdefault(row.part_id, part_of(row, order.locale))["lines"].append(
            line_of(row, order.locale, back.quantity, None, net, 0)
        )
    total = subtotal + added + shipping - restocking
    return {
        **head_of(order, DocumentKind.CREDIT_NOTE, label, now),
        "exchange": None,
        "parts": list(parts.values()),
        "discounts": [],
        "taxes": taxes_of(taxes),
        "subtotal_minor": subtotal,
        "discount_minor": 0,
        "shipping_minor": shipping,
        "tax_added_minor": added,
        "restocking_minor": restocking,
        "total_minor": total,
        "tenders": [
            tender_of(row, row.type if row.destination in {"original", "release"} else row.destination, row.gateway_ref)
            for row in session.execute(_LEGS, {"refund_id": refund_id})
        ],
        "platform": in_platform(_at_rate_of(order, total)),
    }


def _at_rate_of(order: Row[Any], minor: int) -> Exchanged | None:
    """An amount of the order at the rate of its payment, as every refund of it has (REF-07)."""
    kept = exchange_kept(order)
    return exchange(Money(minor, order.currency), kept.rate) if kept else None


def in_platform(made: Exchanged | None) -> PlatformAmount | None:
    if made is None:
        return None
    return {
        "currency": made.amount.currency,
        "amount_minor": made.amount.minor,
        "rate": f"{made.rate.rate:f}",
        "source": made.rate.provider,
        "at": made.rate.as_of.isoformat(),
    }


def head_of(order: Row[Any], kind: DocumentKind, label: str, now: datetime) -> Head:
    contact = orjson.loads(order.contact or "{}")
    brand: Mapping[str, Any] = order.brand
    issuer: Mapping[str, str] = order.policy.get("issuer") or order.channel_name
    return {
        "layout": LAYOUT,
        "kind": kind.value,
        "label": label,
        "corrects": order.receipt_label if kind is DocumentKind.CREDIT_NOTE else None,
        "issuer": _said(issuer, order.locale),
        "brand_name": _said(brand.get("name") or order.channel_name, order.locale),
        "brand_colour": brand.get("colour"),
        "brand_logo": brand.get("logo"),
        "issued_at": now.isoformat(),
        "paid_at": order.paid_at.isoformat(),
        "zone": order.time_zone,
        "locale": order.locale,
        "order": order.number,
        "buyer": contact.get("name") or contact.get("email") or "",
        "currency": order.currency,
    }


def part_of(row: Row[Any], locale: str, shipping_minor: int = 0) -> Part:
    return {"store": _said(row.store, locale), "lines": [], "shipping_minor": shipping_minor}


def line_of(
    row: Row[Any], locale: str, quantity: int, unit_minor: int | None, subtotal_minor: int, discount_minor: int
) -> Line:
    return {
        "name": _said(row.name, locale),
        "options": ", ".join(_said(option["value"], locale) for option in row.options),
        "quantity": quantity,
        "unit_minor": unit_minor,
        "subtotal_minor": subtotal_minor,
        "discount_minor": discount_minor,
    }


def rate_of(rate: Decimal | str) -> str:
    """The same rate in the same digits, wherever it stands."""
    return f"{Decimal(rate or 0).normalize():f}"


def taxes_of(taxes: Mapping[tuple[str, bool], int]) -> list[Tax]:
    return [
        {"rate": rate, "inclusive": inclusive, "amount_minor": amount}
        for (rate, inclusive), amount in taxes.items()
        if amount
    ]


def tender_of(row: Row[Any], kind: str, ref: str | None) -> Tender:
    return {
        "type": kind,
        "method": row.method if kind == "gateway" else None,
        "last4": (row.card or {}).get("last4") if kind == "gateway" else None,
        "points": row.points,
        "amount_minor": row.amount_minor,
        "ref": ref,
    }


def _said(texts: Mapping[str, str] | str, locale: str) -> str:
    """A text of several languages in the reader's, else in English, else in any."""
    if isinstance(texts, str):
        return texts
    return texts.get(locale) or texts.get("en") or next(iter(texts.values()), "")
