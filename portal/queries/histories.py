"""The history of an account: every posting with the balance after it, by day, kind or words (BAL-10).

Postings are told in the order of their time. What stood after one is summed up from the postings themselves, also
where a filter leaves some of them out, so that opening, lines and closing always come to the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.paging import Page, decode_cursor, fingerprint, page_of
from portal.kit.text import N_
from portal.models import LedgerAccount, LedgerEntry, Order, Posting
from portal.queries.keyset import PAGE_ROWS, AnySelect, Sorting, after, count_up_to
from portal.queries.ledger import order_numbers

SORTING = Sorting((Posting.at, Posting.id), (datetime, int))
# Kinds in the order in which their owner is shown them.
OWN_KINDS = ("deposit", "mileage", "gift", "refund_credit")
OTHER_KINDS = ("mileage_pending", "mileage_owed", "withdrawal")
# What a statement on paper holds at most; somebody who wants more takes the file or fewer days.
STATEMENT_LINES_MAX = 2_000
EXPORT_ROWS = 2_000


class StatementTooLongError(PortalError):
    code = "statement_too_long"
    sentence = N_("A statement holds %(lines)s lines at most. Choose fewer days, or save the history as CSV.")


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """An account as its owner knows it: what kind, in which currency. `id` is None until something is posted."""

    id: int | None
    kind: str
    currency: str
    balance_minor: int
    held_minor: int
    is_frozen: bool

    @property
    def available_minor(self) -> int:
        return self.balance_minor - self.held_minor


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which postings: of one kind of entry, from the first instant on and before the second, and with these words.

    `words` is looked for in order numbers and notes; `kinds_said` are the kinds whose own word holds it.
    """

    kind: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    words: str = ""
    kinds_said: tuple[str, ...] = ()

    def narrowed(self, statement: AnySelect) -> AnySelect:
        """The statement, which joins entries and orders, with these conditions."""
        if self.kind:
            statement = statement.where(LedgerEntry.kind == self.kind)
        if self.start is not None:
            statement = statement.where(Posting.at >= self.start)
        if self.end is not None:
            statement = statement.where(Posting.at < self.end)
        if self.words:
            said: list[ColumnElement[bool]] = [
                Order.number.icontains(self.words, autoescape=True),
                LedgerEntry.note.icontains(self.words, autoescape=True),
            ]
            if self.kinds_said:
                said.append(LedgerEntry.kind.in_(self.kinds_said))
            statement = statement.where(or_(*said))
        return statement


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One posting with the balance after it, in minor units (or points)."""

    id: int
    at: datetime
    entry_id: int
    kind: str
    order_id: uuid.UUID | None
    number: str | None
    note: str | None
    reverses: int | None
    amount_minor: int
    balance_after_minor: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A period: what stood before it, everything within it in the order of its time, and what stood after it."""

    opening_minor: int
    in_minor: int
    out_minor: int
    closing_minor: int
    rows: tuple[HistoryRow, ...]


def own_accounts(session: Session, *, user_id: uuid.UUID, currency: str) -> list[OwnAccount]:
    """All accounts of a person. Deposit (in `currency`) and mileage are there even before something is posted."""
    rows = session.execute(
        select(
            LedgerAccount.id,
            LedgerAccount.kind,
            LedgerAccount.currency,
            LedgerAccount.balance_minor,
            LedgerAccount.held_minor,
            LedgerAccount.frozen_at.is_not(None).label("is_frozen"),
            LedgerAccount.cached,
        ).where(LedgerAccount.owner == f"user:{user_id}")
    ).all()
    found = []
    for row in rows:
        balance = row.balance_minor if row.cached else balance_before(session, account_id=row.id, at=None)
        found.append(OwnAccount(row.id, row.kind, row.currency, balance, row.held_minor, row.is_frozen))
    known = {(one.kind, one.currency) for one in found}
    missing = {("deposit", currency), ("mileage", "PTS")} - known
    found += [OwnAccount(None, kind, unit, 0, 0, False) for kind, unit in missing]
    places = {kind: place for place, kind in enumerate((*OWN_KINDS, *OTHER_KINDS))}
    return sorted(found, key=lambda one: (places.get(one.kind, len(places)), one.currency != currency, one.currency))


def list_history(
    session: Session,
    *,
    account_id: int,
    chosen: HistoryFilter,
    cursor: str | None,
    rows_max: int = PAGE_ROWS,
    is_counted: bool = True,
) -> Page[HistoryRow]:
    """One page of an account's history, the latest first. Raises CursorInvalidError."""
    mark = fingerprint("history", account_id, chosen)
    at = decode_cursor(cursor, query=mark, kinds=SORTING.kinds)
    statement = chosen.narrowed(_listed(account_id))
    rows = session.execute(after(statement, SORTING, at).limit(rows_max + 1)).all()
    total = count_up_to(session, _counted(account_id, chosen)) if is_counted else None
    page = page_of(
        rows,
        limit=rows_max,
        cursor=at,
        key=lambda row: (row.at, row.id),
        query=mark,
        total=total[0] if total else None,
        total_is_capped=total[1] if total else False,
    )
    shown = _with_balances(session, account_id, page.rows[::-1])[::-1]
    return Page(tuple(shown), page.next_cursor, page.previous_cursor, page.total, page.total_is_capped)


