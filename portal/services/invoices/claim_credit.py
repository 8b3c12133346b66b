"""The claim of an order on its buyer's credit, behind the lock of his credit line (PAY-17)."""

from __future__ import annotations

import uuid

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.errors import RejectedError
from portal.queries.credit import load_credit
from portal.rules.invoices import refusal_of

_LOCK = text("SELECT id FROM credit_line WHERE user_id = :user_id AND currency = :currency FOR UPDATE")


def claim_credit(session: Session, *, user_id: uuid.UUID, currency: str, amount_minor: int) -> None:
    """Make sure that this may be bought on invoice. Raises RejectedError.

    The claim is the payment that the caller writes in the same transaction: who comes next waits here and counts it.
    """
    session.execute(_LOCK, {"user_id": user_id, "currency": currency})
    credit = load_credit(session, user_id=user_id, currency=currency)
    refusal = refusal_of(credit, amount_minor, currency)
    if refusal is not None:
        raise RejectedError(refusal)
