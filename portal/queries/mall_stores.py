"""The stores of the mall, as administrators look them up."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import Store, StoreMember, User
from portal.queries.finding.words import Words, named
from portal.queries.keyset import Sorting, count_up_to, fetch_page

SORTING = Sorting((Store.id,), (int,), falling=False)


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store; the commission in basis points of what is sold."""

    id: int
    slug: str
    name: Mapping[str, str]
    country: str
    state: str
    commission_basis_points: int
    payout_period: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A person who works for a store; whoever shows him masks him."""

    id: uuid.UUID
    name: str
    role: str
    state: str


@dataclass(frozen=True, slots=True)
class StoreDetail:
    """A store with its members, and how much there is of its products, parts that wait to be sent, and open returns."""

    store: StoreRow
    members: Sequence[Member]
    products: int
    to_send: int
    returns: int
    tickets: int


_COLUMNS = (
    Store.id,
    Store.slug,
    Store.name,
    Store.country,
    Store.state,
    Store.commission_basis_points,
    Store.payout_period,
    Store.created_at,
)
_NUMBERS = text(
    """
    SELECT (SELECT count(*) FROM product WHERE store_id = :id) AS products,
           (SELECT count(*) FROM order_part WHERE store_id = :id AND status IN ('released', 'accepted', 'packed'))
               AS to_send,
           (SELECT count(*) FROM goods_return WHERE store_id = :id AND status IN ('requested', 'received', 'inspected'))
               AS returns,
           (SELECT count(*) FROM ticket WHERE store_id = :id AND answer_due_at IS NOT NULL) AS tickets
    """
)


def list_mall_stores(session: Session, *, search: str, cursor: str | None) -> Page[StoreRow]:
    """One page of stores, the oldest first; `search` is a part of a name. Raises CursorInvalidError."""
    statement = select(*_COLUMNS)
    like = Words(search).like
    if search:
        statement = statement.where(named(Store.name, like) if like else Store.slug == search)

    def make(row: Any) -> StoreRow:
        return StoreRow(*row)

    return fetch_page(
        session,
        statement,
        SORTING,
        make=make,
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("mall_stores", search),
        total=count_up_to(session, statement.with_only_columns(Store.id)),
    )


def load_mall_store(session: Session, *, store_id: int) -> StoreDetail | None:
    """One store; None when there is none."""
    row = session.execute(select(*_COLUMNS).where(Store.id == store_id)).one_or_none()
    if row is None:
        return None
    members = session.execute(
        select(User.id, User.name, StoreMember.role, User.state)
        .join(User, User.id == StoreMember.user_id)
        .where(StoreMember.store_id == store_id)
        .order_by(StoreMember.role, User.id)
    )
    numbers = session.execute(_NUMBERS, {"id": store_id}).one()
    return StoreDetail(StoreRow(*row), [Member(*one) for one in members], *numbers)
