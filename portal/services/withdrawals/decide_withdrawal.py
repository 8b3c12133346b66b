"""A withdrawal is approved, refused with the money back on the deposit, and marked as paid (REF-08)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import Payout, Withdrawal
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import EntryKind, withdrawal_paid, withdrawal_undone
from portal.rules.states import Machine
from portal.rules.step_up import StepUpAction
from portal.services.accounts.may_spend import check_owner_may_spend
from portal.services.accounts.step_up import Binding, check_step_up
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import Event, emit

REFERENCE_LENGTH_MAX = 100


class WithdrawalUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class WithdrawalDecidedError(PortalError):
    code = "withdrawal_decided"
    status = 409
    sentence = N_("This withdrawal was decided already. Nothing was changed by you.")


class WithdrawalTextMissingError(PortalError):
    code = "withdrawal_text_missing"
    sentence = N_("Say why, or give the bank's reference: it stands in the record.")


def withdrawal_event(kind: str, row: Withdrawal) -> Event:
    """A fact about a withdrawal, heard by its owner's pages."""
    payload = {"withdrawal": str(row.id), "amount_minor": row.amount_minor, "currency": row.currency}
    return Event(kind, f"withdrawal:{row.id}", payload, profile_id=row.user_id, priority="high")


def carry_out(session: Session, *, row: Withdrawal, actor: Actor, now: datetime) -> None:
    """Approve a withdrawal: whoever pays finds it among the payouts."""
    _move(session, row, "approved", actor, now)
    session.add(
        Payout(
            id=new_id(),
            user_id=row.user_id,
            withdrawal_id=row.id,
            currency=row.currency,
            amount_minor=row.amount_minor,
            bank=row.bank,
            state="waiting",
            requested_at=now,
        )
    )
    session.flush()
    emit(session, withdrawal_event("withdrawal.approved", row), now=now)


def approve_withdrawal(session: Session, *, withdrawal_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Let a held withdrawal go out. Nobody approves his own.

    Raises WithdrawalUnknownError, WithdrawalDecidedError, OwnerFrozenError, and StepUpNeededError above the threshold.
    """
    row = _take(session, withdrawal_id, actor)
    if row.status != "requested":
        raise WithdrawalDecidedError
    check_owner_may_spend(session, user_id=row.user_id)
    binding = Binding(f"withdrawal:{row.id}", Money(row.amount_minor, row.currency))
    check_step_up(session, actor=actor, action=StepUpAction.RELEASE_WITHDRAWAL, binding=binding, now=now)
    carry_out(session, row=row, actor=actor, now=now)


def refuse_withdrawal(session: Session, *, withdrawal_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> None:
    """Say no, with a reason that the owner reads; the amount is deposit again.

    Raises WithdrawalUnknownError, WithdrawalDecidedError, WithdrawalTextMissingError.
    """
    kept = reason.strip()
    if not kept:
        raise WithdrawalTextMissingError
    row = _take(session, withdrawal_id, actor)
    if row.status != "requested":
        raise WithdrawalDecidedError
    row.reason, row.closed_at = kept, now
    _book(session, row, EntryKind.WITHDRAWAL_UNDONE, AuditAction.WITHDRAWAL_DECIDED, actor, now, kept)
    _move(session, row, "refused", actor, now)
    emit(session, withdrawal_event("withdrawal.refused", row), now=now)


def pay_withdrawal(session: Session, *, withdrawal_id: uuid.UUID, reference: str, actor: Actor, now: datetime) -> None:
    """Record that the bank transfer was made. Raises as refuse_withdrawal, and OwnerFrozenError."""
    kept = " ".join(reference.split())[:REFERENCE_LENGTH_MAX]
    if not kept:
        raise WithdrawalTextMissingError
    row = _take(session, withdrawal_id, actor)
    if row.status != "approved":
        raise WithdrawalDecidedError
    check_owner_may_spend(session, user_id=row.user_id)
    payout = session.execute(select(Payout).where(Payout.withdrawal_id == row.id)).scalar_one()
    payout.state, payout.reference, payout.paid_at, payout.paid_by = "paid", kept, now, label(actor)
    row.closed_at = now
    _book(session, row, EntryKind.WITHDRAWAL_PAID, AuditAction.WITHDRAWAL_PAID, actor, now, kept)
    _move(session, row, "paid", actor, now)
    emit(session, withdrawal_event("withdrawal.paid", row), now=now)


def _take(session: Session, withdrawal_id: uuid.UUID, actor: Actor) -> Withdrawal:
    if not may(actor, Permission.WITHDRAWAL_APPROVE):
        raise WithdrawalUnknownError
    row = session.execute(
        select(Withdrawal).where(Withdrawal.id == withdrawal_id).with_for_update()
    ).scalar_one_or_none()
    if row is None or row.user_id == actor.user_id:
        raise WithdrawalUnknownError
    return row


def _move(session: Session, row: Withdrawal, new: str, actor: Actor, now: datetime) -> None:
    record_moves(session, Move(Machine.WITHDRAWAL, row.id, row.status, new, reason=row.reason), actor=actor, now=now)
    row.status = new
    if new != "paid":
        row.decided_by, row.decided_at = label(actor), now
    session.flush()


def _book(
    session: Session, row: Withdrawal, kind: EntryKind, action: AuditAction, actor: Actor, now: datetime, why: str
) -> None:
    template = withdrawal_paid if kind is EntryKind.WITHDRAWAL_PAID else withdrawal_undone
    entry_id, _ = post(
        session,
        kind=kind,
        idem_key=f"withdrawal:{row.id}:{kind.value}",
        lines=template(user_id=row.user_id, currency=row.currency, amount_minor=row.amount_minor),
        now=now,
    )
    after = {"withdrawal": str(row.id), "amount_minor": row.amount_minor}
    record(session, Fact(action, f"entry:{entry_id}", after=after, reason=why), actor=actor, now=now)
