"""A payment for an order: it completes the order, or the order is given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.models import Order, Tender
from portal.rules.invoices import METHOD as INVOICE
from portal.rules.permissions import Actor
from portal.services.invoices.issue_invoice import issue_invoice
from portal.services.payments.locked_payment import LockedPayment
from portal.services.reservations.complete_order import complete_order
from portal.services.reservations.give_up_order import give_up_order
from portal.services.reservations.keep_order import keep_order

REVIEW_FOR = timedelta(days=6)


def takes(_session: Session, payment: LockedPayment) -> bool:
    """Only an order that waits for it can use money."""
    return payment.order_status == "pending"


def use(session: Session, payment: LockedPayment, *, actor: Actor, now: datetime) -> None:
    assert payment.order_id is not None
    complete_order(session, order_id=payment.order_id, actor=actor, now=now)
    if payment.method == INVOICE:
        issue_invoice(
            session,
            order_id=payment.order_id,
            user_id=payment.user_id,
            channel_id=payment.channel_id,
            gateway=payment.gateway,
            currency=payment.currency,
            amount_minor=payment.amount_minor,
            actor=actor,
            now=now,
        )


def hold(session: Session, payment: LockedPayment, *, now: datetime) -> None:
    """Held for review: the reservation lasts until somebody decides, at most as long as a card holds an amount."""
    session.execute(update(Order).where(Order.id == payment.order_id).values(expires_at=now + REVIEW_FOR))
    session.execute(update(Tender).where(Tender.id == payment.tender_id).values(status="authorised", updated_at=now))


def give_up(session: Session, payment: LockedPayment, *, status: str, reason: str, actor: Actor, now: datetime) -> None:
    """The buyer has his cart back; the payment ends with its order."""
    assert payment.order_id is not None
    give_up_order(session, order_id=payment.order_id, status=status, reason=reason, actor=actor, now=now)


def keep(session: Session, payment: LockedPayment, *, until: datetime) -> None:
    assert payment.order_id is not None
    keep_order(session, order_id=payment.order_id, until=until)
