"""A payment for a gift card (BAL-09): once it is in, the card is good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.services.gift_cards.activate_card import activate_card
from portal.services.gift_cards.end_card import forget_unpaid_card
from portal.services.payments.end_payment import end_payment
from portal.services.payments.locked_payment import LockedPayment


def give_up(session: Session, payment: LockedPayment, *, status: str, reason: str, actor: Actor, now: datetime) -> None:
    end_payment(session, payment, status=status, reason=reason, actor=actor, now=now)
    forget_unpaid_card(session, payment_id=payment.payment_id, actor=actor, now=now)


def use(session: Session, payment: LockedPayment, *, actor: Actor, now: datetime) -> None:
    activate_card(session, payment_id=payment.payment_id, gateway=payment.gateway, actor=actor, now=now)
