"""What the receipt of a dearer exchange says, and the credit note of what goes back of it (PAY-15, ORD-005)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.documents.content import Content, Part
from portal.models import DocumentKind
from portal.queries.exchange import exchange_kept
from portal.rules.higher_price import tax_in
from portal.services.documents.freeze import (
    head_of,
    in_platform,
    line_of,
    load_head,
    part_of,
    rate_of,
    taxes_of,
    tender_of,
)

# Units of one line that went out as the same, all of the receipt's or those that went back together with an entry's.
_UNITS = text(
    """
    SELECT g.number, g.part_id, s.name AS store, d.name, v.options, l.tax_rate, l.tax_inclusive, u.more_minor,
           u.more_tax_minor, count(*) AS quantity
      FROM goods_return g JOIN return_unit u ON u.return_id = g.id AND u.state = 'accepted' AND u.more_minor > 0
      JOIN order_line l ON l.id = u.line_id JOIN store s ON s.id = g.store_id
      JOIN variant v ON v.id = u.variant_id JOIN product d ON d.id = v.product_id
     WHERE g.order_id = :order_id AND (g.more_entry_id = :entry_id OR (u.return_id, u.more_back_at) = (
           SELECT x.return_id, x.more_back_at FROM ledger_entry e
             JOIN return_unit x ON x.id = CAST(substr(e.idem_key, 15) AS uuid)
            WHERE e.id = :entry_id AND e.kind = 'exchange_given_back'))
     GROUP BY g.id, s.id, d.id, v.id, l.id, u.more_minor, u.more_tax_minor ORDER BY l.position, v.id
    """
)
_MONEY = text(
    """
    SELECT p.at, CASE a.kind WHEN 'deposit' THEN 'deposit' ELSE 'gateway' END AS type, y.method, x.card, x.gateway_ref,
           NULL AS points, abs(p.amount_minor) AS amount_minor,
           y.platform_currency, y.platform_minor, y.currency, y.fx_rate, y.fx_source, y.fx_as_of
      FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id
      JOIN ledger_account a ON a.id = p.account_id AND a.kind IN ('deposit', 'gateway_clearing')
      LEFT JOIN payment y ON e.idem_key = 'payment:' || y.id
      LEFT JOIN LATERAL (SELECT card, gateway_ref FROM payment_attempt z
                          WHERE z.payment_id = y.id ORDER BY n DESC LIMIT 1) x ON true
     WHERE e.id = :entry_id
    """
)
_CORRECTED = text("SELECT label FROM document WHERE id = :id")


def freeze_exchange(
    session: Session,
    *,
    kind: DocumentKind,
    order_id: uuid.UUID,
    entry_id: int,
    corrects_id: uuid.UUID | None,
    label: str,
    now: datetime,
) -> Content:
    """What the goods that went out cost more than those that came back, each with its tax, and how it was paid.

    Of what goes back, how much of it, and that it is deposit.
    """
    order = load_head(session, order_id)
    units = session.execute(_UNITS, {"order_id": order_id, "entry_id": entry_id}).all()
    money = session.execute(_MONEY, {"entry_id": entry_id}).one()
    taxes: dict[tuple[str, bool], int] = defaultdict(int)
    part: Part = part_of(units[0], order.locale)
    subtotal = added = 0
    for one in units:
        each = {"added_minor": one.more_tax_minor, "tax_inclusive": one.tax_inclusive}
        tax = one.quantity * tax_in(one.more_minor, tax_rate=Decimal(one.tax_rate), **each)
        taxes[rate_of(one.tax_rate), one.tax_inclusive] += tax
        on_top = 0 if one.tax_inclusive else tax
        net = one.quantity * one.more_minor - on_top
        subtotal, added = subtotal + net, added + on_top
        part["lines"].append(line_of(one, order.locale, one.quantity, None, net, 0))
    corrects = session.scalar(_CORRECTED, {"id": corrects_id}) if corrects_id else None
    return {
        **head_of(order, kind, label, now),
        "corrects": corrects,
        "paid_at": money.at.isoformat(),
        "exchange": units[0].number,
        "parts": [part],
        "discounts": [],
        "taxes": taxes_of(taxes),
        "subtotal_minor": subtotal,
        "discount_minor": 0,
        "shipping_minor": 0,
        "tax_added_minor": added,
        "restocking_minor": 0,
        "total_minor": subtotal + added,
        "tenders": [{**tender_of(money, money.type, money.gateway_ref), "amount_minor": subtotal + added}],
        "platform": in_platform(exchange_kept(money)),
    }
