"""People as administrators look them up: the list, and one with what hangs on him. Callers mask what
is personal, and show balances only after the look was recorded."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.kit.paging import Page, fingerprint
from portal.models import LedgerAccount, Store, StoreMember, User
from portal.queries.keyset import AnyRow, Sorting, count_up_to, fetch_page

# UUIDs of version 7 rise with time, so that the key alone is the order of joining.
SORTING = Sorting((User.id,), (uuid.UUID,))


@dataclass(frozen=True, slots=True)
class UserFilter:
    """What the list shows; `search` is a whole e-mail address or an id."""

    role: str | None = None
    state: str | None = None
    search: str = ""

    @property
    def mark(self) -> str:
        return fingerprint("users", self.role, self.state, self.search)


@dataclass(frozen=True, slots=True)
class UserRow:
    """One row of the list."""

    id: uuid.UUID
    email: str
    name: str
    roles: tuple[str, ...]
    state: str
    email_verified_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class UserDetail:
    """A person with his stores, his accounts, sessions that last, and how many orders."""

    user: UserRow
    stores: Sequence[tuple[int, Mapping[str, str], str]]
    accounts: Sequence[AnyRow]
    sessions: int
    orders: int
    locale: str | None


_COLUMNS = (User.id, User.email, User.name, User.roles, User.state, User.email_verified_at, User.created_at)


def _row(row: Any) -> UserRow:
    return UserRow(row.id, row.email, row.name, tuple(row.roles), row.state, row.email_verified_at, row.created_at)


def list_users(session: Session, *, chosen: UserFilter, cursor: str | None) -> Page[UserRow]:
    """One page of people, the newest first. Raises CursorInvalidError."""
    statement = select(*_COLUMNS)
    if chosen.role:
        statement = statement.where(User.roles.contains([chosen.role]))
    if chosen.state:
        statement = statement.where(User.state == chosen.state)
    words = chosen.search.strip()
    if words:
        statement = statement.where(_is(words))
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


def _is(words: str) -> Any:
    try:
        return User.id == uuid.UUID(words)
    except ValueError:
        return User.email_index == email_index(words)


_NUMBERS = text(
    """
    SELECT (SELECT count(*) FROM orders WHERE buyer_id = :user_id) AS orders,
           (SELECT count(*) FROM web_session WHERE user_id = :user_id AND revoked_at IS NULL AND expires_at > :now)
             AS sessions
    """
)


def load_user(session: Session, *, user_id: uuid.UUID, now: datetime) -> UserDetail | None:
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
    numbers = session.execute(_NUMBERS, {"user_id": user_id, "now": now}).one()
    return UserDetail(
        user=_row(row),
        stores=[(store.id, store.name, store.role) for store in stores],
        accounts=accounts,
        sessions=numbers.sessions,
        orders=numbers.orders,
        locale=row.locale,
    )


def masked_email(email: str) -> str:
    """An address that one recognises when one knows it: `b••@e••.com`."""
    name, _, host = email.partition("@")
    first, dot, rest = host.rpartition(".")
    return f"{name[:1]}••@{first[:1]}••{dot}{rest}" if host else "••"


def masked(value: str) -> str:
    """The first letter and that there is more."""
    return f"{value[:1]}••" if value else ""
