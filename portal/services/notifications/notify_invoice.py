"""Who hears of an invoice: its buyer by bell, by mail when it is issued and when it is due, administrators when it is
late (PAY-17).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

_INVOICE = text(
    """
    SELECT i.id, i.number, i.user_id, i.currency, i.total_minor, i.due_at, i.state, o.number AS order_number,
           i.total_minor - i.paid_minor - i.lowered_minor - i.lost_minor AS left_minor,
           u.email, u.name, u.locale, c.code, c.brand, c.name AS channel_name
      FROM invoice i JOIN orders o ON o.id = i.order_id JOIN user_account u ON u.id = i.user_id
      JOIN channel c ON c.id = i.channel_id
     WHERE i.id = :invoice_id
    """
).columns(email=User.email.type, name=User.name.type)
_STEPS = {1: NoticeKind.INVOICE_SOON, 2: NoticeKind.INVOICE_TODAY}


def tell_buyer_of_invoice(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """It is there, less is left of it, or nothing is."""
    invoice = _load(session, event)
    if event.kind == "invoice.issued":
        _notice(session, invoice, NoticeKind.INVOICE_ISSUED, event, now, invoice.total_minor)
        _mail(session, invoice, "issued", event, now)
        return ["admin"]
    left = event.payload["left_minor"]
    _notice(session, invoice, NoticeKind.INVOICE_LOWERED if left else NoticeKind.INVOICE_CLOSED, event, now, left)
    return ["admin"]


def remind_buyer_of_invoice(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Before, on and after its date; nothing once it is paid."""
    invoice = _load(session, event)
    if invoice.left_minor:
        kind = _STEPS.get(event.payload["step"], NoticeKind.INVOICE_LATE)
        _notice(session, invoice, kind, event, now, invoice.left_minor)
        _mail(session, invoice, kind.value.removeprefix("invoice_"), event, now)
    return ()


def tell_admins_of_overdue(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Whoever grants credit must know who does not pay."""
    invoice = _load(session, event)
    admins = session.scalars(select(User.id).where(User.roles.op("&&")(["admin", "finance"]))).all()
    path = f"/admin/invoices/{invoice.id}"
    _notice(session, invoice, NoticeKind.INVOICE_OVERDUE, event, now, invoice.left_minor, people=admins, path=path)
    return ["admin"]


def _notice(
    session: Session,
    invoice: Row[Any],
    kind: NoticeKind,
    event: OutboxEvent,
    now: datetime,
    amount_minor: int,
    *,
    people: Collection[uuid.UUID] | None = None,
    path: str | None = None,
) -> None:
    write_notices(
        session,
        user_ids=[invoice.user_id] if people is None else people,
        kind=kind,
        params={"number": invoice.number, "amount_minor": amount_minor, "currency": invoice.currency},
        path=path or f"/account/invoices/{invoice.number}",
        dedup_key=f"{kind}:{invoice.id}:{event.id}",
        now=now,
    )


def _mail(session: Session, invoice: Row[Any], step: str, event: OutboxEvent, now: datetime) -> None:
    write_mail(
        session,
        template="invoice",
        dedup_key=f"event:{event.id}",
        recipient=invoice.email,
        user_id=invoice.user_id,
        locale=invoice.locale or "en",
        now=now,
        step=step,
        invoice=invoice,
        link=site.address(f"/account/invoices/{invoice.number}", channel=invoice.code),
    )


def _load(session: Session, event: OutboxEvent) -> Row[Any]:
    return session.execute(_INVOICE, {"invoice_id": uuid.UUID(event.subject.partition(":")[2])}).one()
