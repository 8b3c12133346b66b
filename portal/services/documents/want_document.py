"""Ask for a receipt or a credit note: a row in the transaction of whatever it is about (PAY-15)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.ids import new_id
from portal.models import Refund

# Orders of an imported history have the receipts of wherever they were bought.
_RECEIPT = text(
    """
    INSERT INTO document (id, kind, order_id, user_id, currency, total_minor, wanted_at)
    SELECT :id, 'receipt', o.id, o.buyer_id, o.currency, o.payable_minor, :now FROM orders o
     WHERE o.id = :order_id AND o.paid_at IS NOT NULL AND o.external_ref IS NULL
       AND NOT EXISTS (SELECT FROM payment p WHERE p.order_id = o.id AND p.captured_minor = 0)
    ON CONFLICT DO NOTHING
    """
)
_CREDIT_NOTE = text(
    """
    INSERT INTO document (id, kind, order_id, refund_id, corrects_id, user_id, currency, total_minor, wanted_at)
    SELECT :id, 'credit_note', f.order_id, f.id, d.id, d.user_id, f.currency, f.total_minor, :now
      FROM refund f JOIN document d ON d.order_id = f.order_id AND d.kind = 'receipt'
     WHERE f.id = :refund_id AND f.status = 'succeeded' AND f.total_minor > 0
    ON CONFLICT DO NOTHING
    """
)


def want_receipt(session: Session, *, order_id: uuid.UUID, now: datetime) -> None:
    """Ask for the receipt of a paid order, once however often; none before a gateway has taken what it holds."""
    session.execute(_RECEIPT, {"id": new_id(), "order_id": order_id, "now": now})


def want_credit_note(session: Session, *, refund_id: uuid.UUID, now: datetime) -> None:
    """Ask for the credit note of a refund that is complete, once however often; none without a receipt."""
    session.execute(_CREDIT_NOTE, {"id": new_id(), "refund_id": refund_id, "now": now})


def want_credit_notes(session: Session, *, order_id: uuid.UUID, now: datetime) -> None:
    """Ask for those of all complete refunds of an order, whose receipt came after them."""
    done = select(Refund.id).where(Refund.order_id == order_id, Refund.status == "succeeded").order_by(Refund.id)
    for refund_id in session.scalars(done).all():
        want_credit_note(session, refund_id=refund_id, now=now)
