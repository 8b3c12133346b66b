"""Attempts that somebody must look at: what the sweep finds without any job (PAY-07, STR-06)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal.models import Order, OrderHold, Payment, PaymentAttempt, Tender

# While one worker looks, no other does.
LEASE = timedelta(seconds=15)
ENDED = ("declined", "cancelled")
ASKABLE = ("sent", "requires_action", "pending", "unknown", "authorised")


@dataclass(frozen=True, slots=True)
class AttemptToAsk:
    """An attempt as the gateway knows it."""

    attempt_id: uuid.UUID
    gateway_account_id: int
    op_key: str
    gateway_ref: str | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class DueAttempts:
    """What is due, by what must be done."""

    to_send: list[uuid.UUID]
    to_ask: list[uuid.UUID]
    to_reverse: list[uuid.UUID]
    to_capture: list[uuid.UUID]


def attempt_to_ask(
    session: Session, *, attempt_id: uuid.UUID, now: datetime, ended_too: bool = False
) -> AttemptToAsk | None:
    """Take an attempt for a look-up; None when it is over, was never sent, or another looks at it.

    `ended_too` is for notices: what has ended here, or was taken, may have gone on at the gateway.
    """
    states = (*ASKABLE, *ENDED, "captured") if ended_too else ASKABLE
    row = session.execute(
        select(
            PaymentAttempt.id,
            PaymentAttempt.gateway_account_id,
            PaymentAttempt.op_key,
            PaymentAttempt.gateway_ref,
            PaymentAttempt.sent_at,
        )
        .where(PaymentAttempt.id == attempt_id, PaymentAttempt.state.in_(states))
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    session.execute(update(PaymentAttempt).where(PaymentAttempt.id == attempt_id).values(due_at=now + LEASE))
    return AttemptToAsk(row.id, row.gateway_account_id, row.op_key, row.gateway_ref, row.sent_at)


# As long as somebody looks at an order or its buyer, what a gateway holds for it is not taken (FRD-08); and once the
# order goes on, as long as any of its parts is held for whatever reason.
IS_HELD = (
    select(OrderHold.id)
    .join(Order, Order.id == OrderHold.order_id)
    .where(
        OrderHold.order_id == Payment.order_id,
        OrderHold.released_at.is_(None),
        or_(OrderHold.kind == "fraud", Order.status != "pending"),
    )
    .exists()
)


@dataclass(frozen=True, slots=True)
class AttemptToCapture:
    """A held amount that is to be taken."""

    attempt_id: uuid.UUID
    gateway_account_id: int
    gateway_ref: str
    amount_minor: int
    currency: str
    asked: AttemptToAsk


def attempt_to_capture(session: Session, *, attempt_id: uuid.UUID, now: datetime) -> AttemptToCapture | None:
    """Take an authorised attempt for its capture; None when it is not wanted, not held, or another captures it."""
    row = session.execute(
        select(
            PaymentAttempt.id,
            PaymentAttempt.gateway_account_id,
            PaymentAttempt.gateway_ref,
            PaymentAttempt.op_key,
            PaymentAttempt.sent_at,
            PaymentAttempt.capture_minor,
            Payment.amount_minor,
            Payment.tender_id,
            Payment.currency,
        )
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(
            PaymentAttempt.id == attempt_id,
            PaymentAttempt.state == "authorised",
            PaymentAttempt.reversal.is_(None),
            Payment.capture_wanted,
            Payment.status == "authorised",
            ~IS_HELD,
        )
        # With the payment: a refund that is decided just now either counts, or waits for what is taken.
        .with_for_update(of=(PaymentAttempt, Payment), skip_locked=True)
    ).one_or_none()
    if row is None or row.gateway_ref is None:
        return None
    amount = row.capture_minor
    if amount is None:
        released = session.execute(select(Tender.released_minor).where(Tender.id == row.tender_id)).scalar()
        amount = row.amount_minor - (released or 0)
    session.execute(
        update(PaymentAttempt).where(PaymentAttempt.id == attempt_id).values(due_at=now + LEASE, capture_minor=amount)
    )
    asked = AttemptToAsk(row.id, row.gateway_account_id, row.op_key, row.gateway_ref, row.sent_at)
    return AttemptToCapture(row.id, row.gateway_account_id, row.gateway_ref, amount, row.currency, asked)


def find_due(session: Session, *, now: datetime, limit: int = 200) -> DueAttempts:
    """Attempts whose time has come, oldest first."""
    rows = session.execute(
        select(PaymentAttempt.id, PaymentAttempt.state, PaymentAttempt.reversal)
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(
            PaymentAttempt.due_at <= now,
            PaymentAttempt.state.in_(("created", "claimed", "sent", "requires_action", "pending", "unknown"))
            | (
                (PaymentAttempt.state == "authorised")
                & Payment.capture_wanted
                & (Payment.status == "authorised")
                & ~IS_HELD
            )
            | (PaymentAttempt.reversal == "wanted"),
        )
        .order_by(PaymentAttempt.due_at)
        .limit(limit)
    ).all()
    return DueAttempts(
        to_send=[row.id for row in rows if row.state == "created"],
        to_ask=[row.id for row in rows if row.state in ASKABLE and row.state != "authorised" and row.reversal is None],
        to_reverse=[row.id for row in rows if row.reversal == "wanted"],
        to_capture=[row.id for row in rows if row.state == "authorised" and row.reversal is None],
    )
