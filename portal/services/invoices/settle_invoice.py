"""What lowers an invoice, in one place: a payment, deposit, a refund of its order, or that it is given up (PAY-17)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import InvoiceMove
from portal.rules.invoice_posting import invoice_lost, invoice_lowered, invoice_paid
from portal.rules.invoices import state_of
from portal.rules.permissions import Actor
from portal.rules.posting import AccountRef, EntryKind, Line
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import Event, emit


class MoveKind(StrEnum):
    PAYMENT = "payment"
    DEPOSIT = "deposit"
    REFUND = "refund"
    WRITE_OFF = "write_off"


@dataclass(frozen=True, slots=True)
class LockedInvoice:
    """An invoice under lock; amounts in minor units of `currency`."""

    id: uuid.UUID
    number: str
    user_id: uuid.UUID
    channel_id: int
    order_id: uuid.UUID
    currency: str
    total_minor: int
    paid_minor: int
    lowered_minor: int
    lost_minor: int
    state: str
    due_at: datetime

    @property
    def left_minor(self) -> int:
        return self.total_minor - self.paid_minor - self.lowered_minor - self.lost_minor


_COLUMNS = (
    "id, number, user_id, channel_id, order_id, currency, total_minor, paid_minor, lowered_minor, lost_minor, state,"
    " due_at"
)
_LOCK = text(f"SELECT {_COLUMNS} FROM invoice WHERE id = :id FOR UPDATE")  # noqa: S608  # Columns of this file.
_OF_ORDER = text(f"SELECT {_COLUMNS} FROM invoice WHERE order_id = :id FOR UPDATE")  # noqa: S608  # As above.
_SET = text(
    """
    UPDATE invoice SET paid_minor = :paid, lowered_minor = :lowered, lost_minor = :lost, state = :state,
           closed_at = :closed_at
     WHERE id = :id
    """
)


def lock_invoice(session: Session, invoice_id: uuid.UUID) -> LockedInvoice | None:
    row = session.execute(_LOCK, {"id": invoice_id}).one_or_none()
    return LockedInvoice(*row) if row is not None else None


def settle_invoice(
    session: Session,
    *,
    invoice: LockedInvoice,
    kind: MoveKind,
    amount_minor: int,
    idem_key: str,
    actor: Actor,
    now: datetime,
    source: AccountRef | None = None,
    gateway: str = "",
    payment_id: uuid.UUID | None = None,
    reason: str | None = None,
) -> None:
    """Lower a locked invoice by an amount that it has left, and post it. `source` is where a payment's money is.

    A refund may be more than what is left: then what was paid goes back to the buyer's deposit. The caller has made
    sure of the rest. `idem_key` is that of the entry in the books; a second one with it fails.
    """
    is_refund = kind is MoveKind.REFUND
    lowered = min(amount_minor, invoice.left_minor) if is_refund else amount_minor
    assert 0 <= lowered <= invoice.left_minor
    lines: tuple[Line, ...]
    if is_refund:
        entry, back = EntryKind.INVOICE_LOWERED, amount_minor - lowered
        lines = invoice_lowered(
            user_id=invoice.user_id,
            gateway=gateway,
            currency=invoice.currency,
            lowered_minor=lowered,
            back_minor=back,
        )
    elif kind is MoveKind.WRITE_OFF:
        entry = EntryKind.INVOICE_LOST
        lines = invoice_lost(user_id=invoice.user_id, currency=invoice.currency, amount_minor=lowered)
    else:
        assert source is not None
        entry = EntryKind.INVOICE_PAID
        lines = invoice_paid(user_id=invoice.user_id, source=source, currency=invoice.currency, amount_minor=lowered)
    entry_id, _ = post(session, kind=entry, idem_key=idem_key, lines=lines, now=now)
    action = AuditAction.INVOICE_WRITTEN_OFF if kind is MoveKind.WRITE_OFF else AuditAction.INVOICE_SETTLED
    after = {"invoice": invoice.number, "kind": kind.value, "amount_minor": amount_minor, "lowered_minor": lowered}
    refs = (f"entry:{entry_id}", f"invoice:{invoice.id}")
    facts = [Fact(action, ref, after=after, reason=reason) for ref in refs]
    record(session, *facts, actor=actor, now=now)
    if not lowered:
        return
    row = {
        "invoice_id": invoice.id,
        "kind": kind.value,
        "amount_minor": lowered,
        "payment_id": payment_id,
        "idem_key": idem_key,
        "at": now,
        "actor": label(actor),
    }
    insert_rows(session, InvoiceMove, [row])
    _follow(session, invoice, kind, lowered, actor, now)


def lower_for_refund(
    session: Session, *, order_id: uuid.UUID, amount_minor: int, gateway: str, key: str, actor: Actor, now: datetime
) -> None:
    """A refund of an order on invoice has gone through: less is owed, and what was paid beyond goes to the deposit."""
    row = session.execute(_OF_ORDER, {"id": order_id}).one()
    settle_invoice(
        session,
        invoice=LockedInvoice(*row),
        kind=MoveKind.REFUND,
        amount_minor=amount_minor,
        idem_key=f"invoice:{key}",
        gateway=gateway,
        actor=actor,
        now=now,
    )


def _follow(session: Session, invoice: LockedInvoice, kind: MoveKind, amount: int, actor: Actor, now: datetime) -> None:
    """Sums, state, and whoever must hear of it."""
    sums: dict[str, Any] = {"paid": invoice.paid_minor, "lowered": invoice.lowered_minor, "lost": invoice.lost_minor}
    names = {MoveKind.REFUND: "lowered", MoveKind.WRITE_OFF: "lost"}
    sums[names.get(kind, "paid")] += amount
    left = invoice.total_minor - sum(sums.values())
    state = state_of(
        total_minor=invoice.total_minor,
        paid_minor=sums["paid"],
        lowered_minor=sums["lowered"],
        lost_minor=sums["lost"],
        is_overdue=invoice.state == "overdue",
    )
    values = {**sums, "state": state, "closed_at": None if left else now, "id": invoice.id}
    session.execute(_SET, values)
    if state != invoice.state:
        move = Move(Machine.INVOICE, invoice.id, invoice.state, state, invoice.order_id, kind.value)
        record_moves(session, move, actor=actor, now=now)
    event = Event(
        "invoice.settled",
        f"invoice:{invoice.id}",
        {
            "number": invoice.number,
            "kind": kind.value,
            "state": state,
            "amount_minor": amount,
            "left_minor": left,
            "currency": invoice.currency,
        },
        channel_id=invoice.channel_id,
        profile_id=invoice.user_id,
        priority="high",
    )
    emit(session, event, now=now)
