"""Write down what a bank says by letter, where no gateway tells of disputes; it is booked as any other (STR-05)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.gateways.base import DisputeNotice, DisputeState
from portal.gateways.registry import connectors
from portal.kit.errors import PortalError
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import Dispute
from portal.rules.permissions import Actor
from portal.rules.states import Machine, check_move
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.disputes.answer_dispute import DisputeUnknownError
from portal.services.disputes.settle_dispute import settle_dispute

REFERENCE_LENGTH_MAX = 100
# In these the bank has the money.
_TAKEN = frozenset({DisputeState.NEEDS_RESPONSE, DisputeState.UNDER_REVIEW, DisputeState.LOST})


class PaymentMissingError(PortalError):
    code = "disputed_payment_missing"
    sentence = N_("No payment of this order has taken money at a gateway.")


class DisputeToldError(PortalError):
    code = "dispute_told_by_gateway"
    status = 409
    sentence = N_("This gateway tells of its disputes by itself. Nothing was recorded.")


class ReferenceMissingError(PortalError):
    code = "dispute_reference_missing"
    sentence = N_("Write the reference that stands on the letter.")


class ReferenceTooLongError(PortalError):
    code = "dispute_reference_too_long"
    sentence = N_("The reference is too long: at most %(most)s characters.")


class ReferenceTakenError(PortalError):
    code = "dispute_reference_taken"
    status = 409
    sentence = N_("A dispute with this reference is recorded already.")


class DisputeAmountError(PortalError):
    code = "dispute_amount_wrong"
    sentence = N_("The amount is between the smallest unit and %(most)s, what the payment took.")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says. `amount_minor` None is the whole payment, in whose currency it is."""

    state: DisputeState
    amount_minor: int | None = None
    answer_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DisputablePayment:
    """What an order's payment took at a gateway that tells of no disputes."""

    payment_id: uuid.UUID
    currency: str
    captured_minor: int
    gateway: str
    gateway_account_id: int
    gateway_ref: str


_PAYMENT = text(
    """
    SELECT p.id, p.currency, p.captured_minor, a.gateway, a.gateway_account_id, a.gateway_ref
      FROM payment p JOIN payment_attempt a ON a.payment_id = p.id AND a.state = 'captured'
      LEFT JOIN orders o ON o.id = p.order_id
     WHERE (o.number = :number OR p.id = :payment_id) AND p.captured_minor > 0 AND a.gateway_ref IS NOT NULL
     ORDER BY a.n DESC LIMIT 1
    """
)


def disputable_payment(session: Session, *, number: str) -> DisputablePayment:
    """The payment of an order. Raises PaymentMissingError, DisputeToldError."""
    row = session.execute(_PAYMENT, {"number": number.strip(), "payment_id": None}).one_or_none()
    if row is None:
        raise PaymentMissingError
    payment = DisputablePayment(*row)
    connector = connectors().get(payment.gateway)
    if connector is not None and connector.tells_of_disputes:
        raise DisputeToldError
    return payment


def record_dispute(
    session: Session, *, number: str, reference: str, reason: str, letter: Letter, actor: Actor, now: datetime
) -> uuid.UUID:
    """Open a dispute about the payment of an order; returns it. Raises the errors of this module."""
    payment = disputable_payment(session, number=number)
    reference = reference.strip()
    if not reference:
        raise ReferenceMissingError
    if len(reference) > REFERENCE_LENGTH_MAX:
        raise ReferenceTooLongError(most=REFERENCE_LENGTH_MAX)
    if _find(session, payment.gateway, reference) is not None:
        raise ReferenceTakenError
    _settle(session, payment, _Case(reference, reason, now), letter, payment.captured_minor, actor, now)
    dispute_id = _find(session, payment.gateway, reference)
    assert dispute_id is not None  # It was just settled, under the payment's lock.
    return dispute_id


def continue_dispute(session: Session, *, dispute_id: uuid.UUID, letter: Letter, actor: Actor, now: datetime) -> None:
    """Write down what the next letter says. Raises DisputeUnknownError, DisputeToldError, MoveRefusedError."""
    dispute = session.get(Dispute, dispute_id)
    if dispute is None:
        raise DisputeUnknownError
    if dispute.recorded_by is None:
        raise DisputeToldError
    if letter.state != dispute.status:
        check_move(Machine.DISPUTE, dispute.status, letter.state)
    after = {"status": letter.state.value}
    record(session, Fact(AuditAction.DISPUTE_RECORDED, f"dispute:{dispute_id}", after=after), actor=actor, now=now)
    row = session.execute(_PAYMENT, {"number": None, "payment_id": dispute.payment_id}).one()
    case = _Case(dispute.gateway_ref, dispute.reason, dispute.opened_at, dispute.answer_due_at)
    _settle(session, DisputablePayment(*row), case, letter, dispute.amount_minor, actor, now)


@dataclass(frozen=True, slots=True)
class _Case:
    """What does not change from letter to letter."""

    reference: str
    reason: str
    opened_at: datetime
    answer_due_at: datetime | None = None


def _settle(
    session: Session,
    payment: DisputablePayment,
    case: _Case,
    letter: Letter,
    amount_minor: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Book what the letter says; `amount_minor` is what is disputed if it names no amount."""
    amount = amount_minor if letter.amount_minor is None else letter.amount_minor
    if not 0 < amount <= payment.captured_minor:
        raise DisputeAmountError(most=Money(payment.captured_minor, payment.currency))
    notice = DisputeNotice(
        dispute_ref=case.reference,
        gateway_ref=payment.gateway_ref,
        state=letter.state,
        amount_minor=amount,
        currency=payment.currency,
        held_minor=amount if letter.state in _TAKEN else 0,
        reason=case.reason,
        opened_at=case.opened_at,
        told_at=now,
        answer_due_at=letter.answer_due_at or case.answer_due_at,
    )
    settle_dispute(
        session,
        gateway=payment.gateway,
        gateway_account_id=payment.gateway_account_id,
        notice=notice,
        actor=actor,
        now=now,
        recorded_by=label(actor),
    )


def _find(session: Session, gateway: str, reference: str) -> uuid.UUID | None:
    found = text("SELECT id FROM dispute WHERE gateway = :gateway AND gateway_ref = :ref")
    return session.execute(found, {"gateway": gateway, "ref": reference}).scalar_one_or_none()
