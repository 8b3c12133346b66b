"""An order that was bought on invoice is owed from now on (PAY-17)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id, new_number
from portal.models import Invoice
from portal.rules.invoice_posting import invoice_issued
from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import Event, emit

_TERMS = text("SELECT days FROM credit_line WHERE user_id = :user_id AND currency = :currency")


def issue_invoice(
    session: Session,
    *,
    order_id: uuid.UUID,
    user_id: uuid.UUID,
    channel_id: int,
    gateway: str,
    currency: str,
    amount_minor: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Turn what the house's connector has taken of a just completed order into a claim with a due date.

    The claim on the credit was checked when the order was placed; a line that was closed since changes nothing of it.
    """
    days = session.execute(_TERMS, {"user_id": user_id, "currency": currency}).scalar_one()
    invoice_id, number = new_id(), new_number("INV")
    entry_id, _ = post(
        session,
        kind=EntryKind.INVOICE_ISSUED,
        idem_key=f"invoice:{order_id}:issued",
        lines=invoice_issued(user_id=user_id, gateway=gateway, currency=currency, amount_minor=amount_minor),
        now=now,
    )
    row = {
        "id": invoice_id,
        "number": number,
        "user_id": user_id,
        "channel_id": channel_id,
        "order_id": order_id,
        "currency": currency,
        "total_minor": amount_minor,
        "state": "open",
        "issued_at": now,
        "due_at": now + timedelta(days=days),
    }
    insert_rows(session, Invoice, [row])
    record_moves(session, Move(Machine.INVOICE, invoice_id, None, "open", order_id), actor=actor, now=now)
    after = {"number": number, "amount_minor": amount_minor, "currency": currency, "days": days}
    facts = [
        Fact(AuditAction.INVOICE_ISSUED, ref, after=after) for ref in (f"entry:{entry_id}", f"invoice:{invoice_id}")
    ]
    record(session, *facts, actor=actor, now=now)
    event = Event(
        "invoice.issued",
        f"invoice:{invoice_id}",
        {"number": number, "amount_minor": amount_minor, "currency": currency},
        channel_id=channel_id,
        profile_id=user_id,
    )
    emit(session, event, now=now)
