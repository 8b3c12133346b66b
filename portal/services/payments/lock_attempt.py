"""Attempt, payment and order under one lock, in the order in which everybody takes it."""

from __future__ import annotations

import uuid

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.services.payments.locked_payment import LockedPayment

# Attempt and payment before the order, as everywhere; the order as it is once its lock is held.
_LOCK = text(
    """
    WITH locked AS (
        SELECT a.id AS attempt_id, a.state, a.gateway, a.op_key, p.id AS payment_id, p.purpose, p.method,
               p.status AS payment_status, p.amount_minor, p.currency, p.tender_id, p.order_id, p.user_id, p.channel_id,
               a.gateway_account_id, p.capture_on
          FROM payment_attempt a JOIN payment p ON p.id = a.payment_id
         WHERE a.id = :attempt_id
           FOR UPDATE
    )
    SELECT attempt_id, state, gateway, op_key, payment_id, purpose, method, payment_status, amount_minor, currency,
           tender_id, order_id, o.status, o.number, user_id, channel_id, gateway_account_id, capture_on,
           coalesce(t.released_minor, 0) AS released_minor
      FROM locked
      LEFT JOIN LATERAL (SELECT status, number FROM orders WHERE id = locked.order_id FOR UPDATE) AS o ON true
      -- What was called off of an order that goes on while a gateway holds its money.
      LEFT JOIN LATERAL (SELECT released_minor FROM tender WHERE id = locked.tender_id AND o.status <> 'pending'
                            AND locked.payment_status = 'authorised' FOR UPDATE) AS t ON true
    """
)


def lock_attempt(session: Session, attempt_id: uuid.UUID) -> LockedPayment:
    """Lock an attempt with its payment and, where there is one, its order; returns them as they are."""
    return LockedPayment(*session.execute(_LOCK, {"attempt_id": attempt_id}).one())
