"""Answer a dispute: write the statement, hand the evidence in, or give in. A worker tells the gateway (STR-05)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from portal.gateways.base import Evidence
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Dispute, Order, Payment
from portal.queries.disputes import load_packet
from portal.rules.disputes import OPEN, UNANSWERED
from portal.rules.permissions import SYSTEM, Actor
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.disputes.evidence import STATEMENT_LENGTH_MAX, evidence_of
from portal.services.outbox import Event, emit

# After a call that brought no answer the same is sent again: the key makes it one.
SEND_AGAIN_AFTER = timedelta(seconds=30)
CALL_OVERDUE_AFTER = timedelta(seconds=15)


class Answer(StrEnum):
    EVIDENCE = "evidence"
    ACCEPTANCE = "acceptance"


class DisputeUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class DisputeAnsweredError(PortalError):
    code = "dispute_answered"
    status = 409
    sentence = N_("This dispute was answered already, or it is over. Nothing was changed.")


class DisputeByLetterError(PortalError):
    code = "dispute_by_letter"
    status = 409
    sentence = N_("The gateway takes no answers. Send the letter to the bank yourself, and record what it says.")


class StatementMissingError(PortalError):
    code = "statement_missing"
    sentence = N_("Write what the bank should know.")


class StatementTooLongError(PortalError):
    code = "statement_too_long"
    sentence = N_("The statement is too long: at most %(most)s characters.")


@dataclass(frozen=True, slots=True)
class AnswerToSend:
    """What a worker needs to answer once."""

    dispute_id: uuid.UUID
    gateway: str
    gateway_account_id: int
    dispute_ref: str
    order_id: uuid.UUID | None
    op_key: str
    answer: Answer
    evidence: Evidence | None


def write_statement(session: Session, *, dispute_id: uuid.UUID, statement: str, actor: Actor, now: datetime) -> None:
    """Keep the shop's words. Raises DisputeUnknownError, DisputeAnsweredError and what is wrong with them."""
    dispute = _open(session, dispute_id)
    dispute.statement = _checked(statement)
    record(session, Fact(AuditAction.DISPUTE_WRITTEN, f"dispute:{dispute_id}"), actor=actor, now=now)


def want_answer(
    session: Session, *, dispute_id: uuid.UUID, answer: Answer, statement: str = "", actor: Actor, now: datetime
) -> None:
    """Decide how it is answered, once; a worker hands it in. An answer that was refused may be given anew.

    Raises DisputeByLetterError, and as write_statement.
    """
    dispute = _open(session, dispute_id)
    if dispute.recorded_by is not None:
        raise DisputeByLetterError
    if answer is Answer.EVIDENCE:
        dispute.statement = _checked(statement)
    dispute.answer, dispute.answer_state = answer.value, "wanted"
    dispute.answer_by, dispute.answer_at, dispute.send_at = label(actor), now, now
    dispute.answer_code, dispute.packet = None, None
    session.flush()
    fact = Fact(AuditAction.DISPUTE_ANSWERED, f"dispute:{dispute_id}", after={"answer": answer.value})
    record(session, fact, actor=actor, now=now)
    _tell(session, dispute, "dispute.answer_wanted", now)


