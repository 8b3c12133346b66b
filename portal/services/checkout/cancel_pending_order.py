"""A buyer gives up an order that is not paid yet: nothing more is asked of any gateway, and the cart is back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Order, Payment, PaymentAttempt
from portal.rules.permissions import Actor
from portal.rules.states import Machine
from portal.services.history import Move, record_moves
from portal.services.payments.reverse_attempt import want_reversal
from portal.services.reservations.give_up_order import give_up_order

# These hold something at the gateway that can be let go. One that is being sent is left to its worker: what it
# brings for an order that was given up goes back by itself (see settle_attempt).
TO_VOID = frozenset({"requires_action", "pending", "authorised"})


class OrderUnknownError(PortalError):
    """There is no such order, or it is somebody else's."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class NotPendingError(PortalError):
    """The order was paid or ended meanwhile."""

    code = "order_not_pending"
    status = 409
    sentence = N_("This order is no longer waiting for its payment. Look at it again.")


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The order, and the attempts whose holds at a gateway are to be voided by a worker."""

    order_id: uuid.UUID
    to_void: tuple[uuid.UUID, ...]


def cancel_pending_order(session: Session, *, actor: Actor, number: str, now: datetime) -> GivenUp:
    """End the actor's own pending order as cancelled; stock, coupons and balances are free again (PAY-09).

    Raises OrderUnknownError and NotPendingError.
    """
    order_id = session.execute(
        select(Order.id).where(Order.number == number, Order.buyer_id == actor.user_id)
    ).scalar_one_or_none()
    if order_id is None or actor.user_id is None:
        raise OrderUnknownError
    # Attempt and payment before the order, as settling does it.
    attempts = session.execute(
        select(PaymentAttempt.id, PaymentAttempt.state)
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(Payment.order_id == order_id)
        .order_by(PaymentAttempt.n)
        .with_for_update()
    ).all()
    if not give_up_order(
        session, order_id=order_id, status="cancelled", reason="cancelled_by_buyer", actor=actor, now=now
    ):
        raise NotPendingError
    to_void = tuple(row.id for row in attempts if row.state in TO_VOID)
    for attempt_id in to_void:
        want_reversal(session, attempt_id=attempt_id, now=now)
    unsent = [row.id for row in attempts if row.state == "created"]
    session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id.in_(unsent))
        .values(state="cancelled", reason="cancelled_by_buyer", answered_at=now)
    )
    moves = [Move(Machine.ATTEMPT, one, "created", "cancelled", order_id, "cancelled_by_buyer") for one in unsent]
    record_moves(session, *moves, actor=actor, now=now)
    return GivenUp(order_id, to_void)
