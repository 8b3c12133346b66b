"""Receipts and credit notes for whoever may read them."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.documents.content import Content
from portal.models import Document, Photo


class DocumentAlteredError(Exception):
    """A stored document does not say what it said when it was issued."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a list."""

    id: uuid.UUID
    kind: str
    label: str
    currency: str
    total_minor: int
    issued_at: datetime


def order_documents(session: Session, *, order_id: uuid.UUID) -> list[DocumentRow]:
    """The issued documents of an order, in the order in which they were issued."""
    rows = session.execute(
        select(
            Document.id,
            Document.kind,
            Document.label,
            Document.currency,
            Document.total_minor,
            Document.issued_at,
        )
        .where(Document.order_id == order_id, Document.issued_at.is_not(None))
        .order_by(Document.issued_at, Document.id)
    )
    return [DocumentRow(row.id, row.kind, row.label, row.currency, row.total_minor, row.issued_at) for row in rows]


@dataclass(frozen=True, slots=True)
class IssuedDocument:
    """A document with what it says, and the picture that stands beside the brand's name."""

    label: str
    content: Content
    logo: bytes | None = None


def load_document(session: Session, *, document_id: uuid.UUID) -> IssuedDocument | None:
    """An issued document. Raises DocumentAlteredError where its content is not what was issued."""
    return _load(session, Document.id == document_id)


def find_document(session: Session, *, order_id: uuid.UUID, label: str) -> IssuedDocument | None:
    """An issued document of an order by its label. Raises as load_document."""
    return _load(session, Document.order_id == order_id, Document.label == label)


def _load(session: Session, *conditions: ColumnElement[bool]) -> IssuedDocument | None:
    row = session.execute(
        select(
            Document.label,
            Document.content,
            func.coalesce(Document.erased_sha256, Document.sha256).label("sha256"),
        ).where(Document.issued_at.is_not(None), *conditions)
    ).one_or_none()
    if row is None:
        return None
    if hashlib.sha256(row.content.encode()).hexdigest() != row.sha256:
        raise DocumentAlteredError(row.label)
    content: Content = orjson.loads(row.content)
    return IssuedDocument(row.label, content, load_logo(session, content.get("brand_logo")))


def load_logo(session: Session, path: str | None) -> bytes | None:
    """The picture of a brand's logo, by the address under which pages show it; it is kept for ever."""
    if path is None:
        return None
    return session.scalar(select(Photo.content).where(Photo.id == uuid.UUID(path.rpartition("/")[2])))
