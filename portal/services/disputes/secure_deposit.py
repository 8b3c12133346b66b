"""A disputed top-up: what is left of it on the deposit cannot be spent, and pays the loss if the bank decides so.

Whoever pays in with a stolen card spends it before its owner notices; so it is held from the first notice on (STR-05).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.models import Dispute
from portal.services.ledger.holds import HoldRequest, end_holds, place_holds

# Holds end with their dispute; this is only beyond all that banks take.
HELD_FOR = timedelta(days=3 * 365)

# The owner's deposit under lock, with what this dispute holds of it already. A frozen one needs no hold.
_DEPOSIT = text(
    """
    SELECT p.user_id, a.id AS account_id, a.frozen_at IS NULL AS is_open,
           a.balance_minor - a.held_minor - a.min_balance_minor AS free_minor,
           (SELECT coalesce(sum(h.amount_minor), 0) FROM ledger_hold h
             WHERE h.order_id = :dispute_id AND h.status = 'active')::bigint AS held_minor
      FROM payment p
      JOIN ledger_account a ON a.kind = 'deposit' AND a.owner = 'user:' || p.user_id AND a.currency = p.currency
     WHERE p.id = :payment_id AND p.purpose = 'top_up' FOR UPDATE OF a
    """
)


@dataclass(frozen=True, slots=True)
class Secured:
    """Whose deposit it is, and how much of it is held for the dispute."""

    user_id: uuid.UUID
    amount_minor: int


def secure_deposit(session: Session, *, dispute: Dispute, now: datetime) -> None:
    """Hold as much of the deposit as the bank has and nobody has borne, as far as it is free; less is let go of."""
    row = _load(session, dispute)
    if row is None or not row.is_open:
        return
    wanted = min(dispute.held_minor - dispute.borne_minor, max(row.free_minor, 0) + row.held_minor)
    if wanted == row.held_minor:
        return
    end_holds(session, order_id=dispute.id, status="released")
    if wanted > 0:
        request = HoldRequest(row.account_id, wanted)
        place_holds(session, [request], order_id=dispute.id, now=now, expires_at=now + HELD_FOR)


def use_secured(session: Session, *, dispute: Dispute) -> Secured | None:
    """Let go of what is held so that it can be taken in the same transaction; None for anything but a top-up."""
    row = _load(session, dispute)
    if row is None:
        return None
    end_holds(session, order_id=dispute.id, status="used")
    return Secured(row.user_id, row.held_minor)


def _load(session: Session, dispute: Dispute) -> Row[Any] | None:
    return session.execute(_DEPOSIT, {"dispute_id": dispute.id, "payment_id": dispute.payment_id}).one_or_none()
