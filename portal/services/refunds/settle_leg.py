"""The one place where a gateway's answer about a refund becomes ours: for worker, notice, look-up and sweep alike."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.gateways.base import FetchRefundOutcome, NotFound, Refunded, RefundFailed, RefundPending
from portal.models import Withdrawal
from portal.rules.invoices import METHOD as INVOICE
from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind, Line, OrderMoney, order_refunded
from portal.rules.states import Machine, may_move
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.invoices.settle_invoice import lower_for_refund
from portal.services.ledger.post import post
from portal.services.refunds.book_difference import book_difference, undo_difference
from portal.services.refunds.claim_leg import behind_of
from portal.services.refunds.follow_refund import follow_refund
from portal.services.refunds.follow_withdrawal import book_sent_back, follow_leg, lock_withdrawal_of, return_to_deposit
from portal.services.refunds.locks import lock_order

# What stands behind a leg, with its lock held: the order of a refund, or a withdrawal.
Behind = Row[Any] | Withdrawal

# After each look-up that could not tell, and after each call that did not reach the gateway; the last one repeats.
ASK_AFTER = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(days=1),
)
# When a refund that the gateway has taken is asked about again (a notice usually comes first).
PENDING_AGAIN_AFTER = timedelta(hours=1)

_BEHIND = text(
    """
    SELECT f.order_id, g.withdrawal_id FROM refund_leg g LEFT JOIN refund f ON f.id = g.refund_id WHERE g.id = :leg_id
    """
)
_LOCK = text(
    """
    SELECT g.id, g.refund_id, g.withdrawal_id, g.status, g.amount_minor, g.calls, a.gateway, f.order_id,
           coalesce(f.currency, w.currency) AS currency,
           (SELECT p.method FROM payment p WHERE p.id = a.payment_id) AS method
      FROM refund_leg g LEFT JOIN refund f ON f.id = g.refund_id LEFT JOIN withdrawal w ON w.id = g.withdrawal_id
      LEFT JOIN payment_attempt a ON a.id = g.attempt_id
     WHERE g.id = :leg_id FOR UPDATE OF g
    """
)
_SET = text(
    """
    UPDATE refund_leg SET status = :status, gateway_ref = coalesce(:ref, gateway_ref), reason = :reason,
           gateway_code = :code, due_at = :due_at, updated_at = :now, calls = calls + :asked
     WHERE id = :leg_id
    """
)


def settle_leg(
    session: Session, *, leg_id: uuid.UUID, outcome: FetchRefundOutcome, actor: Actor, now: datetime
) -> bool:
    """Apply what a gateway says of a leg; False when it says nothing new. Safe any number of times, in any order."""
    behind, leg = _lock(session, leg_id)
    match outcome:
        case Refunded():
            return _succeed(session, behind, leg, outcome, actor, now)
        case RefundPending():
            due = now + PENDING_AGAIN_AFTER
            return _move(session, behind, leg, "pending", actor, now, ref=outcome.refund_ref, due_at=due)
        case RefundFailed():
            return _fail(session, behind, leg, outcome.code, outcome.refund_ref, actor, now)
        case NotFound():
            # It certainly did not execute: the same request goes out again under the same key.
            return _move(session, behind, leg, "approved", actor, now, due_at=now + _pause(leg), reason="not_executed")


def note_leg_unknown(session: Session, *, leg_id: uuid.UUID, reason: str, now: datetime, actor: Actor) -> None:
    """The gateway may have executed the refund. It is asked before anything else is tried."""
    behind, leg = _lock(session, leg_id)
    if leg.status == "succeeded":
        return  # Asked because of a notice; what was known stays until the gateway says otherwise.
    if leg.status in {"unknown", "pending"}:
        # What the gateway has taken is not unknown because it has not told the end of it.
        values = _values(leg, leg.status, now, reason=reason, due_at=now + _pause(leg), asked=1)
        session.execute(_SET, values)
        return
    _move(session, behind, leg, "unknown", actor, now, reason=reason, due_at=now + ASK_AFTER[0])
    after = {"leg": str(leg_id), "reason": reason}
    subject = ":".join(behind_of(leg))
    record(session, Fact(AuditAction.REFUND_LEG_UNKNOWN, subject, after=after), actor=actor, now=now)


def note_leg_not_sent(session: Session, *, leg_id: uuid.UUID, reason: str, now: datetime, actor: Actor) -> None:
    """The call certainly did not execute: the same is sent again later, however often it takes."""
    behind, leg = _lock(session, leg_id)
    if leg.status == "sent":
        _move(session, behind, leg, "approved", actor, now, reason=reason, due_at=now + _pause(leg))


def pay_leg_by_hand(
    session: Session, *, leg_id: uuid.UUID, lines: tuple[Line, ...], actor: Actor, now: datetime
) -> bool:
    """A leg that went to a bank account has been paid; `lines` are its postings. False when it was settled before."""
    behind, leg = _lock(session, leg_id)
    if leg.status == "succeeded" or not _move_only(session, leg, "succeeded", actor, now):
        return False
    post(
        session,
        kind=EntryKind.REFUND_PAID_OUT,
        idem_key=f"refund_leg:{leg_id}",
        lines=lines,
        now=now,
        order_id=leg.order_id,
    )
    book_difference(session, leg_id=leg_id, order_id=leg.order_id, now=now)
    _note(session, AuditAction.REFUND_LEG_SUCCEEDED, leg, {}, actor, now)
    _follow(session, behind, leg, actor, now)
    return True


def _succeed(session: Session, behind: Behind, leg: Row[Any], outcome: Refunded, actor: Actor, now: datetime) -> bool:
    if (outcome.amount_minor, outcome.currency) != (leg.amount_minor, leg.currency):
        # Another amount than ours went back: nobody may call that done; a person looks at it.
        return _move(session, behind, leg, "unknown", actor, now, reason="amount_differs", due_at=now + ASK_AFTER[-1])
    if not _move_only(session, leg, "succeeded", actor, now, ref=outcome.refund_ref):
        return False
    _post(session, behind, leg, now)
    if leg.method == INVOICE:
        lower_for_refund(
            session,
            order_id=leg.order_id,
            amount_minor=leg.amount_minor,
            gateway=leg.gateway,
            key=f"refund_leg:{leg.id}",
            actor=actor,
            now=now,
        )
    if leg.order_id is not None:
        book_difference(session, leg_id=leg.id, order_id=leg.order_id, now=now)
    _note(session, AuditAction.REFUND_LEG_SUCCEEDED, leg, {"gateway_ref": outcome.refund_ref}, actor, now)
    _follow(session, behind, leg, actor, now)
    return True


def _fail(
    session: Session, behind: Behind, leg: Row[Any], code: str, ref: str | None, actor: Actor, now: datetime
) -> bool:
    """No money went back, or it came back to us: the books forget it, and it stays owed to the buyer."""
    was = leg.status
    if not _move_only(session, leg, "failed", actor, now, ref=ref, reason="gateway_refused", code=code):
        return False
    if was == "succeeded":
        _post(session, behind, leg, now, undone=True)
        if leg.order_id is not None:
            undo_difference(session, leg_id=leg.id, order_id=leg.order_id, now=now)
    if isinstance(behind, Withdrawal):
        key, amount = f"refund_leg:{leg.id}:returned", leg.amount_minor
        return_to_deposit(session, row=behind, amount_minor=amount, key=key, reason=code, actor=actor, now=now)
    _note(session, AuditAction.REFUND_LEG_FAILED, leg, {"code": code, "was": was}, actor, now)
    _follow(session, behind, leg, actor, now)
    return True


def _post(session: Session, behind: Behind, leg: Row[Any], now: datetime, *, undone: bool = False) -> None:
    if isinstance(behind, Withdrawal):
        book_sent_back(session, row=behind, leg=leg, now=now, undone=undone)
        return
    money = OrderMoney(
        order_id=behind.id,
        user_id=behind.buyer_id,
        currency=leg.currency,
        gateway=leg.gateway,
        gateway_minor=leg.amount_minor,
    )
    lines, key, reverses = order_refunded(money), f"refund_leg:{leg.id}", None
    if undone:
        reverses, _ = post(session, kind=EntryKind.ORDER_REFUNDED, idem_key=key, lines=lines, now=now)
        lines = tuple(Line(line.account, -line.amount_minor) for line in lines)
        key = f"{key}:failed"
    post(
        session,
        kind=EntryKind.ORDER_REFUNDED,
        idem_key=key,
        lines=lines,
        now=now,
        order_id=behind.id,
        reverses=reverses,
    )


def _move(
    session: Session, behind: Behind, leg: Row[Any], new: str, actor: Actor, now: datetime, **values: Any
) -> bool:
    if not _move_only(session, leg, new, actor, now, **values):
        return False
    _follow(session, behind, leg, actor, now)
    return True


def _follow(session: Session, behind: Behind, leg: Row[Any], actor: Actor, now: datetime) -> None:
    """Bring up to date what stands behind the leg."""
    if isinstance(behind, Withdrawal):
        follow_leg(session, row=behind, leg_id=leg.id, actor=actor, now=now)
    else:
        follow_refund(session, refund_id=leg.refund_id, order=behind, actor=actor, now=now)


def _move_only(session: Session, leg: Row[Any], new: str, actor: Actor, now: datetime, **values: Any) -> bool:
    """Write the new state and its move; False where it is no news."""
    if new == leg.status or not may_move(Machine.REFUND_LEG, leg.status, new):
        if new == leg.status and values.get("due_at"):
            session.execute(_SET, _values(leg, new, now, **values))
        return False
    session.execute(_SET, _values(leg, new, now, **values))
    move = Move(Machine.REFUND_LEG, leg.id, leg.status, new, leg.order_id, values.get("code") or values.get("reason"))
    record_moves(session, move, actor=actor, now=now)
    return True


def _values(
    leg: Row[Any],
    status: str,
    now: datetime,
    *,
    ref: str | None = None,
    reason: str | None = None,
    code: str | None = None,
    due_at: datetime | None = None,
    asked: int = 0,
) -> dict[str, Any]:
    return {
        "leg_id": leg.id,
        "status": status,
        "ref": ref,
        "reason": reason[:200] if reason else None,
        "code": code,
        "due_at": due_at,
        "now": now,
        "asked": asked,
    }


def _lock(session: Session, leg_id: uuid.UUID) -> tuple[Behind, Row[Any]]:
    behind = session.execute(_BEHIND, {"leg_id": leg_id}).one()
    found: Behind | None
    if behind.withdrawal_id is not None:
        found = lock_withdrawal_of(session, leg_id=leg_id, withdrawal_id=behind.withdrawal_id)
    else:
        found = lock_order(session, behind.order_id)
    assert found is not None
    return found, session.execute(_LOCK, {"leg_id": leg_id}).one()


def _pause(leg: Row[Any]) -> timedelta:
    return ASK_AFTER[min(max(leg.calls - 1, 0), len(ASK_AFTER) - 1)]


def _note(
    session: Session, action: AuditAction, leg: Row[Any], more: dict[str, Any], actor: Actor, now: datetime
) -> None:
    after = {"leg": str(leg.id), "amount_minor": leg.amount_minor, **more}
    subject = ":".join(behind_of(leg))
    record(session, Fact(action, subject, {"status": leg.status}, after), actor=actor, now=now)
