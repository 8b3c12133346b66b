"""Tax by day and rate, mileage that ends, and statements of stores as listings (ANA-04)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ScalarSelect, Text, cast, func, select
from sqlalchemy.orm import aliased

from portal.kit.tables import Column, Kind
from portal.kit.text import N_
from portal.models import Channel, FigureDay, LedgerAccount, MileageLot, SellerStatement, Store
from portal.queries.keyset import AnySelect, Sorting
from portal.queries.listings.listing import Listing
from portal.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class TaxFilter:
    """Days of each channel's calendar, both included."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class ExpiryFilter:
    """Points that end before an instant."""

    ends_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatementFilter:
    """Statements of periods that ended between two instants."""

    since: datetime | None = None
    until: datetime | None = None


_DAY = cast(FigureDay.day, Text)


def _beside(fact: str) -> ScalarSelect[int]:
    """Another fact of the same day, channel, currency and rate; nothing counts as zero."""
    other = aliased(FigureDay)
    same = [
        getattr(other, name) == getattr(FigureDay, name)
        for name in ("day", "channel_id", "store_id", "currency", "key")
    ]
    found = select(func.coalesce(func.sum(other.value), 0)).where(other.fact == fact, *same)
    return found.correlate(FigureDay).scalar_subquery()


def _tax(chosen: TaxFilter) -> AnySelect:
    statement: AnySelect = (
        select(
            _DAY.label("day"),
            FigureDay.channel_id,
            Channel.code.label("channel"),
            FigureDay.currency,
            FigureDay.key.label("rate"),
            _beside("tax_base").label("base_minor"),
            FigureDay.value.label("tax_minor"),
            _beside("tax_base_back").label("base_back_minor"),
            _beside("tax_back").label("tax_back_minor"),
        )
        .join(Channel, Channel.id == FigureDay.channel_id)
        .where(FigureDay.fact == "tax")
    )
    if chosen.first is not None:
        statement = statement.where(FigureDay.day >= chosen.first)
    if chosen.last is not None:
        statement = statement.where(FigureDay.day <= chosen.last)
    return statement


def _expiry(chosen: ExpiryFilter) -> AnySelect:
    statement: AnySelect = (
        select(
            MileageLot.id,
            MileageLot.expires_at,
            LedgerAccount.owner,
            MileageLot.source,
            MileageLot.granted_at,
            MileageLot.granted,
            MileageLot.remaining,
        )
        .join(LedgerAccount, LedgerAccount.id == MileageLot.account_id)
        .where(MileageLot.remaining > 0)
    )
    if chosen.ends_until is not None:
        statement = statement.where(MileageLot.expires_at < chosen.ends_until)
    return statement


def _statements(chosen: StatementFilter) -> AnySelect:
    statement: AnySelect = select(
        SellerStatement.id,
        SellerStatement.label,
        Store.slug.label("store"),
        SellerStatement.period_start,
        SellerStatement.period_end,
        SellerStatement.currency,
        SellerStatement.opening_minor,
        SellerStatement.sales_minor,
        SellerStatement.own_coupons_minor,
        SellerStatement.refunds_minor,
        SellerStatement.commission_minor,
        SellerStatement.other_minor,
        SellerStatement.closing_minor,
    ).join(Store, Store.id == SellerStatement.store_id)
    if chosen.since is not None:
        statement = statement.where(SellerStatement.period_end > chosen.since)
    if chosen.until is not None:
        statement = statement.where(SellerStatement.period_end <= chosen.until)
    return statement


TAX = Listing(
    "tax",
    N_("Tax"),
    Permission.ANALYTICS_VIEW,
    TaxFilter,
    (
        Column("day", N_("Day"), share=3),
        Column("channel", N_("Channel")),
        Column("rate", N_("Rate")),
        Column("currency", N_("Currency")),
        Column("base_minor", N_("Base"), Kind.MONEY, share=3),
        Column("tax_minor", N_("Tax"), Kind.MONEY, share=3),
        Column("base_back_minor", N_("Given back, without tax"), Kind.MONEY, share=3),
        Column("tax_back_minor", N_("Tax given back"), Kind.MONEY, share=3),
    ),
    _tax,
    Sorting((_DAY, FigureDay.channel_id, FigureDay.currency, FigureDay.key), (str, int, str, str)),
    ("day", "channel_id", "currency", "rate"),
)
EXPIRY = Listing(
    "mileage-ending",
    N_("Mileage that ends"),
    Permission.LEDGER_VIEW,
    ExpiryFilter,
    (
        Column("expires_at", N_("Ends"), Kind.INSTANT, share=4),
        Column("owner", N_("Owner"), share=8),
        Column("source", N_("Source"), share=3),
        Column("granted_at", N_("Granted"), Kind.INSTANT, share=0),
        Column("granted", N_("Points"), Kind.NUMBER),
        Column("remaining", N_("Left"), Kind.NUMBER),
    ),
    _expiry,
    Sorting((MileageLot.expires_at, MileageLot.id), (datetime, int), falling=False),
    ("expires_at", "id"),
)
STATEMENTS = Listing(
    "statements",
    N_("Statements of stores"),
    Permission.PAYOUT_VIEW,
    StatementFilter,
    (
        Column("label", N_("Statement"), share=3),
        Column("store", N_("Store"), share=3),
        Column("period_start", N_("From"), Kind.INSTANT, share=0),
        Column("period_end", N_("Until"), Kind.INSTANT, share=4),
        Column("currency", N_("Currency")),
        Column("opening_minor", N_("Opening"), Kind.MONEY, share=0),
        Column("sales_minor", N_("Sales"), Kind.MONEY),
        Column("own_coupons_minor", N_("Own coupons"), Kind.MONEY, share=0),
        Column("refunds_minor", N_("Refunds"), Kind.MONEY),
        Column("commission_minor", N_("Commission"), Kind.MONEY),
        Column("other_minor", N_("Other"), Kind.MONEY, share=0),
        Column("closing_minor", N_("Closing"), Kind.MONEY, share=3),
    ),
    _statements,
    Sorting((SellerStatement.period_end, SellerStatement.id), (datetime, uuid.UUID)),
    ("period_end", "id"),
)