def claim_answer(session: Session, *, dispute_id: uuid.UUID, now: datetime) -> AnswerToSend | None:
    """Take an answer for sending; None when there is none, or another has it."""
    dispute = session.scalars(
        select(Dispute)
        .where(Dispute.id == dispute_id, Dispute.answer_state == "wanted", Dispute.send_at <= now)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if dispute is None or dispute.answer is None or dispute.answer_at is None:
        return None
    dispute.send_at = now + CALL_OVERDUE_AFTER
    dispute.answer_calls += 1
    answer = Answer(dispute.answer)
    evidence = None
    if answer is Answer.EVIDENCE:
        packet = load_packet(session, payment_id=dispute.payment_id, order_id=dispute.order_id)
        evidence = _frozen(dispute, evidence_of(packet, dispute.statement or ""))
    return AnswerToSend(
        dispute_id=dispute.id,
        gateway=dispute.gateway,
        gateway_account_id=dispute.gateway_account_id,
        dispute_ref=dispute.gateway_ref,
        order_id=dispute.order_id,
        # A new decision is another request; the same one, however often it is sent, is not.
        op_key=f"dsp_{dispute.id.hex}_{dispute.answer_at:%Y%m%d%H%M%S%f}",
        answer=answer,
        evidence=evidence,
    )


def note_answer_sent(session: Session, *, dispute_id: uuid.UUID, now: datetime) -> None:
    """The gateway has it."""
    _end(session, dispute_id, "sent", None, now)


def note_answer_refused(session: Session, *, dispute_id: uuid.UUID, code: str, now: datetime) -> None:
    """The gateway did not take it: somebody has to look."""
    _end(session, dispute_id, "refused", code, now)


def note_answer_waits(session: Session, *, dispute_id: uuid.UUID, now: datetime) -> None:
    """Nobody knows whether the gateway has it: the same goes out again."""
    dispute = session.get(Dispute, dispute_id, with_for_update=True)
    if dispute is not None and dispute.answer_state == "wanted":
        dispute.send_at = now + SEND_AGAIN_AFTER


def note_answer_arrived(session: Session, *, gateway: str, dispute_ref: str, has_evidence: bool, now: datetime) -> None:
    """The dispute itself shows that a call without an answer arrived: the bank has evidence, or it is over."""
    reached: list[ColumnElement[bool]] = [Dispute.status.not_in(OPEN)]
    if has_evidence:
        reached.append((Dispute.answer == Answer.EVIDENCE.value) & Dispute.status.not_in(UNANSWERED))
    found = session.scalars(
        select(Dispute.id)
        .where(Dispute.gateway == gateway, Dispute.gateway_ref == dispute_ref, or_(*reached))
        .where(Dispute.answer_state == "wanted", Dispute.answer_calls > 0)
    ).one_or_none()
    if found is not None:
        note_answer_sent(session, dispute_id=found, now=now)


def _end(session: Session, dispute_id: uuid.UUID, state: str, code: str | None, now: datetime) -> None:
    dispute = session.get(Dispute, dispute_id, with_for_update=True)
    if dispute is None or dispute.answer_state != "wanted":
        return
    dispute.answer_state, dispute.answer_code, dispute.send_at = state, code, None
    session.flush()
    action = AuditAction.DISPUTE_ANSWER_SENT if state == "sent" else AuditAction.DISPUTE_ANSWER_REFUSED
    fact = Fact(action, f"dispute:{dispute_id}", after={"answer": dispute.answer, "code": code})
    record(session, fact, actor=SYSTEM, now=now)
    _tell(session, dispute, f"dispute.answer_{state}", now)


def _open(session: Session, dispute_id: uuid.UUID) -> Dispute:
    dispute = session.get(Dispute, dispute_id, with_for_update=True)
    if dispute is None:
        raise DisputeUnknownError
    if dispute.status not in OPEN or dispute.answer_state in ("wanted", "sent"):
        raise DisputeAnsweredError
    return dispute


def _checked(statement: str) -> str:
    statement = statement.replace("\r\n", "\n").strip()
    if not statement:
        raise StatementMissingError
    if len(statement) > STATEMENT_LENGTH_MAX:
        raise StatementTooLongError(most=STATEMENT_LENGTH_MAX)
    return statement


def _frozen(dispute: Dispute, evidence: Evidence) -> Evidence:
    """The packet of the first sending is that of every repetition: a key stands for one content."""
    if dispute.packet is None:
        dispute.packet = evidence.as_json()
    return Evidence.from_json(dispute.packet)


def _tell(session: Session, dispute: Dispute, kind: str, now: datetime) -> None:
    found = session.execute(
        select(Payment.channel_id, Order.number)
        .outerjoin(Order, Order.id == Payment.order_id)
        .where(Payment.id == dispute.payment_id)
    ).one()
    subject = f"order:{dispute.order_id}" if dispute.order_id else f"payment:{dispute.payment_id}"
    payload = {"dispute": str(dispute.id), "number": found.number}
    emit(session, Event(kind, subject, payload, channel_id=found.channel_id, priority="high"), now=now)
