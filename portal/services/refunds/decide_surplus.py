"""What becomes of money that came in besides: the buyer's deposit, or back to an account that is named (PAY-16)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.gateways.base import (
    AccountOfBuyer,
    FetchRefundOutcome,
    Refunded,
    RefundFailed,
    RefundPending,
    RefundRequest,
)
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Payment, PaymentAttempt, Surplus
from portal.rules.permissions import SYSTEM, Actor
from portal.services.accounts.bank_details import check_bank, keep_bank, read_bank
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.deposits.credit_top_up import credit_top_up

LEASE = timedelta(seconds=30)
ASK_AGAIN_AFTER = timedelta(minutes=10)


class SurplusUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class SurplusDecidedError(PortalError):
    code = "surplus_decided"
    status = 409
    sentence = N_("This was decided already. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class SurplusToReturn:
    """What a worker needs to give it back once, or to ask what became of that."""

    surplus_id: uuid.UUID
    gateway_account_id: int
    request: RefundRequest
    refund_ref: str | None


def keep_surplus(session: Session, *, surplus_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Make it the buyer's deposit, from which he may withdraw it. Raises SurplusUnknownError, SurplusDecidedError."""
    surplus = _open(session, surplus_id)
    found = session.execute(
        select(PaymentAttempt.gateway, Payment.user_id)
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(PaymentAttempt.id == surplus.attempt_id)
    ).one()
    credit_top_up(
        session,
        user_id=found.user_id,
        gateway=found.gateway,
        currency=surplus.currency,
        amount_minor=surplus.amount_minor,
        idem_key=f"surplus:{surplus.id}",
        actor=actor,
        now=now,
    )
    _decide(session, surplus, "kept", actor, now)


def return_surplus(
    session: Session, *, surplus_id: uuid.UUID, bank: Mapping[str, str], actor: Actor, now: datetime
) -> None:
    """Let a worker give it back to this account. Raises BankDetailsError, and as keep_surplus."""
    details = check_bank(bank)
    surplus = _open(session, surplus_id)
    surplus.bank, surplus.due_at, surplus.code = keep_bank(details), now, None
    surplus.tries += 1
    _decide(session, surplus, "returning", actor, now)


def surplus_to_return(session: Session, *, surplus_id: uuid.UUID, now: datetime) -> SurplusToReturn | None:
    """Take it for giving back; None when there is nothing (more) to do, or another has it."""
    surplus = session.scalars(
        select(Surplus)
        .where(Surplus.id == surplus_id, Surplus.state == "returning", Surplus.due_at <= now)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if surplus is None:
        return None
    attempt = session.get_one(PaymentAttempt, surplus.attempt_id)
    surplus.due_at = now + LEASE
    request = RefundRequest(
        op_key=f"sur_{surplus.id.hex}_{surplus.tries}",
        gateway_ref=attempt.gateway_ref or "",
        amount_minor=surplus.amount_minor,
        currency=surplus.currency,
        reason="came_in_besides",
        account=AccountOfBuyer(**read_bank(surplus.bank)),
    )
    return SurplusToReturn(surplus.id, attempt.gateway_account_id, request, surplus.refund_ref)


def settle_surplus(session: Session, *, surplus_id: uuid.UUID, outcome: FetchRefundOutcome, now: datetime) -> None:
    """What the gateway says of the giving back. One that failed is open again."""
    surplus = session.get(Surplus, surplus_id, with_for_update=True)
    if surplus is None or surplus.state != "returning":
        return
    match outcome:
        case Refunded():
            surplus.refund_ref, surplus.due_at, surplus.bank = outcome.refund_ref, None, None
            _decide(session, surplus, "returned", SYSTEM, now)
        case RefundPending():
            surplus.refund_ref, surplus.due_at = outcome.refund_ref, now + ASK_AGAIN_AFTER
        case RefundFailed():
            _open_again(session, surplus, outcome.code, now)
        case _:
            surplus.due_at = now  # Nobody there knows of it: the same goes out again.
    session.flush()


def refuse_surplus(session: Session, *, surplus_id: uuid.UUID, code: str, now: datetime) -> None:
    """The gateway does not take the request: somebody has to decide anew."""
    surplus = session.get(Surplus, surplus_id, with_for_update=True)
    if surplus is not None and surplus.state == "returning":
        _open_again(session, surplus, code, now)


def surpluses_due(session: Session, *, now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Those whose giving back waits for a worker."""
    due = select(Surplus.id).where(Surplus.state == "returning", Surplus.due_at <= now).order_by(Surplus.due_at)
    return list(session.scalars(due.limit(limit)))


def _open(session: Session, surplus_id: uuid.UUID) -> Surplus:
    surplus = session.get(Surplus, surplus_id, with_for_update=True)
    if surplus is None:
        raise SurplusUnknownError
    if surplus.state != "open":
        raise SurplusDecidedError
    return surplus


def _open_again(session: Session, surplus: Surplus, code: str, now: datetime) -> None:
    surplus.state, surplus.code = "open", code
    surplus.bank = surplus.due_at = surplus.refund_ref = surplus.decided_at = surplus.decided_by = None
    session.flush()
    _record(session, surplus, {"state": "open", "code": code}, SYSTEM, now)


def _decide(session: Session, surplus: Surplus, state: str, actor: Actor, now: datetime) -> None:
    surplus.state, surplus.decided_at, surplus.decided_by = state, now, label(actor)
    session.flush()
    _record(session, surplus, {"state": state}, actor, now)


def _record(session: Session, surplus: Surplus, what: Mapping[str, str], actor: Actor, now: datetime) -> None:
    payment_id = session.execute(
        select(PaymentAttempt.payment_id).where(PaymentAttempt.id == surplus.attempt_id)
    ).scalar_one()
    after = {"surplus": str(surplus.id), "amount_minor": surplus.amount_minor, "currency": surplus.currency, **what}
    fact = Fact(AuditAction.PAYMENT_SURPLUS_DECIDED, f"payment:{payment_id}", after=after)
    record(session, fact, actor=actor, now=now)
