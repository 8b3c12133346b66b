"""Ask for a receipt or a credit note: a row in the transaction of whatever it is about (PAY-15)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.ids import new_id

# Orders of an imported history have the receipts of wherever they were bought.
_RECEIPT = text(
    """
    INSERT INTO document (id, kind, order_id, user_id, currency, total_minor, wanted_at)
    SELECT :id, 'receipt', o.id, o.buyer_id, o.currency, o.payable_minor, :now FROM orders o
     WHERE o.id = :order_id AND o.paid_at IS NOT NULL AND o.external_ref IS NULL
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
    """Ask for the receipt of a paid order, once however often."""
    session.execute(_RECEIPT, {"id": new_id(), "order_id": order_id, "now": now})


def want_credit_note(session: Session, *, refund_id: uuid.UUID, now: datetime) -> None:
    """Ask for the credit note of a refund that is complete, once however often; none without a receipt."""
    session.execute(_CREDIT_NOTE, {"id": new_id(), "refund_id": refund_id, "now": now})
