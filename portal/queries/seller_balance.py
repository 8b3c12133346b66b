"""What a store is owed and what it is made of: sales, own coupons, refunds, commission and the rest (BAL-13, CPN-15).

A sale is taken apart by its part's lines and coupon shares; what the goods brought less than that went back to buyers
before the part was closed. Tax that was added to prices is the mall's to pay on and stands in none of the figures.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.queries.coupon_funding import PLATFORM_GIVES
from portal.rules.payouts import Figure, figure_of


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A posting on a store's account and its pieces, in minor units: net = sales - coupons - refunds - fee + other."""

    posting_id: int
    entry_id: int
    at: datetime
    figure: str
    order_id: uuid.UUID | None
    number: str | None
    part_id: uuid.UUID | None
    sales_minor: int
    own_coupons_minor: int
    mall_coupons_minor: int
    refunds_minor: int
    commission_minor: int
    other_minor: int
    net_minor: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Lines added up."""

    sales_minor: int = 0
    own_coupons_minor: int = 0
    mall_coupons_minor: int = 0
    refunds_minor: int = 0
    commission_minor: int = 0
    other_minor: int = 0
    net_minor: int = 0


# Where nothing came late, no posting before the end of the last statement is in none: a large store has too many to ask
# each of them.
_SINCE = text(
    """
    SELECT s.closed_until
      FROM ledger_account a,
           (SELECT max(period_end) AS closed_until, sum(lines) AS lines FROM seller_statement
             WHERE store_id = :store_id AND currency = :currency) s
     WHERE a.kind = 'seller_payable' AND a.owner = :owner AND a.currency = :currency
       AND s.lines = (SELECT count(*) FROM ledger_posting p WHERE p.account_id = a.id AND p.at < s.closed_until)
    """
)
# The pieces are looked up for each posting: joined as sums of all, they would be added up for each of them again where
# the database takes the fresh ones for few.
_LINES = f"""
    WITH fresh AS MATERIALIZED (
        SELECT p.id, p.entry_id, p.at, p.amount_minor, e.kind, e.order_id,
               CASE WHEN e.kind = 'part_released' THEN CAST(substr(e.idem_key, 15) AS uuid) END AS part_id
          FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id JOIN ledger_entry e ON e.id = p.entry_id
         WHERE a.kind = 'seller_payable' AND a.owner = :owner AND a.currency = :currency
           AND p.at >= :since AND p.at < :until
           AND NOT EXISTS (SELECT FROM seller_statement_line l WHERE l.posting_id = p.id)
    )
    SELECT f.id, f.entry_id, f.at, f.kind, f.order_id, f.part_id, f.amount_minor AS net,
           coalesce(d.escrow, 0) AS escrow, coalesce(d.commission, 0) AS commission, coalesce(d.tax, 0) AS tax,
           coalesce(t.subtotal_minor + t.shipping_fee_minor, 0) AS sales, coalesce(k.own, 0) AS own,
           coalesce(k.mall, 0) AS mall
      FROM fresh f
      LEFT JOIN order_part t ON t.id = f.part_id
      LEFT JOIN LATERAL (
          SELECT sum(q.amount_minor) FILTER (WHERE b.kind = 'order_escrow')::bigint AS escrow,
                 sum(q.amount_minor) FILTER (WHERE b.kind = 'commission')::bigint AS commission,
                 sum(q.amount_minor) FILTER (WHERE b.kind = 'tax_payable')::bigint AS tax
            FROM ledger_posting q JOIN ledger_account b ON b.id = q.account_id
           WHERE q.entry_id = f.entry_id AND f.kind IN ('part_released', 'part_taken_back')) d ON true
      LEFT JOIN LATERAL (
          SELECT sum(s.amount_minor - ({PLATFORM_GIVES}))::bigint AS own, sum({PLATFORM_GIVES})::bigint AS mall
            FROM discount_share s JOIN coupon_use u ON u.id = s.coupon_use_id JOIN campaign c ON c.id = u.campaign_id
            LEFT JOIN order_line l ON l.id = s.line_id
           WHERE s.order_id = f.order_id AND coalesce(s.part_id, l.part_id) = f.part_id
             AND u.status = 'redeemed') k ON true
