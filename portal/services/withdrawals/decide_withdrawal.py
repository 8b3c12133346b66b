"""A withdrawal is approved, refused with the money back on the deposit, and marked as paid (REF-08)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import Payout, Withdrawal
from portal.queries.withdrawal_ways import PaidBy, ways_back
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import EntryKind, withdrawal_paid, withdrawal_undone
from portal.rules.states import Machine
from portal.rules.step_up import StepUpAction
from portal.services.accounts.may_spend import check_owner_may_spend
from portal.services.accounts.step_up import Binding, check_step_up
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import emit
from portal.services.refunds.follow_withdrawal import close_withdrawal, withdrawal_event
from portal.services.withdrawals.send_back import send_back

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


def carry_out(session: Session, *, row: Withdrawal, ways: Sequence[PaidBy], actor: Actor, now: datetime) -> None:
    """Send a withdrawal on that nobody has to look at; the payments of `ways` are locked."""
    _move(session, row, "approved", actor, now)
    send_back(session, row=row, ways=ways, actor=actor, now=now)


def approve_withdrawal(session: Session, *, withdrawal_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Let a held withdrawal go out. Nobody approves his own.

    Raises WithdrawalUnknownError, WithdrawalDecidedError, OwnerFrozenError, and StepUpNeededError above the threshold.
    """
    ways = _ways_of(session, withdrawal_id, now)
    row = _take(session, withdrawal_id, actor)
    if row.status != "requested":
        raise WithdrawalDecidedError
    check_owner_may_spend(session, user_id=row.user_id)
    binding = Binding(f"withdrawal:{row.id}", Money(row.amount_minor, row.currency))
    check_step_up(session, actor=actor, action=StepUpAction.RELEASE_WITHDRAWAL, binding=binding, now=now)
    carry_out(session, row=row, ways=ways, actor=actor, now=now)


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
    kind, action = EntryKind.WITHDRAWAL_UNDONE, AuditAction.WITHDRAWAL_DECIDED
    row.returned_minor = row.amount_minor
    _book(session, row, row.amount_minor, kind, action, actor, now, kept)
    _move(session, row, "refused", actor, now)
    emit(session, withdrawal_event("withdrawal.refused", row), now=now)


def pay_withdrawal(session: Session, *, withdrawal_id: uuid.UUID, reference: str, actor: Actor, now: datetime) -> None:
    """Record that the bank transfer was made, of what did not go back its own way.

    Raises as refuse_withdrawal, and OwnerFrozenError.
    """
    kept = " ".join(reference.split())[:REFERENCE_LENGTH_MAX]
    if not kept:
        raise WithdrawalTextMissingError
    row = _take(session, withdrawal_id, actor)
    if row.status != "approved":
        raise WithdrawalDecidedError
    check_owner_may_spend(session, user_id=row.user_id)
    payout = session.execute(select(Payout).where(Payout.withdrawal_id == row.id)).scalar_one_or_none()
    if payout is None or payout.state == "paid":
        raise WithdrawalDecidedError
    payout.state, payout.reference, payout.paid_at, payout.paid_by = "paid", kept, now, label(actor)
    kind, action = EntryKind.WITHDRAWAL_PAID, AuditAction.WITHDRAWAL_PAID
    _book(session, row, payout.amount_minor, kind, action, actor, now, kept)
    close_withdrawal(session, row=row, actor=actor, now=now)


def _ways_of(session: Session, withdrawal_id: uuid.UUID, now: datetime) -> list[PaidBy]:
    """The ways back of a withdrawal, with their payments locked; before the withdrawal itself is."""
    found = session.execute(
        select(Withdrawal.user_id, Withdrawal.currency).where(Withdrawal.id == withdrawal_id)
    ).one_or_none()
    if found is None:
        raise WithdrawalUnknownError
    return ways_back(session, user_id=found.user_id, currency=found.currency, now=now, lock=True)


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
    row.status, row.decided_by, row.decided_at = new, label(actor), now
    session.flush()


def _book(
    session: Session,
    row: Withdrawal,
    amount_minor: int,
    kind: EntryKind,
    action: AuditAction,
    actor: Actor,
    now: datetime,
    why: str,
) -> None:
    template = withdrawal_paid if kind is EntryKind.WITHDRAWAL_PAID else withdrawal_undone
    entry_id, _ = post(
        session,
        kind=kind,
        idem_key=f"withdrawal:{row.id}:{kind.value}",
        lines=template(user_id=row.user_id, currency=row.currency, amount_minor=amount_minor),
        now=now,
    )
    after = {"withdrawal": str(row.id), "amount_minor": amount_minor}
    record(session, Fact(action, f"entry:{entry_id}", after=after, reason=why), actor=actor, now=now)
