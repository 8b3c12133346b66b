"""People as administrators look them up: the list, and one with what hangs on him. Callers mask what
is personal, and show balances only after the look was recorded."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, column, func, or_, select, text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText, email_index, person_marks
from portal.kit.paging import Page, fingerprint
from portal.models import (
    LedgerAccount,
    Order,
    RiskCase,
    RiskCasePerson,
    SecondFactor,
    Store,
    StoreMember,
    User,
    WebSession,
)
from portal.queries.keyset import AnyRow, Sorting, count_up_to, fetch_page, few_of, has_mark
from portal.rules.permissions import Role

# UUIDs of version 7 rise with time, so that the key alone is the order of joining.
SORTING = Sorting((User.id,), (uuid.UUID,))
CASES_SHOWN = 10


class Seen(StrEnum):
    """When somebody was there last, as the list narrows by it."""

    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    LONG_AGO = "long_ago"

    def since(self, now: datetime) -> datetime:
        """From when on; for LONG_AGO, until when."""
        return now - {Seen.WEEK: timedelta(days=7), Seen.MONTH: timedelta(days=30)}.get(self, timedelta(days=90))


BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class UserFilter:
    """What the list shows. `search` is a whole e-mail address, name or id; `state` may be `blocked`, too.

    `joined_from` is included, `joined_until` not.
    """

    role: str | None = None
    state: str | None = None
    search: str = ""
    channel_id: int | None = None
    seen: Seen | None = None
    joined_from: datetime | None = None
    joined_until: datetime | None = None

    @property
    def mark(self) -> str:
        days = (str(self.joined_from), str(self.joined_until))
        return fingerprint("users", self.role, self.state, self.search, self.channel_id, self.seen, *days)


@dataclass(frozen=True, slots=True)
class UserRow:
    """One row of the list. `channel_id` is where he signed up."""

    id: uuid.UUID
    email: str
    name: str
    roles: tuple[str, ...]
    state: str
    email_verified_at: datetime | None
    created_at: datetime
    blocked_at: datetime | None
    channel_id: int | None
    last_seen_at: datetime | None


@dataclass(frozen=True)
class UserDetail:
    """A person with his stores, his accounts, his cases of risk, how he proves himself, and how many orders."""

    user: UserRow
    stores: Sequence[tuple[int, Mapping[str, str], str]]
    accounts: Sequence[AnyRow]
    cases: Sequence[AnyRow]
    factors: Sequence[AnyRow]
    notes: Sequence[AnyRow]
    orders: int
    locale: str | None


_last_seen = (
    select(WebSession.last_seen_at)
    .where(WebSession.user_id == User.id)
    .order_by(WebSession.last_seen_at.desc())
    .limit(1)
    .correlate(User)
    .scalar_subquery()
)
_COLUMNS = (
    User.id,
    User.email,
    User.name,
    User.roles,
    User.state,
    User.email_verified_at,
    User.created_at,
    User.blocked_at,
    User.channel_id,
    _last_seen.label("last_seen_at"),
)


def _row(row: Any) -> UserRow:
    return UserRow(
        row.id,
        row.email,
        row.name,
        tuple(row.roles),
        row.state,
        row.email_verified_at,
        row.created_at,
        row.blocked_at,
        row.channel_id,
        row.last_seen_at,
    )


def list_users(session: Session, *, chosen: UserFilter, cursor: str | None, now: datetime) -> Page[UserRow]:
    """One page of people, the newest first. Raises CursorInvalidError."""
    statement = select(*_COLUMNS).where(*_wanted(session, chosen, now))
    return fetch_page(
        session,
        statement,
        SORTING,
        make=_row,
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=chosen.mark,
        total=count_up_to(session, statement.with_only_columns(User.id)),
    )


def _wanted(session: Session, chosen: UserFilter, now: datetime) -> Iterator[ColumnElement[bool]]:
    if chosen.role:
        yield has_mark(User.roles, [chosen.role])
        if chosen.role != Role.BUYER:
            yield User.roles != [Role.BUYER.value]  # Whose index is short.
    if chosen.state == BLOCKED:
        yield User.blocked_at.is_not(None)
    elif chosen.state:
        yield User.state == chosen.state
    if chosen.channel_id is not None:
        yield User.channel_id == chosen.channel_id
    if chosen.seen:
        there = (
            select(WebSession.id)
            .where(WebSession.user_id == User.id, WebSession.last_seen_at >= chosen.seen.since(now))
            .correlate(User)
            .exists()
        )
        yield ~there if chosen.seen is Seen.LONG_AGO else there
    if chosen.joined_from is not None:
        yield User.created_at >= chosen.joined_from
    if chosen.joined_until is not None:
        yield User.created_at < chosen.joined_until
    if words := chosen.search.strip():
        yield _is(session, words)


def _is(session: Session, words: str) -> ColumnElement[bool]:
    try:
        return User.id == uuid.UUID(words)
    except ValueError:
        marks = person_marks(names=[words])
        ways: list[ColumnElement[bool]] = [
            User.email_index == email_index(words),
            *([has_mark(User.marks, marks)] if marks else []),
        ]
        few = few_of(session, *(select(User.id).where(way) for way in ways))
        return or_(*ways) if few is None else User.id.in_(few)


_NOTES = text(
    """
    SELECT n.act, n.text, n.at, n.author_id, u.name AS author FROM user_note n JOIN user_account u ON u.id = n.author_id
     WHERE n.user_id = :user_id ORDER BY n.at DESC, n.id DESC LIMIT 100
    """
).columns(
    *(column(name) for name in ("act",)),
    column("text", EncryptedText("user_note.text")),
    *(column(name) for name in ("at", "author_id")),
    column("author", EncryptedText("user_account.name")),
)


def load_user(session: Session, *, user_id: uuid.UUID) -> UserDetail | None:
    """One person; None when there is none."""
    row = session.execute(select(*_COLUMNS, User.locale).where(User.id == user_id)).one_or_none()
    if row is None:
        return None
    stores = session.execute(
        select(Store.id, Store.name, StoreMember.role)
        .join(StoreMember, StoreMember.store_id == Store.id)
        .where(StoreMember.user_id == user_id)
        .order_by(Store.id)
    ).all()
    accounts = session.execute(
        select(
            LedgerAccount.id,
            LedgerAccount.kind,
            LedgerAccount.currency,
            LedgerAccount.frozen_at,
            LedgerAccount.balance_minor,
            LedgerAccount.held_minor,
            (LedgerAccount.balance_minor - LedgerAccount.held_minor).label("available_minor"),
        )
        .where(LedgerAccount.owner == f"user:{user_id}")
        .order_by(LedgerAccount.currency, LedgerAccount.kind)
    ).all()
    cases = session.execute(
        select(RiskCase.id, RiskCase.state, RiskCase.opened_at)
        .join(RiskCasePerson, RiskCasePerson.case_id == RiskCase.id)
        .where(RiskCasePerson.user_id == user_id, RiskCase.state != "merged")
        .order_by(RiskCase.opened_at.desc())
        .limit(CASES_SHOWN)
    ).all()
    factors = session.execute(
        select(SecondFactor.kind, SecondFactor.label, SecondFactor.confirmed_at, SecondFactor.last_used_at)
        .where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
        .order_by(SecondFactor.confirmed_at)
    ).all()
    orders = session.execute(select(func.count()).where(Order.buyer_id == user_id)).scalar_one()
    return UserDetail(
        user=_row(row),
        stores=[(store.id, store.name, store.role) for store in stores],
        accounts=accounts,
        cases=cases,
        factors=factors,
        notes=session.execute(_NOTES, {"user_id": user_id}).all(),
        orders=orders,
        locale=row.locale,
    )


def masked_email(email: str) -> str:
    """An address that one recognises when one knows it: `b••@e••.com`."""
    name, _, host = email.partition("@")
    first, dot, rest = host.rpartition(".")
    return f"{name[:1]}••@{first[:1]}••{dot}{rest}" if host else "••"


def masked_ip(ip: str) -> str:
    """An IP address by which one tells networks apart, and nobody is found."""
    mark = ":" if ":" in ip else "."
    return mark.join([*ip.split(mark)[:2], "…"])


def masked(value: str) -> str:
    """The first letter and that there is more."""
    return f"{value[:1]}••" if value else ""