"""  # noqa: S608 - our own fragment
_FRESH = text(
    f"""
    SELECT lines.*, o.number FROM ({_LINES}) lines LEFT JOIN orders o ON o.id = lines.order_id
     ORDER BY lines.at, lines.id
    """  # noqa: S608 - our own fragment
)


def fresh_lines(session: Session, *, store_id: int, currency: str, until: datetime) -> list[BalanceLine]:
    """What has been posted before an instant and stands in no statement yet, taken apart."""
    return [_line(row) for row in session.execute(_FRESH, _fresh(session, store_id, currency, until))]


def _fresh(session: Session, store_id: int, currency: str, until: datetime) -> dict[str, object]:
    """Where to look for what stands in no statement yet."""
    account = {"owner": f"store:{store_id}", "currency": currency}
    since = session.scalar(_SINCE, {**account, "store_id": store_id})
    return {**account, "since": since or datetime.min.replace(tzinfo=UTC), "until": until}


_FRESH_SUMS = text(
    f"""
    SELECT kind, sum(net)::bigint AS net, sum(escrow)::bigint AS escrow, sum(commission)::bigint AS commission,
           sum(tax)::bigint AS tax, sum(sales)::bigint AS sales, sum(own)::bigint AS own, sum(mall)::bigint AS mall
      FROM ({_LINES}) lines GROUP BY kind
    """  # noqa: S608 - our own fragment
)


def fresh_figures(session: Session, *, store_id: int, currency: str, until: datetime) -> Figures:
    """The figures of fresh_lines() without the lines, of which a large store has many thousand."""
    return add_up(_pieces(row) for row in session.execute(_FRESH_SUMS, _fresh(session, store_id, currency, until)))


def _line(row: Row[tuple[object, ...]]) -> BalanceLine:
    pieces = _pieces(row)
    return BalanceLine(
        posting_id=row.id,
        entry_id=row.entry_id,
        at=row.at,
        figure=figure_of(row.kind).value,
        order_id=row.order_id,
        number=row.number,
        part_id=row.part_id,
        **asdict(pieces),
    )


def _pieces(row: Row[tuple[object, ...]]) -> Figures:
    """What a posting, or many of one kind together, is made of."""
    figure = figure_of(row.kind)
    sales = own = mall = refunds = other = 0
    commission = row.commission
    if figure is Figure.SALE:
        sales, own, mall = row.sales, row.own, row.mall
        refunds = sales - own - commission - row.net
    elif figure is Figure.REFUND:
        refunds = row.escrow + row.tax
    else:
        commission, other = 0, row.net
    return Figures(sales, own, mall, refunds, commission, other, row.net)


def add_up(lines: Iterable[BalanceLine | Figures]) -> Figures:
    """The figures of lines, or of several figures together."""
    return Figures(*(sum(column) for column in zip(*map(_amounts, lines), strict=True)))


def _amounts(line: BalanceLine | Figures) -> tuple[int, ...]:
    return (
        line.sales_minor,
        line.own_coupons_minor,
        line.mall_coupons_minor,
        line.refunds_minor,
        line.commission_minor,
        line.other_minor,
        line.net_minor,
    )


_OWED = text(
    """
    SELECT a.id, a.currency,
           coalesce((SELECT sum(p.amount_minor) FROM ledger_posting p WHERE p.account_id = a.id), 0)::bigint AS balance
      FROM ledger_account a WHERE a.kind = 'seller_payable' AND a.owner = :owner ORDER BY a.currency
    """
)
_COMING = text(
    """
    SELECT o.currency, count(*) AS parts, sum(p.payable_minor)::bigint AS minor
      FROM order_part p JOIN orders o ON o.id = p.order_id
     WHERE p.store_id = :store_id AND o.paid_at IS NOT NULL
       AND p.status IN ('held', 'released', 'accepted', 'packed', 'shipped', 'delivered', 'returning')
     GROUP BY o.currency ORDER BY o.currency
    """
)


@dataclass(frozen=True, slots=True)
class Owed:
    """What a store is owed in one currency by its postings; `account_id` opens them."""

    account_id: int
    currency: str
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Coming:
    """What buyers have paid for parts that are not closed yet."""

    currency: str
    parts: int
    paid_minor: int


def owed_to(session: Session, *, store_id: int) -> Sequence[Owed]:
    """By currency."""
    return [Owed(row.id, row.currency, row.balance) for row in session.execute(_OWED, {"owner": f"store:{store_id}"})]


def coming_to(session: Session, *, store_id: int) -> Sequence[Coming]:
    """By currency."""
    rows = session.execute(_COMING, {"store_id": store_id})
    return [Coming(row.currency, row.parts, row.minor) for row in rows]
