"""Withdrawals for their owner and for whoever decides."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import Payment, PaymentAttempt, Payout, RefundLeg, User, Withdrawal
from portal.queries.keyset import PAGE_ROWS, Sorting, count_up_to, fetch_page

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


def list_withdrawals(
    session: Session, *, only_open: bool, cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[WithdrawalRow]:
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
        rows_max=rows_max,
        total=count_up_to(session, counted),
    )


def load_withdrawal(session: Session, *, withdrawal_id: uuid.UUID) -> WithdrawalRow | None:
    row = session.execute(
        select(*_COLUMNS).join(User, User.id == Withdrawal.user_id).where(Withdrawal.id == withdrawal_id)
    ).one_or_none()
    return WithdrawalRow(*row) if row is not None else None


@dataclass(frozen=True, slots=True)
class SentBack:
    """What of a withdrawal goes back through one payment, and how far that is."""

    method: str
    card: Mapping[str, Any] | None
    amount_minor: int
    status: str
    payment_id: uuid.UUID


def load_sent_back(session: Session, *, withdrawal_id: uuid.UUID) -> list[SentBack]:
    """The legs of a withdrawal, in the order of their payments."""
    rows = session.execute(
        select(Payment.method, PaymentAttempt.card, RefundLeg.amount_minor, RefundLeg.status, Payment.id)
        .join(PaymentAttempt, PaymentAttempt.id == RefundLeg.attempt_id)
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(RefundLeg.withdrawal_id == withdrawal_id)
        .order_by(RefundLeg.id)
    )
    return [SentBack(*row) for row in rows]


def load_to_pay(session: Session, *, withdrawal_id: uuid.UUID) -> tuple[int, Mapping[str, str]] | None:
    """How much is to be paid to which account by hand; None when nothing is (any more)."""
    row = session.execute(
        select(Payout.amount_minor, Payout.bank).where(Payout.withdrawal_id == withdrawal_id, Payout.state == "waiting")
    ).one_or_none()
    return (row.amount_minor, orjson.loads(row.bank)) if row else None
