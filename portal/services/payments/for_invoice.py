"""A payment for an invoice (PAY-17): it lowers what is left, while as much is left."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import InvoicePayment
from portal.rules.permissions import Actor
from portal.rules.posting import clearing
from portal.services.invoices.settle_invoice import LockedInvoice, MoveKind, lock_invoice, settle_invoice
from portal.services.payments.locked_payment import LockedPayment


def takes(session: Session, payment: LockedPayment) -> bool:
    """Whoever paid in two tabs, or had the order refunded meanwhile, gets it back."""
    return _invoice(session, payment).left_minor >= payment.amount_minor


def use(session: Session, payment: LockedPayment, *, actor: Actor, now: datetime) -> None:
    settle_invoice(
        session,
        invoice=_invoice(session, payment),
        kind=MoveKind.PAYMENT,
        amount_minor=payment.amount_minor,
        idem_key=f"payment:{payment.payment_id}",
        source=clearing(payment.gateway, payment.currency),
        payment_id=payment.payment_id,
        actor=actor,
        now=now,
    )


def _invoice(session: Session, payment: LockedPayment) -> LockedInvoice:
    which = select(InvoicePayment.invoice_id).where(InvoicePayment.payment_id == payment.payment_id)
    invoice_id: uuid.UUID = session.execute(which).scalar_one()
    invoice = lock_invoice(session, invoice_id)
    assert invoice is not None  # The payment was begun for it.
    return invoice
