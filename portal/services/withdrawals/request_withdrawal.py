"""Ask for deposit back: within the limits, once per submission, looked at where a rule says so (REF-08)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError, RejectedError
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import Withdrawal
from portal.queries.withdrawal_ways import ways_back
from portal.rules.fraud import Decision, Outcome
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import EntryKind, withdrawal_requested
from portal.rules.states import Machine
from portal.rules.step_up import StepUpAction
from portal.rules.withdrawals import FRESH_MONEY, RISK, VELOCITY_OVER, Standing, holds_of, limit_of, spread
from portal.services.accounts.bank_details import check_bank, ends_of, keep_bank
from portal.services.accounts.may_spend import check_may_spend
from portal.services.accounts.step_up import Binding, check_step_up
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.fraud.prove_risk import prove_risk
from portal.services.history import Move, record_moves
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.ledger.post import post
from portal.services.outbox import emit
from portal.services.refunds.follow_withdrawal import withdrawal_event
from portal.services.withdrawals.decide_withdrawal import carry_out

KEY_LENGTH_MAX = 200

_STANDING = text(
    """
    SELECT u.created_at AS since,
           coalesce(sum(w.amount_minor) FILTER (WHERE w.currency = :currency AND w.requested_at > :day), 0)::bigint
               AS today_minor,
           count(w.id) FILTER (WHERE w.requested_at > :velocity) AS recent_count,
           coalesce((SELECT sum(p.amount_minor) FROM ledger_posting p
                       JOIN ledger_entry e ON e.id = p.entry_id AND e.kind = 'top_up' AND e.created_at > :fresh
                       JOIN ledger_account a ON a.id = p.account_id AND a.kind = 'deposit'
                            AND a.owner = 'user:' || :user_text AND a.currency = :currency), 0)::bigint AS fresh_minor
      FROM user_account u
      LEFT JOIN withdrawal w ON w.user_id = u.id AND w.status NOT IN ('refused', 'cancelled')
     WHERE u.id = :user_id GROUP BY u.id
    """
)
# One at a time per person: limits are counted behind this lock.
_LOCK = text("SELECT id FROM user_account WHERE id = :user_id FOR NO KEY UPDATE")


class WithdrawalForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("Only the owner of a deposit can withdraw it.")


@dataclass(frozen=True, slots=True)
class WithdrawalRequested:
    """The withdrawal, its state just after, and why somebody looks at it first."""

    withdrawal_id: uuid.UUID
    status: str
    holds: tuple[str, ...]
    is_repeat: bool = False


def request_withdrawal(
    session: Session,
    *,
    actor: Actor,
    currency: str,
    amount_minor: int,
    bank: Mapping[str, str],
    key: str,
    now: datetime,
    withdrawal_id: uuid.UUID | None = None,
    risk: Decision | None = None,
) -> WithdrawalRequested:
    """Take the amount from the actor's own deposit and send it back, or wait for somebody's look.

    It goes back through the payments of his top-ups, the oldest first; `bank` is needed for what goes beyond them.
    What is held by a checkout cannot be withdrawn; gifts and mileage never can. Raises RejectedError at a limit,
    BalanceTooLowError, AccountFrozenError, BankDetailsError, StepUpNeededError above the threshold or where `risk` says
    so, and the errors of idempotency keys. What is to be reviewed waits like what is large.
    """
    if actor.user_id is None or not may(actor, Permission.DEPOSIT_WITHDRAW, owner_id=actor.user_id):
        raise WithdrawalForbiddenError
    check_key(key)
    session.execute(_LOCK, {"user_id": actor.user_id})
    known = repeat_of(session, actor=actor, currency=currency, amount_minor=amount_minor, key=key)
    if known is not None:
        return known
    check_may_spend(session, user_id=actor.user_id)
    ways = ways_back(session, user_id=actor.user_id, currency=currency, now=now, lock=True)
    _, rest = spread(amount_minor, [one.way for one in ways])
    details = check_bank(bank) if rest or any(bank.values()) else None
    standing = within_limits(session, user_id=actor.user_id, currency=currency, amount_minor=amount_minor, now=now)
    _prove(session, actor, details, Money(amount_minor, currency), risk, now)
    holds = holds_of(amount_minor, currency, standing, now=now)
    if risk is not None and risk.outcome is Outcome.REVIEW:
        holds = (*holds, RISK)
    row = Withdrawal(
        id=withdrawal_id or new_id(),
        user_id=actor.user_id,
        idem_key=_idem_key(actor, key),
        currency=currency,
        amount_minor=amount_minor,
        status="requested",
        holds=list(holds),
        bank=keep_bank(details) if details else None,
        requested_at=now,
    )
    session.add(row)
    session.flush()
    entry_id, _ = post(
        session,
        kind=EntryKind.WITHDRAWAL_REQUESTED,
        idem_key=f"withdrawal:{row.id}",
        lines=withdrawal_requested(user_id=actor.user_id, currency=currency, amount_minor=amount_minor),
        now=now,
    )
    record_moves(session, Move(Machine.WITHDRAWAL, row.id, None, "requested"), actor=actor, now=now)
    after = {"amount_minor": amount_minor, "currency": currency, "holds": list(holds), "withdrawal": str(row.id)}
    record(session, Fact(AuditAction.WITHDRAWAL_REQUESTED, f"entry:{entry_id}", after=after), actor=actor, now=now)
    if holds:
        emit(session, withdrawal_event("withdrawal.requested", row), now=now)
    else:
        carry_out(session, row=row, ways=ways, actor=actor, now=now)
    return WithdrawalRequested(row.id, row.status, holds)


def check_key(key: str) -> None:
    """Raises IdempotencyKeyMissingError."""
    if not key or len(key) > KEY_LENGTH_MAX:
        raise IdempotencyKeyMissingError


def repeat_of(
    session: Session, *, actor: Actor, currency: str, amount_minor: int, key: str
) -> WithdrawalRequested | None:
    """What was made with this key before. Raises IdempotencyKeyReusedError where that was something else."""
    known = session.execute(select(Withdrawal).where(Withdrawal.idem_key == _idem_key(actor, key))).scalar_one_or_none()
    if known is None:
        return None
    if (known.amount_minor, known.currency) != (amount_minor, currency):
        raise IdempotencyKeyReusedError
    return WithdrawalRequested(known.id, known.status, tuple(known.holds), is_repeat=True)


def _idem_key(actor: Actor, key: str) -> str:
    return f"withdrawal:{label(actor)}:{key}"


def _prove(
    session: Session,
    actor: Actor,
    details: Mapping[str, str] | None,
    amount: Money,
    risk: Decision | None,
    now: datetime,
) -> None:
    """Above the threshold, and where the risk says so, its owner confirms it, with where it goes."""
    if details is None:
        action, binding = StepUpAction.WITHDRAW_BACK, Binding("back", amount)
    else:
        told = {"bank": details["bank"], "ends": ends_of(details)}
        action, binding = StepUpAction.WITHDRAW, Binding(f"bank:{keep_bank(details)}", amount, told)
    if risk is not None and risk.outcome is Outcome.STEP_UP:
        prove_risk(session, risk=risk, actor=actor, action=action, binding=binding, now=now)
    else:
        check_step_up(session, actor=actor, action=action, binding=binding, now=now)


def within_limits(session: Session, *, user_id: uuid.UUID, currency: str, amount_minor: int, now: datetime) -> Standing:
    """What is known of the person. Raises RejectedError where the amount is beyond a limit."""
    standing = _standing(session, user_id, currency, now)
    refusal = limit_of(amount_minor, currency, standing)
    if refusal is not None:
        raise RejectedError(refusal)
    return standing


def _standing(session: Session, user_id: uuid.UUID, currency: str, now: datetime) -> Standing:
    row = session.execute(
        _STANDING,
        {
            "user_id": user_id,
            "user_text": str(user_id),
            "currency": currency,
            "day": now.replace(hour=0, minute=0, second=0, microsecond=0),
            "velocity": now - VELOCITY_OVER,
            "fresh": now - FRESH_MONEY,
        },
    ).one()
    return Standing(row.since, row.today_minor, row.recent_count, row.fresh_minor)
