"""Withdrawals for their owner and for whoever decides."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import User, Withdrawal
from portal.queries.keyset import Sorting, count_up_to, fetch_page

OPEN = ("requested", "approved")


@dataclass(frozen=True, slots=True)
class WithdrawalRow:
    """One withdrawal; `holds` are the words for why a person looks at it."""

    id: uuid.UUID
    user_id: uuid.UUID
    name: str
    currency: str
    amount_minor: int
    status: str
    holds: Sequence[str]
    requested_at: datetime
    reason: str | None


SORTING = Sorting((Withdrawal.requested_at, Withdrawal.id), (datetime, uuid.UUID))
_COLUMNS = (
    Withdrawal.id,
    Withdrawal.user_id,
    User.name,
    Withdrawal.currency,
    Withdrawal.amount_minor,
    Withdrawal.status,
    Withdrawal.holds,
    Withdrawal.requested_at,
    Withdrawal.reason,
)


def own_withdrawals(session: Session, *, user_id: uuid.UUID, limit: int = 20) -> list[WithdrawalRow]:
    """The latest of one person."""
    rows = session.execute(
        select(*_COLUMNS)
        .join(User, User.id == Withdrawal.user_id)
        .where(Withdrawal.user_id == user_id)
        .order_by(Withdrawal.requested_at.desc())
        .limit(limit)
    )
    return [WithdrawalRow(*row) for row in rows]


def list_withdrawals(session: Session, *, only_open: bool, cursor: str | None) -> Page[WithdrawalRow]:
    """One page of everybody's, the newest first. Raises CursorInvalidError."""
    statement = select(*_COLUMNS).join(User, User.id == Withdrawal.user_id)
    counted = select(Withdrawal.id)
    if only_open:
        statement = statement.where(Withdrawal.status.in_(OPEN))
        counted = counted.where(Withdrawal.status.in_(OPEN))
    return fetch_page(
        session,
        statement,
        SORTING,
        make=lambda row: WithdrawalRow(*row),
        key=lambda row: (row.requested_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("withdrawals", only_open),
        total=count_up_to(session, counted),
    )


def load_withdrawal(session: Session, *, withdrawal_id: uuid.UUID) -> WithdrawalRow | None:
    row = session.execute(
        select(*_COLUMNS).join(User, User.id == Withdrawal.user_id).where(Withdrawal.id == withdrawal_id)
    ).one_or_none()
    return WithdrawalRow(*row) if row is not None else None


def load_withdrawal_bank(session: Session, *, withdrawal_id: uuid.UUID) -> Mapping[str, str]:
    """Where it goes: for whoever pays it."""
    kept = session.execute(select(Withdrawal.bank).where(Withdrawal.id == withdrawal_id)).scalar_one()
    found: Mapping[str, str] = orjson.loads(kept)
    return found
