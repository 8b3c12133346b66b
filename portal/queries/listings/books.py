"""Balances and the journal as listings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.kit.tables import Column, Kind
from portal.kit.text import N_
from portal.models import LedgerAccount, LedgerEntry, Posting
from portal.queries.keyset import AnySelect, Sorting
from portal.queries.listings.listing import Listing
from portal.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class BalanceFilter:
    """Balances of people: of a kind, in a currency, above zero, frozen; of these owners only, if any are named."""

    kind: str | None = None
    currency: str | None = None
    is_open: bool = False
    is_frozen: bool = False
    owners: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Postings: of one kind of entry, written between two instants."""

    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def narrowed_balances(statement: AnySelect, chosen: BalanceFilter) -> AnySelect:
    """The statement over accounts, with these conditions; people's alone."""
    statement = statement.where(LedgerAccount.owner.between("user:", "user;"))
    if chosen.kind:
        statement = statement.where(LedgerAccount.kind == chosen.kind)
    if chosen.currency:
        statement = statement.where(LedgerAccount.currency == chosen.currency)
    if chosen.is_open:
        statement = statement.where(LedgerAccount.balance_minor > 0)
    if chosen.is_frozen:
        statement = statement.where(LedgerAccount.frozen_at.is_not(None))
    if chosen.owners is not None:
        statement = statement.where(LedgerAccount.owner.in_(chosen.owners))
    return statement


def _balances(chosen: BalanceFilter) -> AnySelect:
    statement: AnySelect = select(
        LedgerAccount.id,
        LedgerAccount.owner,
        LedgerAccount.kind,
        LedgerAccount.currency,
        LedgerAccount.balance_minor,
        LedgerAccount.held_minor,
        (LedgerAccount.balance_minor - LedgerAccount.held_minor).label("available_minor"),
        LedgerAccount.frozen_at,
        LedgerAccount.created_at,
    )
    return narrowed_balances(statement, chosen)


def _journal(chosen: JournalFilter) -> AnySelect:
    statement: AnySelect = (
        select(
            Posting.id,
            Posting.entry_id,
            Posting.at,
            LedgerEntry.kind,
            LedgerEntry.idem_key,
            LedgerEntry.order_id,
            LedgerAccount.kind.label("account"),
            LedgerAccount.owner,
            Posting.currency,
            Posting.amount_minor,
            LedgerEntry.note,
        )
        .join(LedgerEntry, LedgerEntry.id == Posting.entry_id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
    )
    if chosen.kind:
        statement = statement.where(LedgerEntry.kind == chosen.kind)
    if chosen.since is not None:
        statement = statement.where(Posting.at >= chosen.since)
    if chosen.until is not None:
        statement = statement.where(Posting.at < chosen.until)
    return statement


BALANCES = Listing(
    "balances",
    N_("Balances"),
    Permission.BALANCE_VIEW,
    BalanceFilter,
    (
        Column("id", N_("Account"), Kind.NUMBER),
        Column("owner", N_("Owner"), share=8),
        Column("kind", N_("Kind"), share=3),
        Column("currency", N_("Currency")),
        Column("balance_minor", N_("Balance"), Kind.MONEY, share=3),
        Column("held_minor", N_("Held"), Kind.MONEY),
        Column("available_minor", N_("Available"), Kind.MONEY, share=0),
        Column("frozen_at", N_("Frozen"), Kind.INSTANT, share=0),
        Column("created_at", N_("Opened"), Kind.INSTANT, share=0),
    ),
    _balances,
    Sorting((LedgerAccount.id,), (int,)),
    ("id",),
)
JOURNAL = Listing(
    "ledger",
    N_("Ledger"),
    Permission.LEDGER_VIEW,
    JournalFilter,
    (
        Column("id", N_("Posting"), Kind.NUMBER, share=0),
        Column("entry_id", N_("Entry"), Kind.NUMBER),
        Column("at", N_("Written"), Kind.INSTANT, share=4),
        Column("kind", N_("Kind"), share=3),
        Column("account", N_("Account"), share=3),
        Column("owner", N_("Owner"), share=8),
        Column("order_id", N_("Order"), share=0),
        Column("currency", N_("Currency")),
        Column("amount_minor", N_("Amount"), Kind.MONEY, share=3),
        Column("idem_key", N_("Key"), share=0),
        Column("note", N_("Note"), share=0),
    ),
    _journal,
    Sorting((Posting.id,), (int,)),
    ("id",),
)
