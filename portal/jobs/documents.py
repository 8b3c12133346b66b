"""Issue the receipts and credit notes that are wanted, each in a short transaction of its own (PAY-15)."""

from __future__ import annotations

import uuid

import structlog
from sqlalchemy.orm import Session

from portal.db import atomically, reading
from portal.jobs.mails import send_mails
from portal.kit import clock
from portal.models import DocumentKind
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
    issued = issue_document(session, document_id=document_id, now=now)
    if issued is None:
        return False
    if issued.entry_id is not None:
        mail_exchange_paper(session, document_id=document_id, now=now)
    elif issued.kind is DocumentKind.RECEIPT:
        mail_receipt(session, order_id=issued.order_id, document_id=document_id, label=issued.label, now=now)
    return True