def whole_history(session: Session, *, account_id: int, chosen: HistoryFilter) -> Iterator[HistoryRow]:
    """Every row of a history, the latest first, in pieces: for files."""
    cursor: str | None = None
    while True:
        page = list_history(
            session, account_id=account_id, chosen=chosen, cursor=cursor, rows_max=EXPORT_ROWS, is_counted=False
        )
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def load_statement(session: Session, *, account_id: int, start: datetime | None, end: datetime | None) -> Statement:
    """A period of an account as it stands on paper. Wants a snapshot. Raises StatementTooLongError."""
    opening = balance_before(session, account_id=account_id, at=start) if start is not None else 0
    listed = HistoryFilter(start=start, end=end).narrowed(_listed(account_id))
    rows = session.execute(listed.order_by(Posting.at, Posting.id).limit(STATEMENT_LINES_MAX + 1)).all()
    if len(rows) > STATEMENT_LINES_MAX:
        raise StatementTooLongError(lines=STATEMENT_LINES_MAX)
    shown = _with_balances(session, account_id, rows)
    return Statement(
        opening_minor=opening,
        in_minor=sum(row.amount_minor for row in shown if row.amount_minor > 0),
        out_minor=sum(row.amount_minor for row in shown if row.amount_minor < 0),
        closing_minor=shown[-1].balance_after_minor if shown else opening,
        rows=tuple(shown),
    )


def balance_before(session: Session, *, account_id: int, at: datetime | None) -> int:
    """What an account held just before an instant, by its postings; None for all of them."""
    total = select(func.coalesce(func.sum(Posting.amount_minor), 0)).where(Posting.account_id == account_id)
    if at is not None:
        total = total.where(Posting.at < at)
    return int(session.execute(total).scalar_one())


def kinds_in(session: Session, *, account_id: int) -> list[str]:
    """The kinds of entries that an account's latest postings come from: what there is to choose from."""
    latest = (
        select(Posting.entry_id)
        .where(Posting.account_id == account_id)
        .order_by(Posting.at.desc(), Posting.id.desc())
        .limit(500)
        .subquery()
    )
    return list(session.scalars(select(LedgerEntry.kind).where(LedgerEntry.id.in_(select(latest))).distinct()))


def _listed(account_id: int) -> AnySelect:
    return (
        select(
            Posting.id,
            Posting.at,
            Posting.entry_id,
            LedgerEntry.kind,
            LedgerEntry.order_id,
            LedgerEntry.note,
            LedgerEntry.reverses,
            Posting.amount_minor,
        )
        .join(LedgerEntry, LedgerEntry.id == Posting.entry_id)
        .outerjoin(Order, Order.id == LedgerEntry.order_id)
        .where(Posting.account_id == account_id)
    )


def _counted(account_id: int, chosen: HistoryFilter) -> AnySelect:
    """The same rows to be counted; by one index where only days are chosen."""
    if chosen.kind or chosen.words:
        return chosen.narrowed(_listed(account_id)).with_only_columns(Posting.id)
    return chosen.narrowed(select(Posting.id).where(Posting.account_id == account_id))


# What was posted between each shown row and the one before it: one way through the index, whatever was left out.
_BETWEEN = text(
    """
    WITH shown AS (
        SELECT at, id, coalesce(lag(at) OVER w, '-infinity') AS before_at, coalesce(lag(id) OVER w, 0) AS before_id
          FROM unnest(CAST(:ats AS timestamptz[]), CAST(:ids AS bigint[])) AS s (at, id) WINDOW w AS (ORDER BY at, id)
    )
    SELECT s.id, (SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM ledger_posting p
                   WHERE p.account_id = :account_id AND (p.at, p.id) <= (s.at, s.id)
                     AND (p.at, p.id) > (s.before_at, s.before_id)) AS moved
      FROM shown s ORDER BY s.at, s.id
    """
)


def _with_balances(session: Session, account_id: int, rows: Sequence[Any]) -> list[HistoryRow]:
    """The rows, the earliest first, with the balance after each."""
    if not rows:
        return []
    given = {"account_id": account_id, "ats": [row.at for row in rows], "ids": [row.id for row in rows]}
    moved = {row.id: row.moved for row in session.execute(_BETWEEN, given)}
    numbers = order_numbers(session, {row.order_id for row in rows if row.order_id})
    found, balance = [], 0
    for row in rows:
        balance += moved[row.id]
        found.append(
            HistoryRow(
                id=row.id,
                at=row.at,
                entry_id=row.entry_id,
                kind=row.kind,
                order_id=row.order_id,
                number=numbers.get(row.order_id),
                note=row.note,
                reverses=row.reverses,
                amount_minor=row.amount_minor,
                balance_after_minor=balance,
            )
        )
    return found
