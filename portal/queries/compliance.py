"""Records of channels beside the books: counts and sums of both, and what is in one alone (CHN-09)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import BorderRecord, Order, Store
from portal.queries.keyset import AnySelect, count_up_to, fetch_page
from portal.queries.listings.compliance import BORDER_RECORDS, ComplianceFilter, narrowed_records

# Differences are named, not listed to the end: a page shows what to look at first.
NAMED_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Compared:
    """One check of one channel: what the orders say and what the records say, in minor units of the currency.

    Amounts are None where only the number is compared. `differing` are numbers of orders, at most NAMED_MAX of them.
    """

    check: str
    channel_id: int
    currency: str
    orders: int
    records: int
    orders_minor: int | None
    records_minor: int | None
    differences: int
    differing: Sequence[str]

    @property
    def is_same(self) -> bool:
        return not self.differences


# Each has a row for one order or part: its amount there and its amount in the records, NULL where it is not in them.
_PAIRS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "placed": """
            SELECT o.channel_id, o.currency, o.number, NULL::bigint AS here, NULL::bigint AS there,
                   EXISTS (SELECT FROM outbox_event e WHERE e.subject = 'order:' || o.id AND e.kind = 'order.placed'
                              AND e.channel_id = o.channel_id) AS is_there
              FROM orders o WHERE o.placed_at >= :since AND o.placed_at < :until AND o.external_ref IS NULL
        """,
        "paid": """
            SELECT o.channel_id, o.currency, o.number, NULL::bigint AS here, NULL::bigint AS there,
                   EXISTS (SELECT FROM outbox_event e WHERE e.subject = 'order:' || o.id AND e.kind = 'order.paid'
                              AND e.channel_id = o.channel_id) AS is_there
              FROM orders o WHERE o.placed_at >= :since AND o.placed_at < :until AND o.external_ref IS NULL
               AND o.paid_at IS NOT NULL
        """,
        "ledger": """
            SELECT o.channel_id, o.currency, o.number, o.payable_minor AS here, b.minor AS there,
                   b.minor IS NOT NULL AS is_there
              FROM orders o
              LEFT JOIN LATERAL (
                   SELECT sum(p.amount_minor)::bigint AS minor
                     FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id
                     JOIN ledger_account a ON a.id = p.account_id
                    WHERE e.idem_key = 'order_paid:' || o.id AND a.currency = o.currency
                      AND a.kind IN ('order_escrow', 'coupon_cost')) b ON true
             WHERE o.placed_at >= :since AND o.placed_at < :until AND o.external_ref IS NULL AND o.paid_at IS NOT NULL
        """,
        # A store that has moved to another country since is known by what was recorded then.
        "borders": """
            SELECT o.channel_id, o.currency, o.number, g.minor AS here, r.declared_minor AS there,
                   r.part_id IS NOT NULL AND r.currency = o.currency AS is_there
              FROM orders o
              JOIN order_part p ON p.order_id = o.id
              JOIN store s ON s.id = p.store_id
              JOIN channel c ON c.id = o.channel_id
              JOIN LATERAL (SELECT sum(l.payable_minor - l.tax_minor)::bigint AS minor
                              FROM order_line l WHERE l.part_id = p.id) g ON true
              LEFT JOIN border_record r ON r.part_id = p.id
             WHERE o.placed_at >= :since AND o.placed_at < :until AND o.external_ref IS NULL
               AND coalesce(r.from_country, s.country) <> coalesce(o.deliver_to, c.country)
        """,
    }
)
_COMPARED = """
    SELECT channel_id, currency, count(*) AS orders, count(*) FILTER (WHERE is_there) AS records,
           sum(here)::bigint AS orders_minor,
           CASE WHEN count(here) > 0 THEN coalesce(sum(there) FILTER (WHERE is_there), 0)::bigint END AS records_minor,
           count(*) FILTER (WHERE NOT is_there OR here IS DISTINCT FROM there) AS differences,
           (array_agg(number ORDER BY number) FILTER (WHERE NOT is_there OR here IS DISTINCT FROM there))[1:{named}]
               AS differing
      FROM ({pairs}) AS pairs
     WHERE CAST(:channel_id AS bigint) IS NULL OR channel_id = :channel_id
     GROUP BY channel_id, currency ORDER BY channel_id, currency
"""
_CHECKS = {check: text(_COMPARED.format(named=NAMED_MAX, pairs=pairs)) for check, pairs in _PAIRS.items()}


def compare_books(session: Session, *, channel_id: int | None, since: datetime, until: datetime) -> list[Compared]:
    """Each check for each channel and currency, of orders that were placed here between two instants.

    placed, paid: each order has its event. ledger: what a paid order cost is what its entry brought. borders: each
    part that crossed a border has its record, with the value that its lines have.
    """
    values = {"channel_id": channel_id, "since": since, "until": until}
    return [
        Compared(
            check,
            row.channel_id,
            row.currency,
            row.orders,
            row.records,
            row.orders_minor,
            row.records_minor,
            row.differences,
            tuple(row.differing or ()),
        )
        for check, statement in _CHECKS.items()
        for row in session.execute(statement, values)
    ]


@dataclass(frozen=True, slots=True)
class BorderRow:
    """A part that crossed a border, as it was declared."""

    number: str
    channel_id: int
    store: Mapping[str, str]
    from_country: str
    to_country: str
    customs: str
    currency: str
    declared_minor: int
    duty_minor: int | None
    platform_currency: str | None
    platform_minor: int | None
    fx_rate: Any
    fx_source: str | None
    fx_as_of: datetime | None
    has_code: bool
    placed_at: datetime
    part_id: uuid.UUID


def list_border_records(session: Session, *, chosen: ComplianceFilter, cursor: str | None) -> Page[BorderRow]:
    """One page of records, the newest first. Raises CursorInvalidError."""
    statement: AnySelect = (
        select(
            Order.number,
            BorderRecord.channel_id,
            Store.name,
            BorderRecord.from_country,
            BorderRecord.to_country,
            BorderRecord.customs,
            BorderRecord.currency,
            BorderRecord.declared_minor,
            BorderRecord.duty_minor,
            BorderRecord.platform_currency,
            BorderRecord.platform_minor,
            BorderRecord.fx_rate,
            BorderRecord.fx_source,
            BorderRecord.fx_as_of,
            BorderRecord.personal_code.is_not(None),
            BorderRecord.placed_at,
            BorderRecord.part_id,
        )
        .join(Order, Order.id == BorderRecord.order_id)
        .join(Store, Store.id == BorderRecord.store_id)
    )
    return fetch_page(
        session,
        narrowed_records(statement, chosen),
        BORDER_RECORDS.sorting,
        make=lambda row: BorderRow(*row),
        key=lambda row: (row.placed_at, row.part_id),
        cursor_text=cursor,
        mark=fingerprint("border-records", chosen.channel_id, chosen.since, chosen.until),
        total=count_up_to(session, narrowed_records(select(BorderRecord.part_id), chosen)),
    )
