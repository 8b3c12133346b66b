"""A payment for an order: it completes the order, or the order is given up.

Where the goods leave first, a held amount completes it, and what is taken later is booked then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.gateways.base import Method
from portal.models import Order, Tender
from portal.queries.gateways import gateway_directory
from portal.rules.capture import CaptureOn
from portal.rules.invoices import METHOD as INVOICE
from portal.rules.permissions import Actor
from portal.services.invoices.issue_invoice import issue_invoice
from portal.services.payments.locked_payment import LockedPayment
from portal.services.payments.take_later import lose_hold, note_held, note_taken
from portal.services.reservations.complete_order import complete_order
from portal.services.reservations.give_up_order import give_up_order
from portal.services.reservations.keep_order import keep_order

REVIEW_FOR = timedelta(days=6)


def takes(_session: Session, payment: LockedPayment) -> bool:
    """Only an order that waits for it can use money, or one that goes on while a gateway holds it."""
    return payment.order_status == "pending" or payment.payment_status == "authorised"


def use(session: Session, payment: LockedPayment, *, actor: Actor, now: datetime) -> None:
    assert payment.order_id is not None
    if payment.order_status != "pending":
        note_taken(session, payment, now=now)
        return
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


def hold(session: Session, payment: LockedPayment, *, actor: Actor, now: datetime) -> None:
    """Held until the goods leave: the order goes on. Held for review: what is reserved waits for somebody's decision.

    That takes at most as long as a card holds an amount.
    """
    note_held(session, payment, lasts=_lasts(session, payment), now=now)
    if payment.capture_on != CaptureOn.CHECKOUT:
        assert payment.order_id is not None
        if not session.execute(select(Order.fraud_hold).where(Order.id == payment.order_id)).scalar_one():
            complete_order(session, order_id=payment.order_id, actor=actor, now=now, is_held=True)
            return
    session.execute(update(Order).where(Order.id == payment.order_id).values(expires_at=now + REVIEW_FOR))
    session.execute(update(Tender).where(Tender.id == payment.tender_id).values(status="authorised", updated_at=now))


def give_up(session: Session, payment: LockedPayment, *, status: str, reason: str, actor: Actor, now: datetime) -> None:
    """The buyer has his cart back; the payment ends with its order. One that went on is not covered any more."""
    assert payment.order_id is not None
    if give_up_order(session, order_id=payment.order_id, status=status, reason=reason, actor=actor, now=now):
        return
    if payment.payment_status == "authorised":
        lose_hold(session, payment, status=status, reason=reason, actor=actor, now=now)


def keep(session: Session, payment: LockedPayment, *, until: datetime) -> None:
    assert payment.order_id is not None
    keep_order(session, order_id=payment.order_id, until=until)


def _lasts(session: Session, payment: LockedPayment) -> timedelta:
    """How long this gateway holds an amount."""
    configured = gateway_directory(session).get(payment.gateway_account_id)
    capability = configured.gateway.capabilities.of(Method(payment.method)) if configured else None
    return capability.holds_for if capability else REVIEW_FOR
