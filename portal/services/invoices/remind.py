"""Invoices by the calendar: reminders before, on and after the due date, and what is late (PAY-17)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.models import Invoice
from portal.rules.invoices import REMINDERS, reminders_due
from portal.rules.permissions import SYSTEM
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.invoices.settle_invoice import lock_invoice
from portal.services.outbox import Event, emit

# Whoever is reminded too late hears only of the latest; one of each step that has come.
_DUE = text(
    """
    SELECT id FROM invoice
     WHERE closed_at IS NULL AND due_at <= :soon
       AND (reminded < (SELECT count(*) FROM unnest(CAST(:steps AS interval[])) AS s WHERE :now >= due_at + s)
            OR (due_at <= :now AND state <> 'overdue'))
     ORDER BY due_at LIMIT :limit
    """
)


def invoices_due(session: Session, *, now: datetime, limit: int = 200) -> list[uuid.UUID]:
    """Open invoices for which a reminder, or being late, has come and was not noted."""
    values = {"now": now, "soon": now - min(REMINDERS), "steps": list(REMINDERS), "limit": limit}
    return list(session.scalars(_DUE, values))


def remind_of_invoice(session: Session, *, invoice_id: uuid.UUID, now: datetime) -> bool:
    """Note once what the calendar says of an invoice, and tell of it; False when there is nothing new."""
    invoice = lock_invoice(session, invoice_id)
    if invoice is None or not invoice.left_minor:
        return False
    due = reminders_due(invoice.due_at, now)
    reminded = session.execute(select(Invoice.reminded).where(Invoice.id == invoice_id)).scalar_one()
    is_late = now >= invoice.due_at + timedelta(0) and invoice.state != "overdue"
    if due <= reminded and not is_late:
        return False
    values: dict[str, object] = {"reminded": max(due, reminded)}
    if is_late:
        values["state"] = "overdue"
        move = Move(Machine.INVOICE, invoice.id, invoice.state, "overdue", invoice.order_id)
        record_moves(session, move, actor=SYSTEM, now=now)
        fact = Fact(AuditAction.INVOICE_OVERDUE, f"invoice:{invoice.id}", after={"left_minor": invoice.left_minor})
        record(session, fact, actor=SYSTEM, now=now)
    session.execute(update(Invoice).where(Invoice.id == invoice_id).values(**values))
    facts = {
        "number": invoice.number,
        "left_minor": invoice.left_minor,
        "currency": invoice.currency,
        "step": max(due, reminded),
    }
    kinds = (["invoice.reminder"] if due > reminded else []) + (["invoice.overdue"] if is_late else [])
    events = [
        Event(kind, f"invoice:{invoice.id}", facts, channel_id=invoice.channel_id, profile_id=invoice.user_id)
        for kind in kinds
    ]
    emit(session, *events, now=now)
    return True
