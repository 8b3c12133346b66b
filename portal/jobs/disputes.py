"""Disputes at gateways: record, call with no transaction open, record. Each job is safe to run any number of times."""

from __future__ import annotations

import uuid
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from portal.db import atomically, reading, transaction
from portal.gateways.base import (
    AskableDisputes,
    DisputeNotice,
    DisputingGateway,
    Evidence,
    Gateway,
    GatewayRefusedError,
    GatewayUnavailableError,
    OutcomeUnknownError,
    Papers,
    TellingGateway,
    ToldDisputes,
)
from portal.kit import clock
from portal.queries.documents import find_document
from portal.queries.gateways import gateway_directory
from portal.rules.disputes import OPEN
from portal.rules.permissions import SYSTEM
from portal.services.disputes.answer_dispute import (
    AnswerToSend,
    claim_answer,
    note_answer_arrived,
    note_answer_refused,
    note_answer_sent,
    note_answer_waits,
)
from portal.services.disputes.evidence import letter_of
from portal.services.disputes.find_due import dispute_to_ask, known_disputes
from portal.services.disputes.settle_dispute import settle_dispute
from portal.services.payments.find_record import find_dispute_notices
from portal.services.payments.receive_webhook import DisputeToAsk

log = structlog.get_logger()

# So long a lost notice is looked for: longer than a bank gives for an answer.
LISTED_FOR = timedelta(days=30)


def take_dispute_notice(asked: DisputeToAsk) -> bool:
    """Look a dispute up that a notice speaks of, and settle it; False when that must be tried again.

    The notice is only a hint; of a gateway which cannot be asked, all of them together are all there is.
    """
    configured = gateway_directory().get(asked.gateway_account_id)
    if configured is None:
        return False
    try:
        notice = _look_up(configured.gateway, asked)
    except (GatewayUnavailableError, OutcomeUnknownError, GatewayRefusedError) as error:
        log.warning("dispute_waits", dispute=asked.dispute_ref, error=str(error))
        return False
    return notice is not None and _settle(asked, notice)


def _look_up(gateway: Gateway, asked: DisputeToAsk) -> DisputeNotice | None:
    """How it stands; None for a gateway that does not say it."""
    if isinstance(gateway, AskableDisputes):
        return gateway.fetch_dispute(dispute_ref=asked.dispute_ref, now=clock.now())
    if isinstance(gateway, ToldDisputes) and isinstance(gateway, TellingGateway):
        with reading() as session:
            bodies = find_dispute_notices(session, gateway=asked.gateway, dispute_ref=asked.dispute_ref)
        notices = tuple(gateway.read_notice(body) for body in bodies)
        return gateway.conclude_dispute(dispute_ref=asked.dispute_ref, notices=notices)
    return None


def ask_dispute(dispute_id: str) -> None:
    """Ask how an open dispute stands, should its notices be lost."""
    with transaction() as session:
        asked = dispute_to_ask(session, dispute_id=uuid.UUID(dispute_id), now=clock.now())
    if asked is not None:
        take_dispute_notice(asked)


def find_disputes() -> None:
    """Look for disputes whose opening nobody told us of, at each gateway that can list them."""
    now = clock.now()
    for account_id, configured in gateway_directory().items():
        gateway, name = configured.gateway, configured.account.gateway
        if not isinstance(gateway, AskableDisputes):
            continue
        try:
            listed = list(gateway.list_disputes(since=now - LISTED_FOR, now=now))  # No transaction is open here.
        except (GatewayUnavailableError, OutcomeUnknownError, GatewayRefusedError) as error:
            log.warning("disputes_not_listed", account=account_id, error=str(error))
            continue
        with reading() as session:
            known = known_disputes(session, gateway=name, refs=[one.dispute_ref for one in listed])
        for notice in listed:
            if notice.dispute_ref not in known and _settle(DisputeToAsk(name, account_id, notice.dispute_ref), notice):
                log.info("dispute_found", account=account_id, dispute=notice.dispute_ref)


def send_answer(dispute_id: str) -> None:
    """Hand in what was decided about a dispute. A second run finds nothing to send."""
    dispute = uuid.UUID(dispute_id)
    found = atomically(lambda s: claim_answer(s, dispute_id=dispute, now=clock.now()))
    if found is None:
        return
    configured = gateway_directory().get(found.gateway_account_id)
    gateway = configured.gateway if configured is not None else None
    try:
        notice = _answer(gateway, found)  # No transaction is open here.
    except (GatewayUnavailableError, OutcomeUnknownError) as error:
        log.warning("answer_waits", dispute=dispute_id, error=str(error))
        atomically(lambda s: note_answer_waits(s, dispute_id=dispute, now=clock.now()))
        return
    except GatewayRefusedError as error:
        log.exception("answer_refused", dispute=dispute_id)
        code = error.code
        atomically(lambda s: note_answer_refused(s, dispute_id=dispute, code=code, now=clock.now()))
        return
    atomically(lambda s: note_answer_sent(s, dispute_id=dispute, now=clock.now()))
    if notice is not None:
        _settle(DisputeToAsk(found.gateway, found.gateway_account_id, found.dispute_ref), notice)


def _answer(gateway: object, found: AnswerToSend) -> DisputeNotice | None:
    if not isinstance(gateway, DisputingGateway):
        raise GatewayRefusedError(found.gateway, "cannot_be_answered")
    ref, now = found.dispute_ref, clock.now()
    try:
        if found.evidence is None:
            return gateway.accept_dispute(op_key=found.op_key, dispute_ref=ref, now=now)
        papers = _papers(found.evidence, found.order_id)
        return gateway.send_evidence(
            op_key=found.op_key, dispute_ref=ref, evidence=found.evidence, papers=papers, now=now
        )
    except OutcomeUnknownError:
        if not isinstance(gateway, AskableDisputes):
            raise
        # A gateway may repeat a failed answer to this key for ever, though it did take the evidence.
        notice = gateway.fetch_dispute(dispute_ref=ref, now=now)
        if notice.state in OPEN and not (found.evidence and notice.evidence_sent):
            raise
        return notice


def _papers(evidence: Evidence, order_id: uuid.UUID | None) -> Papers:
    """The evidence as files, the same in every repetition."""
    # Fonts and typesetting are loaded with the first answer.
    from portal.documents.evidence_letter import render_letter
    from portal.documents.receipt import render_receipt

    receipt = None
    if order_id is not None and evidence.receipt is not None:
        with reading() as session:
            receipt = find_document(session, order_id=order_id, label=evidence.receipt)
    return Papers(
        letter=render_letter(*letter_of(evidence)),
        receipt=render_receipt(receipt.content, logo=receipt.logo) if receipt is not None else None,
    )


def _settle(asked: DisputeToAsk, notice: DisputeNotice) -> bool:
    return atomically(lambda s: _settle_and_close(s, asked, notice))


def _settle_and_close(session: Session, asked: DisputeToAsk, notice: DisputeNotice) -> bool:
    now = clock.now()
    settled = settle_dispute(
        session,
        gateway=asked.gateway,
        gateway_account_id=asked.gateway_account_id,
        notice=notice,
        actor=SYSTEM,
        now=now,
    )
    note_answer_arrived(
        session,
        gateway=asked.gateway,
        dispute_ref=notice.dispute_ref,
        has_evidence=notice.evidence_sent,
        now=now,
    )
    return settled
