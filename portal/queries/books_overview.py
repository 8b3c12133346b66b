"""The books at a glance: what all accounts of a kind hold, what is held, and who has looked at whose balance."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, literal_column, or_, select
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.kit.paging import Page, fingerprint
from portal.models import AuditRow, LedgerAccount, LedgerHold, Order, Posting, Store, User, WebSession
from portal.queries.keyset import AnySelect, Sorting, count_up_to, fetch_page

HOLDS = Sorting((LedgerHold.created_at, LedgerHold.id), (datetime, uuid.UUID))
VIEWS = Sorting((AuditRow.id,), (int,))
VIEWED = "balance:viewed"


@dataclass(frozen=True, slots=True)
class KindTotal:
    """All accounts of one kind in one currency, by their postings."""

    kind: str
    currency: str
    accounts: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class HoldRow:
    """An amount set aside on an account."""

    id: uuid.UUID
    account_id: int
    kind: str
    owner: str
    currency: str
    amount_minor: int
    status: str
    number: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BalanceLook:
    """Somebody had a balance shown to him: who, whose, when, and from where as far as that is still kept."""

    id: int
    at: datetime
    who: uuid.UUID | None
    who_name: str | None
    whose: uuid.UUID | None
    whose_name: str | None
    channel_id: int | None
    ip: str | None
    user_agent: str | None


def trial_balance(session: Session, *, before: datetime | None) -> list[KindTotal]:
    """What every kind of account holds in each currency, by all postings before an instant; per currency zero."""
    sums = select(Posting.account_id, func.sum(Posting.amount_minor).label("total")).group_by(Posting.account_id)
    if before is not None:
        sums = sums.where(Posting.at < before)
    per_account = sums.subquery()
    rows = session.execute(
        select(LedgerAccount.kind, LedgerAccount.currency, func.count(), func.sum(per_account.c.total))
        .join(per_account, per_account.c.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.kind, LedgerAccount.currency)
        .order_by(LedgerAccount.currency, LedgerAccount.kind)
    )
    return [KindTotal(row[0], row[1], row[2], int(row[3])) for row in rows]


def list_holds(
    session: Session, *, status: str | None, cursor: str | None, account_id: int | None = None
) -> Page[HoldRow]:
    """One page of holds, of everybody or of one account, the latest first. Raises CursorInvalidError."""
    statement: AnySelect = (
        select(
            LedgerHold.id,
            LedgerHold.account_id,
            LedgerAccount.kind,
            LedgerAccount.owner,
            LedgerAccount.currency,
            LedgerHold.amount_minor,
            LedgerHold.status,
            Order.number,
            LedgerHold.created_at,
            LedgerHold.expires_at,
        )
        .join(LedgerAccount, LedgerAccount.id == LedgerHold.account_id)
        .outerjoin(Order, Order.id == LedgerHold.order_id)
    )
    counted = select(LedgerHold.id)
    if status:
        statement, counted = statement.where(LedgerHold.status == status), counted.where(LedgerHold.status == status)
    if account_id is not None:
        mine = LedgerHold.account_id == account_id
        statement, counted = statement.where(mine), counted.where(mine)
    return fetch_page(
        session,
        statement,
        HOLDS,
        make=lambda row: HoldRow(*row),
        key=lambda row: (row.created_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("holds", status, account_id),
        total=count_up_to(session, counted),
    )


def owners_matching(session: Session, words: str) -> list[str]:
    """The owners that somebody may mean: a person's e-mail address, an id, a store, an order's number, a gateway."""
    typed = words.strip()
    found = [f"gateway:{typed.lower()}", typed.lower()]
    try:
        wanted = uuid.UUID(typed)
        found += [f"user:{wanted}", f"order:{wanted}"]
    except ValueError:
        people = session.scalars(select(User.id).where(User.email_index == email_index(typed)))
        found += [f"user:{one}" for one in people]
        orders = session.scalars(select(Order.id).where(Order.number == typed.upper()))
        found += [f"order:{one}" for one in orders]
        named = or_(
            Store.slug == typed.lower(),
            *(func.lower(Store.name[locale].astext) == typed.lower() for locale in ("en", "ko")),
        )
        found += [f"store:{one}" for one in session.scalars(select(Store.id).where(named))]
    return found


def list_balance_looks(
    session: Session, *, whose: uuid.UUID | None, who: uuid.UUID | None, cursor: str | None
) -> Page[BalanceLook]:
    """One page of looks at balances, the latest first. Raises CursorInvalidError."""
    # As a literal, so that the planner knows the partial index.
    statement: AnySelect = select(AuditRow.id, AuditRow.at, AuditRow.actor, AuditRow.ref, AuditRow.payload).where(
        AuditRow.action == literal_column(f"'{VIEWED}'")
    )
    if whose is not None:
        statement = statement.where(AuditRow.ref == f"user:{whose}")
    if who is not None:
        statement = statement.where(AuditRow.actor == f"user:{who}")
    page = fetch_page(
        session,
        statement,
        VIEWS,
        make=lambda row: row,
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("balance_looks", whose, who),
        total=count_up_to(session, statement.with_only_columns(AuditRow.id)),
    )
    rows = _looks(session, page.rows)
    return Page(tuple(rows), page.next_cursor, page.previous_cursor, page.total, page.total_is_capped)


def _looks(session: Session, rows: Sequence[Any]) -> list[BalanceLook]:
    facts = [(row, orjson.loads(row.payload)) for row in rows]
    sessions = {uuid.UUID(one["session"]) for _, one in facts if one.get("session")}
    seen = {
        row.id: row
        for row in session.execute(
            select(WebSession.id, WebSession.ip, WebSession.user_agent).where(WebSession.id.in_(sessions))
        )
    }
    people = {_person(text) for row, _ in facts for text in (row.actor, row.ref)} - {None}
    names: Mapping[uuid.UUID | None, str] = {
        row.id: row.name for row in session.execute(select(User.id, User.name).where(User.id.in_(people)))
    }
    found = []
    for row, one in facts:
        place = seen.get(uuid.UUID(one["session"])) if one.get("session") else None
        who, whose = _person(row.actor), _person(row.ref)
        found.append(
            BalanceLook(
                id=row.id,
                at=row.at,
                who=who,
                who_name=names.get(who),
                whose=whose,
                whose_name=names.get(whose),
                channel_id=one.get("channel"),
                ip=place.ip if place else None,
                user_agent=place.user_agent if place else None,
            )
        )
    return found


def _person(label: str) -> uuid.UUID | None:
    kind, _, ref = label.partition(":")
    return uuid.UUID(ref) if kind == "user" else None
