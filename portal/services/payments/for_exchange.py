"""A payment of what goods cost more that go out in exchange (ORD-005): of use while the exchange waits for it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import ReturnPayment
from portal.rules.permissions import Actor
from portal.rules.posting import clearing
from portal.services.exchanges.settle_more import LockedExchange, lock_exchange, settle_more
from portal.services.payments.locked_payment import LockedPayment


def takes(session: Session, payment: LockedPayment) -> bool:
    """Whoever paid in two tabs, or after what came back was refunded, gets it back."""
    exchange = _exchange(session, payment)
    return exchange.waits and exchange.amount_minor == payment.amount_minor


def use(session: Session, payment: LockedPayment, *, actor: Actor, now: datetime) -> None:
    settle_more(
        session,
        exchange=_exchange(session, payment),
        source=clearing(payment.gateway, payment.currency),
        idem_key=f"payment:{payment.payment_id}",
        actor=actor,
        now=now,
    )


def _exchange(session: Session, payment: LockedPayment) -> LockedExchange:
    which = select(ReturnPayment.return_id).where(ReturnPayment.payment_id == payment.payment_id)
    return_id: uuid.UUID = session.execute(which).scalar_one()
    exchange = lock_exchange(session, return_id)
    assert exchange is not None  # The payment was begun for it.
    return exchange
