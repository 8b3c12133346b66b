"""Risk review: a person decides about an order that a rule has held (ORD-002, PAY-11, FRD-06)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Order, OrderHold, Payment, PaymentAttempt
from portal.rules.capture import CaptureOn
from portal.rules.holds import HIGH_RISK
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.orders.part_holds import let_go_on
from portal.services.outbox import Event, emit
from portal.services.payments.reverse_attempt import want_reversal
from portal.services.reservations.complete_order import complete_order
from portal.services.reservations.give_up_order import give_up_order

# What the buyer's page and the history say of a refusal; the rules that fired stay with administrators.
REFUSED = "risk_refused"


class Decision(StrEnum):
    """What a reviewer may decide."""

    CLEAR = "clear"
    REFUSE = "refuse"


class ReviewForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You need the permission “order:review” for this. An administrator can give it to you.")


class NotUnderReviewError(PortalError):
    """There is nothing to decide: the order was never held, or it ended by itself."""

    code = "not_under_review"
    status = 409
    sentence = N_("This order does not wait for a review. Nothing was changed.")


class AlreadyReviewedError(PortalError):
    """Somebody else was faster (row version). `by` is his label, `at` when."""

    code = "already_reviewed"
    status = 409
    sentence = N_("Somebody else has decided about this order already. Nothing was changed by you.")

    def __init__(self, by: str | None = None, at: datetime | None = None) -> None:
        super().__init__()
        self.by, self.at = by, at


class ReviewTooEarlyError(PortalError):
    """The gateway has not yet said whether it holds the money."""

    code = "review_too_early"
    status = 409
    sentence = N_("The payment is not authorised yet. Decide when the gateway has answered; nothing was changed.")


class RefuseNeedsRefundError(PortalError):
    """The order is paid: refusing it means giving money back, which is another act with its own permission."""

    code = "refuse_needs_refund"
    status = 409
    sentence = N_("This order is paid already. To refuse it, refund it; nothing was changed.")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was decided. `is_repeat` says that the same person had decided the same before: nothing happened twice."""

    order_id: uuid.UUID
    decision: Decision
    is_repeat: bool = False


def review_order(
    session: Session,
    *,
    order_id: uuid.UUID,
    decision: Decision,
    reason: str,
    actor: Actor,
    now: datetime,
    version: int | None = None,
    overrules: bool = False,
) -> Reviewed:
    """Clear or refuse an order that is held. `version` is the row version that the reviewer was shown.

    Clear releases the holds; what is only authorised is captured after commit, or stays held until the goods leave;
    the parts of a paid order go to their sellers at once. Refuse gives the order up, and what the gateway holds is
    released after commit. `overrules` refuses what was cleared before, as long as nothing is captured: what a verdict
    about the person does (FRD-06). Raises ReviewForbiddenError, NotUnderReviewError, AlreadyReviewedError,
    ReviewTooEarlyError, RefuseNeedsRefundError.
    """
    if not may(actor, Permission.ORDER_REVIEW):
        raise ReviewForbiddenError
    payment = _lock_payment(session, order_id)
    order = session.execute(
        select(Order.status, Order.fraud_hold, Order.version, Order.number, Order.buyer_id, Order.channel_id)
        .where(Order.id == order_id)
        .with_for_update()
    ).one_or_none()
    if order is None:
        raise NotUnderReviewError
    holds = session.execute(
        select(OrderHold.part_id, OrderHold.released_by, OrderHold.released_at).where(
            OrderHold.order_id == order_id, OrderHold.reason == HIGH_RISK
        )
    ).all()
    is_overruled = (
        overrules
        and decision is Decision.REFUSE
        and order.status == "pending"
        and payment is not None
        and payment.status == "authorised"
    )
    if not is_overruled and not any(hold.released_at is None for hold in holds):
        return _decided_before(order_id, decision, order, holds, actor)
    if not is_overruled and (not order.fraud_hold or order.status not in {"pending", "paid"}):
        raise NotUnderReviewError
    if version is not None and version != order.version:
        raise AlreadyReviewedError
    if order.status == "pending" and (payment is None or payment.status != "authorised"):
        raise ReviewTooEarlyError
    if decision is Decision.REFUSE and order.status == "paid":
        raise RefuseNeedsRefundError
    # What other people hold it for is theirs; a refused order has nothing left to hold.
    ended = [OrderHold.reason == HIGH_RISK] if decision is Decision.CLEAR else []
    session.execute(
        update(OrderHold)
        .where(OrderHold.order_id == order_id, OrderHold.released_at.is_(None), *ended)
        .values(released_by=label(actor), released_at=now)
    )
    record(
        session,
        Fact(
            AuditAction.RISK_DECIDED,
            f"order:{order_id}",
            before={"fraud_hold": order.fraud_hold, "status": order.status},
            after={"decision": decision.value},
            reason=reason,
        ),
        actor=actor,
        now=now,
    )
    if decision is Decision.CLEAR:
        _clear(session, order_id, order, payment, reason, actor, now)
    else:
        assert payment is not None
        _refuse(session, order_id, order, payment, actor, now)
    return Reviewed(order_id, decision)


