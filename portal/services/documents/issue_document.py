"""Give a wanted document its number and freeze what it says, by a worker, after everything is settled (PAY-15)."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Row, bindparam, func, select, text
from sqlalchemy.orm import Session

from portal.documents.content import Content
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Document, DocumentKind
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.documents.freeze import freeze_credit_note, freeze_receipt
from portal.services.documents.freeze_exchange import freeze_exchange
from portal.services.outbox import Event, emit

WANTED_AT_ONCE = 200
SERIES = {DocumentKind.RECEIPT: "R", DocumentKind.CREDIT_NOTE: "C"}

# The row of the series is locked from here to the end of this short transaction, and nowhere in a checkout.
_NEXT = text(
    """
    INSERT INTO document_series AS s (issuer, series, year, last_number) VALUES (:issuer, :series, :year, 1)
    ON CONFLICT (issuer, series, year) DO UPDATE SET last_number = s.last_number + 1
    RETURNING last_number
    """
)
_TAKE = text(
    """
    SELECT d.id, d.kind, d.order_id, d.refund_id, d.entry_id, d.corrects_id, d.currency, d.total_minor, o.number,
           o.channel_id, o.buyer_id, c.code AS issuer, c.time_zone,
           EXISTS (SELECT FROM document n WHERE n.corrects_id = d.id AND n.issued_at IS NULL) AS is_awaited
      FROM document d JOIN orders o ON o.id = d.order_id JOIN channel c ON c.id = o.channel_id
     WHERE d.id = :document_id AND d.issued_at IS NULL FOR UPDATE OF d SKIP LOCKED
    """
)
_ISSUE = text(
    """
    UPDATE document SET issuer = :issuer, series = :series, year = :year, number = :number, label = :label,
           content = :content, sha256 = :sha256, issued_at = :now
     WHERE id = :document_id
    """
).bindparams(bindparam("content", type_=Document.content.type))
_WANTED = text(
    """
    SELECT d.id FROM document d LEFT JOIN document r ON r.id = d.corrects_id
     WHERE d.issued_at IS NULL AND (d.corrects_id IS NULL OR r.issued_at IS NOT NULL)
     ORDER BY d.wanted_at LIMIT :limit
    """
)


class CreditAboveReceiptError(PortalError):
    code = "credit_above_receipt"
    status = 409
    sentence = N_("The credit notes would be more than the receipt.")


def wanted_documents(session: Session, *, limit: int = WANTED_AT_ONCE) -> list[uuid.UUID]:
    """Documents that can be issued now, the oldest first; a credit note waits for its receipt."""
    return list(session.scalars(_WANTED, {"limit": limit}))


@dataclass(frozen=True, slots=True)
class Issued:
    """A document with its number: what it is about, for whoever sends it, and whether another waited for it."""

    label: str
    kind: DocumentKind
    order_id: uuid.UUID
    entry_id: int | None
    is_awaited: bool


def issue_document(session: Session, *, document_id: uuid.UUID, now: datetime) -> Issued | None:
    """Issue a wanted document; None when another worker has it or it is issued already.

    Numbers of an issuer follow one another without a gap: a transaction that fails gives its number back. Raises
    CreditAboveReceiptError.
    """
    wanted = session.execute(_TAKE, {"document_id": document_id}).one_or_none()
    if wanted is None:
        return None
    kind = DocumentKind(wanted.kind)
    if kind is DocumentKind.CREDIT_NOTE:
        _check_sum(session, wanted)
    year = now.astimezone(ZoneInfo(wanted.time_zone)).year
    about = {"issuer": wanted.issuer, "series": SERIES[kind], "year": year}
    number = session.execute(_NEXT, about).scalar_one()
    label = f"{wanted.issuer.upper()}-{year}-{SERIES[kind]}-{number:06}"
    content = _freeze(session, wanted, kind, label, now)
    assert content["total_minor"] == wanted.total_minor
    frozen = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    sha256 = hashlib.sha256(frozen).hexdigest()
    says = {"number": number, "label": label, "content": frozen.decode(), "sha256": sha256}
    session.execute(_ISSUE, {**about, **says, "document_id": document_id, "now": now})
    after = {"label": label, "total_minor": wanted.total_minor, "sha256": sha256}
    record(session, Fact(AuditAction.DOCUMENT_ISSUED, f"order:{wanted.order_id}", after=after), actor=SYSTEM, now=now)
    emit(
        session,
        Event(
            f"document.{kind.value}_issued",
            f"order:{wanted.order_id}",
            {"document": str(document_id), "number": wanted.number, "label": label},
            channel_id=wanted.channel_id,
            profile_id=wanted.buyer_id,
        ),
        now=now,
    )
    return Issued(label, kind, wanted.order_id, wanted.entry_id, wanted.is_awaited)


def _check_sum(session: Session, wanted: Row[Any]) -> None:
    """What is credited in all stays within the receipt, also when two refunds end at once."""
    receipt = session.execute(
        select(Document.total_minor).where(Document.id == wanted.corrects_id).with_for_update()
    ).scalar_one()
    credited = session.execute(
        select(func.coalesce(func.sum(Document.total_minor), 0)).where(
            Document.corrects_id == wanted.corrects_id, Document.issued_at.is_not(None)
        )
    ).scalar_one()
    if credited + wanted.total_minor > receipt:
        raise CreditAboveReceiptError


def _freeze(session: Session, wanted: Row[Any], kind: DocumentKind, label: str, now: datetime) -> Content:
    if wanted.entry_id is not None:
        return freeze_exchange(
            session,
            kind=kind,
            order_id=wanted.order_id,
            entry_id=wanted.entry_id,
            corrects_id=wanted.corrects_id,
            label=label,
            now=now,
        )
    if kind is DocumentKind.RECEIPT:
        return freeze_receipt(session, order_id=wanted.order_id, label=label, now=now)
    return freeze_credit_note(session, order_id=wanted.order_id, refund_id=wanted.refund_id, label=label, now=now)
