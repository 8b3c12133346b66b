"""Issue the receipts and credit notes that are wanted, each in a short transaction of its own (PAY-15)."""

from __future__ import annotations

import uuid

import structlog
from sqlalchemy.orm import Session

from portal.db import atomically, reading
from portal.jobs.mails import send_mails
from portal.kit import clock
from portal.models import DocumentKind
from portal.services.documents.issue_document import (
    WANTED_AT_ONCE,
    CreditAboveReceiptError,
    Issued,
    issue_document,
    wanted_documents,
)
from portal.services.notifications.notify_exchange import mail_exchange_paper
from portal.services.notifications.notify_order import mail_receipt

log = structlog.get_logger()


def serve_documents() -> None:
    """Issue what is wanted, and send the mails that were waiting for it."""
    if issue_documents():
        send_mails()


def issue_documents() -> int:
    """Issue what is wanted; returns how many. Safe in several workers at once, and any number of times."""
    count = 0
    while True:
        with reading() as session:
            wanted = wanted_documents(session)
        issued = [one for one in map(_issue, wanted) if one is not None]
        count += len(issued)
        is_more = len(wanted) == WANTED_AT_ONCE or any(one.is_awaited for one in issued)
        if not issued or not is_more:
            return count


def documents_wait() -> bool:
    """Whether something is wanted that can be issued."""
    with reading() as session:
        return bool(wanted_documents(session, limit=1))


def _issue(document_id: uuid.UUID) -> Issued | None:
    try:
        return atomically(lambda session: _issue_and_mail(session, document_id))
    except CreditAboveReceiptError:
        log.exception("credit_above_receipt", document=str(document_id))
        return None


def _issue_and_mail(session: Session, document_id: uuid.UUID) -> Issued | None:
    now = clock.now()
    issued = issue_document(session, document_id=document_id, now=now)
    if issued is None:
        return None
    if issued.entry_id is not None:
        mail_exchange_paper(session, document_id=document_id, now=now)
    elif issued.kind is DocumentKind.RECEIPT:
        mail_receipt(session, order_id=issued.order_id, document_id=document_id, label=issued.label, now=now)
    return issued