PaymentRow = Row[uuid.UUID, str, str, uuid.UUID]
OrderRow = Row[str, bool, int, str, uuid.UUID, int]
HoldRow = Row[uuid.UUID, "str | None", "datetime | None"]


def _lock_payment(session: Session, order_id: uuid.UUID) -> PaymentRow | None:
    """Attempt and payment are locked before the order, as settle_attempt does it."""
    return session.execute(
        select(Payment.id, Payment.status, Payment.capture_on, PaymentAttempt.id.label("attempt_id"))
        .join(PaymentAttempt, PaymentAttempt.payment_id == Payment.id)
        .where(Payment.order_id == order_id)
        .order_by(PaymentAttempt.n.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()


def _decided_before(
    order_id: uuid.UUID, decision: Decision, order: OrderRow, holds: Sequence[HoldRow], actor: Actor
) -> Reviewed:
    if not holds:
        raise NotUnderReviewError
    first = holds[0]
    was = Decision.CLEAR if not order.fraud_hold else Decision.REFUSE
    if first.released_by == label(actor) and was is decision:
        return Reviewed(order_id, decision, is_repeat=True)
    raise AlreadyReviewedError(first.released_by, first.released_at)


def _clear(
    session: Session,
    order_id: uuid.UUID,
    order: OrderRow,
    payment: PaymentRow | None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    session.execute(update(Order).where(Order.id == order_id).values(fraud_hold=False, version=Order.version + 1))
    record(session, Fact(AuditAction.ORDER_RELEASED, f"order:{order_id}", reason=reason), actor=actor, now=now)
    if order.status == "pending":
        assert payment is not None
        if payment.capture_on != CaptureOn.CHECKOUT:
            complete_order(session, order_id=order_id, actor=actor, now=now, is_held=True)
            return
        session.execute(update(Payment).where(Payment.id == payment.id).values(capture_wanted=True))
        event = _event("payment.capture_wanted", order_id, order, {"attempt": str(payment.attempt_id)})
        emit(session, event, now=now)
        return
    parts = let_go_on(session, order_id=order_id, reason="review_cleared", actor=actor, now=now)
    emit(session, _event("order.parts_released", order_id, order, {"parts": [str(one) for one in parts]}), now=now)


def _refuse(
    session: Session, order_id: uuid.UUID, order: OrderRow, payment: PaymentRow, actor: Actor, now: datetime
) -> None:
    want_reversal(session, attempt_id=payment.attempt_id, now=now)
    give_up_order(session, order_id=order_id, status="cancelled", reason=REFUSED, actor=actor, now=now)
    event = _event("payment.reversal_wanted", order_id, order, {"attempt": str(payment.attempt_id)})
    emit(session, event, now=now)


def _event(kind: str, order_id: uuid.UUID, order: OrderRow, more: dict[str, object]) -> Event:
    return Event(
        kind,
        f"order:{order_id}",
        {"number": order.number, **more},
        channel_id=order.channel_id,
        profile_id=order.buyer_id,
        priority="high",
    )
