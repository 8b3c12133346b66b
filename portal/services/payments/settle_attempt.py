"""The one place where a gateway's answer becomes ours: for worker, webhook, look-up and sweep alike."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import func, text, update
from sqlalchemy.orm import Session

from portal.gateways.base import (
    ActionNeeded,
    Approved,
    Declined,
    FetchOutcome,
    NotFound,
    Pending,
    Voided,
)
from portal.models import Payment, PaymentAttempt
from portal.rules.permissions import Actor
from portal.rules.states import Machine, may_move
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit
from portal.services.payments.lock_attempt import lock_attempt
from portal.services.payments.locked_payment import LockedPayment
from portal.services.payments.note_surplus import note_surplus
from portal.services.payments.purposes import PURPOSES

# When a payment that waits for somebody else is asked about again (a notice usually comes first).
ASK_AGAIN_AFTER = timedelta(minutes=1)
# An account without an end of its own takes money so long; and a deposit at the last moment is still told of.
ACCOUNT_OPEN_FOR = timedelta(days=3)
NOTICE_TAKES = timedelta(minutes=10)
AMOUNT_DIFFERS = "amount_differs"
ENDED = frozenset({"declined", "cancelled"})
# What was begun at the gateway in these states can still be finished by whoever holds its secret.
OPEN_AT_GATEWAY = frozenset({"requires_action", "pending"})


_APPROVE = text(
    """
    WITH approved AS (
        UPDATE payment_attempt
           SET state = :state, gateway_ref = :gateway_ref, answered_at = :now, action = NULL, source = NULL,
               card = CAST(:card AS jsonb), reason = coalesce(:reason, reason),
               reversal = CASE WHEN :usable THEN reversal ELSE 'wanted' END,
               received_minor = CASE WHEN :usable THEN received_minor ELSE :received_minor END,
               due_at = CASE WHEN :usable THEN due_at ELSE :now END
         WHERE id = :attempt_id
    )
    UPDATE payment
       SET status = :state, authorised_minor = amount_minor,
           captured_minor = CASE WHEN :captured THEN CAST(:to_take_minor AS bigint) ELSE 0 END,
           completed_at = CASE WHEN :captured THEN CAST(:now AS timestamptz) END
     WHERE id = :payment_id AND :usable
    """
)


def settle_attempt(
    session: Session, *, attempt_id: uuid.UUID, outcome: FetchOutcome, actor: Actor, now: datetime
) -> bool:
    """Apply what a gateway says of an attempt; False when it says nothing new.

    Safe to be called any number of times, in any order. Money that came when what it was for
    can no longer use it is marked to be given back.
    """
    locked = lock_attempt(session, attempt_id)
    match outcome:
        case Approved():
            return _approve(session, locked, outcome, actor, now)
        case Declined():
            reason = outcome.reason.value
            return _close(session, locked, "declined", reason, outcome.code, outcome.gateway_ref, actor, now)
        case Voided():
            return _close(session, locked, "cancelled", "voided", None, outcome.gateway_ref, actor, now)
        case NotFound():
            return _close(session, locked, "declined", "not_executed", None, None, actor, now)
        case ActionNeeded():
            return _wait(session, locked, "requires_action", outcome.gateway_ref, _action(outcome), actor, now)
        case Pending():
            if outcome.account is not None:
                until = outcome.account.expires_at or now + ACCOUNT_OPEN_FOR
                PURPOSES[locked.purpose].keep(session, locked, until=until + NOTICE_TAKES)
            return _wait(session, locked, "pending", outcome.gateway_ref, _account(outcome), actor, now)


def _approve(session: Session, locked: LockedPayment, outcome: Approved, actor: Actor, now: datetime) -> bool:
    new = "captured" if outcome.captured else "authorised"
    is_over = locked.state == "captured" or locked.state in ENDED
    if is_over and note_surplus(session, locked=locked, outcome=outcome, actor=actor, now=now):
        return True
    if locked.state in ENDED:
        return _give_back(session, locked, outcome, actor, now)
    if locked.state == new or not may_move(Machine.ATTEMPT, locked.state, new):
        return False
    to_take = locked.to_take_minor if outcome.captured else locked.amount_minor
    fits = (outcome.amount_minor, outcome.currency) == (to_take, locked.currency)
    purpose = PURPOSES[locked.purpose]
    usable = fits and may_move(Machine.PAYMENT, locked.payment_status, new)
    if usable and purpose.takes is not None:
        usable = purpose.takes(session, locked)
    # When what it was for is over, or the amount is not ours, nothing is booked, and the money goes back.
    reason = None if fits else AMOUNT_DIFFERS
    card = {k: v for k, v in asdict(outcome.card).items() if v is not None} if outcome.card else None
    session.execute(
        _APPROVE,
        {
            "attempt_id": locked.attempt_id,
            "payment_id": locked.payment_id,
            "state": new,
            "gateway_ref": outcome.gateway_ref,
            "card": orjson.dumps(card).decode() if card else None,
            "reason": reason,
            "captured": outcome.captured,
            "to_take_minor": to_take,
            "usable": usable,
            "received_minor": outcome.amount_minor - outcome.refunded_minor,
            "now": now,
        },
    )
    move = Move(Machine.ATTEMPT, locked.attempt_id, locked.state, new, locked.order_id, reason)
    record_moves(session, move, actor=actor, now=now)
    action = AuditAction.PAYMENT_CAPTURED if outcome.captured else AuditAction.PAYMENT_AUTHORISED
    after = {"state": new, "amount_minor": outcome.amount_minor, "gateway_ref": outcome.gateway_ref, "usable": usable}
    record(session, Fact(action, f"payment:{locked.payment_id}", {"state": locked.state}, after), actor=actor, now=now)
    if usable:
        _use(session, locked, new, actor, now)
    else:
        _tell(session, "payment.reversal_wanted", locked, now)
        if not fits:
            # It will never fit: the buyer has his cart back at once, and what came in goes its way.
            purpose.give_up(session, locked, status="failed", reason=AMOUNT_DIFFERS, actor=actor, now=now)
    return True


def _give_back(session: Session, locked: LockedPayment, outcome: Approved, actor: Actor, now: datetime) -> bool:
    """Money under an attempt that had ended, such as a card confirmed again in the browser: it goes back."""
    if outcome.refunded_minor >= outcome.amount_minor:
        return False  # It has gone back already; a late notice tells of it once more.
    wanted = session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id == locked.attempt_id, PaymentAttempt.reversal.is_distinct_from("wanted"))
        # What was kept as deposit has gone its way: another look at it brings nothing new.
        .where(~func.coalesce(PaymentAttempt.reversal_ref.startswith("deposit:"), False))  # SQL's own.
        .values(
            reversal="wanted",
            gateway_ref=outcome.gateway_ref,
            received_minor=outcome.amount_minor - outcome.refunded_minor,
            due_at=now,
        )
        .returning(PaymentAttempt.id)
    ).one_or_none()
    if wanted is None:
        return False
    after = {"amount_minor": outcome.amount_minor, "gateway_ref": outcome.gateway_ref, "usable": False}
    fact = Fact(AuditAction.PAYMENT_CAPTURED, f"payment:{locked.payment_id}", {"state": locked.state}, after)
    record(session, fact, actor=actor, now=now)
    _tell(session, "payment.reversal_wanted", locked, now)
    return True


def _use(session: Session, locked: LockedPayment, new: str, actor: Actor, now: datetime) -> None:
    record_moves(
        session,
        Move(Machine.PAYMENT, locked.payment_id, locked.payment_status, new, locked.order_id),
        actor=actor,
        now=now,
    )
    purpose = PURPOSES[locked.purpose]
    if new == "captured":
        purpose.use(session, locked, actor=actor, now=now)
        return
    if purpose.hold is not None:
        purpose.hold(session, locked, actor=actor, now=now)
    _tell(session, "payment.authorised", locked, now)


def _close(
    session: Session,
    locked: LockedPayment,
    new: str,
    reason: str,
    code: str | None,
    gateway_ref: str | None,
    actor: Actor,
    now: datetime,
) -> bool:
    """The attempt ended without money; what it was for is given up, such as an order, whose cart is back."""
    if locked.state == new or not may_move(Machine.ATTEMPT, locked.state, new):
        return False
    values: dict[str, Any] = {
        "state": new,
        "reason": reason,
        "gateway_code": code,
        "answered_at": now,
        "action": None,
    }
    if gateway_ref is not None:
        values["gateway_ref"] = gateway_ref
    if new == "declined" and locked.state in OPEN_AT_GATEWAY and gateway_ref is not None:
        # A failed authentication leaves the payment open there: it is closed before another card is tried on it.
        values |= {"reversal": "wanted", "due_at": now}
    _write_attempt(session, locked, new, values, actor, now)
    fact = Fact(
        AuditAction.PAYMENT_DECLINED,
        f"payment:{locked.payment_id}",
        {"state": locked.state},
        {"state": new, "reason": reason, "code": code},
    )
    record(session, fact, actor=actor, now=now)
    status = "cancelled" if reason in {"cancelled_by_buyer", "voided"} else "failed"
    PURPOSES[locked.purpose].give_up(session, locked, status=status, reason=reason, actor=actor, now=now)
    return True


def _wait(
    session: Session,
    locked: LockedPayment,
    new: str,
    gateway_ref: str,
    action: dict[str, Any] | None,
    actor: Actor,
    now: datetime,
) -> bool:
    """The buyer or the bank has to do something first."""
    is_news = locked.state != new
    if is_news and not may_move(Machine.ATTEMPT, locked.state, new):
        return False
    values: dict[str, Any] = {"state": new, "gateway_ref": gateway_ref, "due_at": now + ASK_AGAIN_AFTER}
    if action is None or any(value for name, value in action.items() if name != "kind"):
        values["action"] = orjson.dumps(action).decode() if action else None
    if not is_news:
        session.execute(update(PaymentAttempt).where(PaymentAttempt.id == locked.attempt_id).values(**values))
        return False
    _write_attempt(session, locked, new, values | {"answered_at": now}, actor, now)
    if new == "requires_action" and locked.payment_status == "pending":
        session.execute(update(Payment).where(Payment.id == locked.payment_id).values(status="requires_action"))
        move = Move(Machine.PAYMENT, locked.payment_id, "pending", "requires_action", locked.order_id)
        record_moves(session, move, actor=actor, now=now)
    _tell(session, f"payment.{new}", locked, now)
    return True


def _write_attempt(
    session: Session, locked: LockedPayment, new: str, values: dict[str, Any], actor: Actor, now: datetime
) -> None:
    # The card's token has done its work: nothing of it, not even encrypted for the gateway alone, is kept (PAY-14).
    session.execute(update(PaymentAttempt).where(PaymentAttempt.id == locked.attempt_id).values(**values, source=None))
    move = Move(Machine.ATTEMPT, locked.attempt_id, locked.state, new, locked.order_id, values.get("reason"))
    record_moves(session, move, actor=actor, now=now)


def _tell(session: Session, kind: str, locked: LockedPayment, now: datetime) -> None:
    emit(
        session,
        Event(
            kind,
            locked.subject,
            {"number": locked.number, "attempt": str(locked.attempt_id)},
            channel_id=locked.channel_id,
            profile_id=locked.user_id,
            priority="high",
        ),
        now=now,
    )


def _action(outcome: ActionNeeded) -> dict[str, Any]:
    return {"kind": outcome.kind, "url": outcome.url, "client_secret": outcome.client_secret}


def _account(outcome: Pending) -> dict[str, Any] | None:
    return {"kind": "account", **asdict(outcome.account)} if outcome.account else None
