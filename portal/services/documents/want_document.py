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
      AND d.entry_id IS NULL
     WHERE f.id = :refund_id AND f.status = 'succeeded' AND f.total_minor > 0
    ON CONFLICT DO NOTHING
    """
)


# What exchanges of an order cost, and what of it went back: units that went back together in one note.
_OF_EXCHANGES = (
    text(
        """
        SELECT 'receipt' AS kind, g.more_entry_id AS entry_id, NULL AS corrects_id, g.order_id, g.buyer_id AS user_id,
               o.currency, sum(u.more_minor)::bigint AS total_minor
          FROM goods_return g JOIN orders o ON o.id = g.order_id
          JOIN return_unit u ON u.return_id = g.id AND u.state = 'accepted' AND u.more_minor > 0
         WHERE g.order_id = :order_id AND g.more_entry_id IS NOT NULL
         GROUP BY g.id, o.id ORDER BY g.more_entry_id
        """
    ),
    text(
        """
        SELECT 'credit_note' AS kind, min(e.id) AS entry_id, d.id AS corrects_id, d.order_id, d.user_id, d.currency,
               sum(u.more_minor)::bigint AS total_minor
          FROM document d JOIN goods_return g ON g.order_id = d.order_id AND g.more_entry_id = d.entry_id
          JOIN return_unit u ON u.return_id = g.id AND u.more_back_at IS NOT NULL
          JOIN ledger_entry e ON e.idem_key = 'exchange_back:' || u.id
         WHERE d.order_id = :order_id GROUP BY d.id, u.more_back_at ORDER BY min(e.id)
        """
    ),
)
_WANT = text(
    """
    INSERT INTO document (id, kind, order_id, entry_id, corrects_id, user_id, currency, total_minor, wanted_at)
    VALUES (:id, :kind, :order_id, :entry_id, :corrects_id, :user_id, :currency, :total_minor, :now)
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


def want_exchange_papers(session: Session, *, order_id: uuid.UUID, now: datetime) -> None:
    """Ask for the receipts of what the exchanges of an order cost, and the credit notes of what of it went back."""
    for papers in _OF_EXCHANGES:
        for row in session.execute(papers, {"order_id": order_id}).mappings().all():
            session.execute(_WANT, {**row, "id": new_id(), "now": now})
