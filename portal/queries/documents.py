"""Receipts and credit notes for whoever may read them."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import TextualSelect

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


_CONTENT = "SELECT label, content, coalesce(erased_sha256, sha256) AS sha256 FROM document WHERE issued_at IS NOT NULL"
_BY_ID = text(f"{_CONTENT} AND id = :document_id").columns(content=Document.content.type)
_BY_LABEL = text(f"{_CONTENT} AND order_id = :order_id AND label = :label").columns(content=Document.content.type)


def load_document(session: Session, *, document_id: uuid.UUID) -> IssuedDocument | None:
    """An issued document. Raises DocumentAlteredError where its content is not what was issued."""
    return _load(session, _BY_ID, document_id=document_id)


def find_document(session: Session, *, order_id: uuid.UUID, label: str) -> IssuedDocument | None:
    """An issued document of an order by its label. Raises as load_document."""
    return _load(session, _BY_LABEL, order_id=order_id, label=label)


def _load(session: Session, statement: TextualSelect, **values: Any) -> IssuedDocument | None:
    row = session.execute(statement, values).one_or_none()
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
