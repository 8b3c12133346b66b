"""The books as they are read: accounts with their running balance, entries with their postings (BAL-01, A14)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import LedgerAccount, LedgerEntry, Order, Posting
from portal.queries.keyset import AnyRow, Sorting, count_up_to, fetch_page

ACCOUNTS = Sorting((LedgerAccount.id,), (int,))
ENTRIES = Sorting((LedgerEntry.id,), (int,))


@dataclass(frozen=True, slots=True)
class PostingView:
    """One change of one account."""

    id: int
    account_id: int
    kind: str
    owner: str
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry with its postings."""

    id: int
    kind: str
    idem_key: str
    order_id: uuid.UUID | None
    reverses: int | None
    reversed_by: int | None
    note: str | None
    created_at: datetime
    postings: tuple[PostingView, ...]

    @property
    def sums(self) -> dict[str, int]:
        """What the postings add up to, per currency: zero each, or the books are broken."""
        found: dict[str, int] = {}
        for posting in self.postings:
            found[posting.currency] = found.get(posting.currency, 0) + posting.amount_minor
        return found

    @property
    def balances(self) -> bool:
        return bool(self.postings) and not any(self.sums.values())


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account. `balance_minor` is kept for a person's accounts and summed up for the others; `as_of` says when."""

    id: int
    kind: str
    owner: str
    currency: str
    cached: bool
    balance_minor: int
    held_minor: int
    frozen_at: datetime | None
    created_at: datetime

    @property
    def available_minor(self) -> int:
        return self.balance_minor - self.held_minor

    @property
    def user_id(self) -> uuid.UUID | None:
        """Whose balance it is, when it is a person's: looking at it is recorded (IDN-05)."""
        return uuid.UUID(self.owner[5:]) if self.owner.startswith("user:") else None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in the list, without its balance: showing that is an act of its own for persons."""

    id: int
    kind: str
    owner: str
    currency: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry in the list."""

    id: int
    kind: str
    idem_key: str
    order_id: uuid.UUID | None
    note: str | None
    created_at: datetime


_ENTRIES = """
    SELECT e.id, e.kind, e.idem_key, e.order_id, e.reverses, e.note, e.created_at,
           (SELECT r.id FROM ledger_entry r WHERE r.reverses = e.id) AS reversed_by,
           p.id AS posting_id, p.account_id, a.kind AS account_kind, a.owner, p.currency, p.amount_minor
      FROM ledger_entry e
      LEFT JOIN ledger_posting p ON p.entry_id = e.id
      LEFT JOIN ledger_account a ON a.id = p.account_id
     WHERE {where} ORDER BY e.id, p.id
"""
_ENTRIES_OF_ORDER = text(_ENTRIES.format(where="e.order_id = :order_id"))
_ONE_ENTRY = text(_ENTRIES.format(where="e.id = :entry_id"))


def entries_of_order(session: Session, *, order_id: uuid.UUID) -> tuple[EntryView, ...]:
    """All entries of an order with their postings, in one statement."""
    return _grouped(session.execute(_ENTRIES_OF_ORDER, {"order_id": order_id}).all())


def load_entry(session: Session, *, entry_id: int) -> EntryView | None:
    return next(iter(_grouped(session.execute(_ONE_ENTRY, {"entry_id": entry_id}).all())), None)


def _grouped(rows: Sequence[AnyRow]) -> tuple[EntryView, ...]:
    heads: dict[int, AnyRow] = {}
    postings: dict[int, list[PostingView]] = {}
    for row in rows:
        heads.setdefault(row.id, row)
        kept = postings.setdefault(row.id, [])
        if row.posting_id is not None:
            kept.append(
                PostingView(row.posting_id, row.account_id, row.account_kind, row.owner, row.currency, row.amount_minor)
            )
    return tuple(
        EntryView(
            id=row.id,
            kind=row.kind,
            idem_key=row.idem_key,
            order_id=row.order_id,
            reverses=row.reverses,
            reversed_by=row.reversed_by,
            note=row.note,
            created_at=row.created_at,
            postings=tuple(postings[row.id]),
        )
        for row in heads.values()
    )


def list_accounts(
    session: Session, *, kind: str | None, owners: Sequence[str] | None, cursor: str | None
) -> Page[AccountRow]:
    """Accounts, the latest first, without balances; with `owners` only theirs."""
    statement = select(
        LedgerAccount.id, LedgerAccount.kind, LedgerAccount.owner, LedgerAccount.currency, LedgerAccount.created_at
    )
    if kind:
        statement = statement.where(LedgerAccount.kind == kind)
    if owners is not None:
        statement = statement.where(LedgerAccount.owner.in_(owners))
    return fetch_page(
        session,
        statement,
        ACCOUNTS,
        make=lambda row: AccountRow(*row),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("ledger_accounts", kind, owners),
        total=count_up_to(session, statement.with_only_columns(LedgerAccount.id)),
    )


def platform_accounts(session: Session) -> list[AccountRow]:
    """The mall's own accounts and those of its gateways: a handful, whatever is sold."""
    rows = session.execute(
        select(
            LedgerAccount.id, LedgerAccount.kind, LedgerAccount.owner, LedgerAccount.currency, LedgerAccount.created_at
        )
        .where((LedgerAccount.owner == "platform") | LedgerAccount.owner.between("gateway:", "gateway;"))
        .order_by(LedgerAccount.currency, LedgerAccount.kind, LedgerAccount.owner)
        .limit(100)
    )
    return [AccountRow(*row) for row in rows]


def list_entries(session: Session, *, kind: str | None, cursor: str | None) -> Page[EntryRow]:
    """Entries, the latest first."""
    statement = select(
        LedgerEntry.id,
        LedgerEntry.kind,
        LedgerEntry.idem_key,
        LedgerEntry.order_id,
        LedgerEntry.note,
        LedgerEntry.created_at,
    )
    if kind:
        statement = statement.where(LedgerEntry.kind == kind)
    return fetch_page(
        session,
        statement,
        ENTRIES,
        make=lambda row: EntryRow(*row),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("ledger_entries", kind),
        total=count_up_to(session, statement.with_only_columns(LedgerEntry.id)),
    )


def load_account(session: Session, *, account_id: int) -> AccountView | None:
    """An account without looking at its postings; `balance_minor` is meaningful only where it is `cached`."""
    row = session.execute(
        select(
            LedgerAccount.id,
            LedgerAccount.kind,
            LedgerAccount.owner,
            LedgerAccount.currency,
            LedgerAccount.cached,
            LedgerAccount.balance_minor,
            LedgerAccount.held_minor,
            LedgerAccount.frozen_at,
            LedgerAccount.created_at,
        ).where(LedgerAccount.id == account_id)
    ).one_or_none()
    return AccountView(*row) if row else None


def balance_of(session: Session, account: AccountView) -> int:
    """What the account holds: kept, or the sum of all its postings."""
    if account.cached:
        return account.balance_minor
    total = select(func.coalesce(func.sum(Posting.amount_minor), 0)).where(Posting.account_id == account.id)
    return int(session.execute(total).scalar_one())


def order_numbers(session: Session, order_ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The public numbers behind ids that entries name."""
    if not order_ids:
        return {}
    rows = session.execute(select(Order.id, Order.number).where(Order.id.in_(order_ids)))
    return {row.id: row.number for row in rows}


def order_number(session: Session, order_id: uuid.UUID) -> str | None:
    """The public number behind an id that an entry names."""
    return order_numbers(session, {order_id}).get(order_id)
