"""Issue the receipts and credit notes that are wanted, each in a short transaction of its own (PAY-15)."""

from __future__ import annotations

import uuid

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import atomically, reading
from portal.jobs.mails import send_mails
from portal.kit import clock
from portal.models import Document, DocumentKind
from portal.services.documents.issue_document import CreditAboveReceiptError, issue_document, wanted_documents
from portal.services.notifications.notify_exchange import mail_exchange_paper
from portal.services.notifications.notify_order import mail_receipt

log = structlog.get_logger()


def serve_documents() -> None:
    """Issue what is wanted, and send the mails that were waiting for it."""
    if issue_documents():
        send_mails()


def issue_documents() -> int:
    """Issue what is wanted; returns how many. Safe in several workers at once, and any number of times."""
    issued = 0
    while True:
        with reading() as session:
            wanted = wanted_documents(session)
        done = sum(_issue(document_id) for document_id in wanted)
        issued += done
        if not done:
            return issued


def documents_wait() -> bool:
    """Whether something is wanted that can be issued."""
    with reading() as session:
        return bool(wanted_documents(session, limit=1))


def _issue(document_id: uuid.UUID) -> bool:
    try:
        return atomically(lambda session: _issue_and_mail(session, document_id))
    except CreditAboveReceiptError:
        log.exception("credit_above_receipt", document=str(document_id))
        return False


def _issue_and_mail(session: Session, document_id: uuid.UUID) -> bool:
    now = clock.now()
    label = issue_document(session, document_id=document_id, now=now)
    if label is None:
        return False
    about = select(Document.kind, Document.order_id, Document.entry_id).where(Document.id == document_id)
    kind, order_id, entry_id = session.execute(about).one()
    if entry_id is not None:
        mail_exchange_paper(session, document_id=document_id, now=now)
    elif kind == DocumentKind.RECEIPT:
        mail_receipt(session, order_id=order_id, document_id=document_id, label=label, now=now)
    return True
