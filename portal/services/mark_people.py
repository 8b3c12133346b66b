"""Writes the marks by which orders and people are found though what they are found by is encrypted (A17, S07).

The only writer of them. Whoever changes a name or an address empties the marks; this fills them in again within
seconds, so that no checkout waits for it, and rows from before there were marks get theirs in the same way.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

import orjson
from sqlalchemy import TextClause, select, text, true
from sqlalchemy.orm import Session

from portal.crypto import person_marks
from portal.models import Order, User

BATCH = 500
_MARKED = """
    UPDATE {table} t SET marks = string_to_array(w.marks, ' ')
      FROM unnest(CAST(:ids AS uuid[]), CAST(:marks AS text[])) AS w (id, marks) WHERE t.id = w.id
"""
_USERS, _ORDERS = (text(_MARKED.format(table=table)) for table in ("user_account", "orders"))


def mark_people(session: Session, *, user_id: uuid.UUID | None = None) -> int:
    """Mark the next rows that have no marks, of one person or of all, and say how many.

    Rows that somebody works on wait for the next time.
    """
    users = session.execute(
        select(User.id, User.name)
        .where(User.marks.is_(None), User.id == user_id if user_id else true())
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    if users:
        _write(session, _USERS, {one.id: person_marks(names=[one.name]) for one in users})
    orders = session.execute(
        select(Order.id, Order.contact, Order.address)
        .where(Order.marks.is_(None), Order.buyer_id == user_id if user_id else true())
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    if orders:
        _write(session, _ORDERS, {one.id: _of(one.contact, one.address) for one in orders})
    return len(users) + len(orders)


def _write(session: Session, statement: TextClause, marks: Mapping[uuid.UUID, Sequence[str]]) -> None:
    """All of them at once: PostgreSQL takes no list of lists of different lengths, so they travel as words."""
    session.execute(statement, {"ids": list(marks), "marks": [" ".join(one) for one in marks.values()]})


def _of(*sealed: str | None) -> list[str]:
    people: list[Mapping[str, str]] = [orjson.loads(one) for one in sealed if one]
    return person_marks(
        **{f"{name}s": [str(one[name]) for one in people if one.get(name)] for name in ("name", "phone", "email")}
    )
