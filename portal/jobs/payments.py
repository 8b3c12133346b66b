"""Payments at gateways: record, call with no transaction open, record. Each job is safe to run any number of times."""

from __future__ import annotations

import os
import threading
import uuid

import structlog
from sqlalchemy.orm import Session

from portal.db import atomically, transaction
from portal.gateways.base import (
    Approved,
    Declined,
    FetchOutcome,
    FetchRefundOutcome,
    Gateway,
    GatewayRefusedError,
    GatewayUnavailableError,
    Method,
    NotFound,
    OutcomeUnknownError,
    Pending,
    Refunded,
    RefundPending,
    RefundRequest,
    TellingGateway,
    Voided,
)
from portal.jobs.disputes import take_dispute_notice
from portal.jobs.gateway_calls import GatewayCall, not_executed, outcome_unknown
from portal.jobs.look_up import look_up
from portal.jobs.methods import take_method_notice
from portal.jobs.refunds import ask_leg
from portal.kit import clock
from portal.queries.gateways import gateway_directory
from portal.rules.permissions import SYSTEM
from portal.services.payments.claim_attempt import claim_attempt
from portal.services.payments.fail_over import fail_over
from portal.services.payments.find_due import AttemptToAsk, AttemptToCapture, attempt_to_ask, attempt_to_capture
from portal.services.payments.note_incident import IncidentKind
from portal.services.payments.receive_webhook import apply_event, event_to_apply
from portal.services.payments.reverse_attempt import (
    AttemptToReverse,
    attempt_to_reverse,
    keep_as_deposit,
    note_reversed,
)
from portal.services.payments.settle_attempt import settle_attempt
from portal.services.refunds.claim_leg import leg_to_ask

log = structlog.get_logger()


def charge_attempt(attempt_id: str) -> None:
    """Take one attempt from `created` to its outcome. A second run finds nothing to claim."""
    attempt = uuid.UUID(attempt_id)
    worker = f"{os.getpid()}:{threading.get_native_id()}"
    claimed = atomically(lambda s: claim_attempt(s, attempt_id=attempt, worker=worker, now=clock.now()))
    if claimed is None:
        return
    call = GatewayCall(claimed.gateway_account_id, attempt)
    configured = gateway_directory(stamp=claimed.accounts_stamp).get(claimed.gateway_account_id)
    if configured is None:  # Its configuration has become wrong since it was chosen.
        not_executed(call, IncidentKind.REFUSED, "account_unusable")
        return
    try:
        outcome = configured.gateway.charge(claimed.request)  # No transaction is open here.
    except GatewayUnavailableError as error:
        not_executed(call, IncidentKind.UNAVAILABLE, error.code)
        return
    except GatewayRefusedError as error:
        log.exception("gateway_refused", attempt=attempt_id)
        not_executed(call, IncidentKind.REFUSED, error.code)
        return
    except OutcomeUnknownError as error:
        outcome_unknown(call, error.code)
        return
    call.went_well()
    atomically(lambda s: settle_attempt(s, attempt_id=attempt, outcome=outcome, actor=SYSTEM, now=clock.now()))


def look_up_attempt(attempt_id: str) -> None:
    """Ask the gateway what became of an attempt, and settle what it says (PAY-06, STR-06)."""
    with transaction() as session:
        asked = attempt_to_ask(session, attempt_id=uuid.UUID(attempt_id), now=clock.now())
    if asked is not None:
        _ask(asked)


def _ask(asked: AttemptToAsk) -> None:
    call = GatewayCall(asked.gateway_account_id, asked.attempt_id)
    gateway = gateway_directory()[asked.gateway_account_id].gateway
    try:
        outcome = look_up(gateway, asked)
    except (GatewayUnavailableError, OutcomeUnknownError, GatewayRefusedError) as error:
        outcome_unknown(call, error.code)
        return
    call.went_well()
    atomically(lambda s: _apply(s, asked.attempt_id, outcome))


def _apply(session: Session, attempt_id: uuid.UUID, outcome: FetchOutcome) -> None:
    """What the gateway says. What it promises not to have may be asked of another, where the buyer need not know."""
    now = clock.now()
    if isinstance(outcome, NotFound) and fail_over(session, attempt_id=attempt_id, code="not_executed", now=now):
        return
    settle_attempt(session, attempt_id=attempt_id, outcome=outcome, actor=SYSTEM, now=now)


def capture_attempt(attempt_id: str) -> None:
    """Take an amount that a gateway holds, once a reviewer has cleared the order (PAY-11)."""
    with transaction() as session:
        found = attempt_to_capture(session, attempt_id=uuid.UUID(attempt_id), now=clock.now())
    if found is None:
        return
    gateway = gateway_directory()[found.gateway_account_id].gateway
    try:
        outcome = _capture(gateway, found)
    except (GatewayUnavailableError, OutcomeUnknownError, GatewayRefusedError) as error:
        # The lease runs out and the same call is made again with the same key.
        log.warning("capture_waits", attempt=attempt_id, error=str(error))
        return
    if outcome is None:
        return  # It was received; the notice says whether it came to be.
    atomically(lambda s: settle_attempt(s, attempt_id=found.attempt_id, outcome=outcome, actor=SYSTEM, now=clock.now()))


def _capture(gateway: Gateway, found: AttemptToCapture) -> FetchOutcome | None:
    """Take it, and return what became of it; None while only the gateway knows."""
    try:
        outcome: FetchOutcome = gateway.capture(
            op_key=f"cap_{found.attempt_id.hex}",
            gateway_ref=found.gateway_ref,
            amount_minor=found.amount_minor,
            currency=found.currency,
        )
    except OutcomeUnknownError:
        # A gateway may repeat a failed answer to this key for ever, though it did take the money.
        outcome = look_up(gateway, found.asked)
        if isinstance(outcome, Approved) and not outcome.captured:
            raise
    return None if isinstance(outcome, Pending) else outcome


def reverse_attempt(attempt_id: str) -> None:
    """Give back money that no order can use: void what is only held, refund what was taken."""
    with transaction() as session:
        found = attempt_to_reverse(session, attempt_id=uuid.UUID(attempt_id), now=clock.now())
    if found is None:
        return
    gateway = gateway_directory()[found.gateway_account_id].gateway
    try:
        ref = _give_back(gateway, found)
    except (GatewayUnavailableError, OutcomeUnknownError, GatewayRefusedError) as error:
        # The key is the same next time, so that a refund which did execute is only found again.
        log.warning("reversal_waits", attempt=attempt_id, error=str(error))
        return
    if ref is None:
        log.error("reversal_failed", attempt=attempt_id)
        return
    with transaction() as session:
        note_reversed(session, attempt_id=found.attempt_id, reversal_ref=ref, now=clock.now())


def _give_back(gateway: Gateway, found: AttemptToReverse) -> str | None:
    """Void or refund, and return the gateway's reference; None when it says that it cannot."""
    amount = found.amount_minor
    if not found.captured:
        try:
            held = gateway.void(op_key=f"void_{found.attempt_id.hex}", gateway_ref=found.gateway_ref)
        except OutcomeUnknownError:
            # As with a capture: the answer to this key may be the same failure for ever.
            return _reversed_as_told(gateway, found, amount)
        if isinstance(held, Pending):
            return _reversed_as_told(gateway, found, amount)
        if isinstance(held, Voided):
            return held.gateway_ref
        amount = held.amount_minor  # Too late to void: it was taken meanwhile.
    return _refund(gateway, found, amount)


def _reversed_as_told(gateway: Gateway, found: AttemptToReverse, amount: int) -> str | None:
    """A void that was only received, or not answered: what the gateway says of it. Asked again until it has."""
    state = look_up(gateway, found.asked)
    if isinstance(state, (Voided, Declined)):
        return state.gateway_ref or found.gateway_ref
    if isinstance(state, Approved) and state.captured:
        return _refund(gateway, found, min(amount, state.amount_minor))
    raise OutcomeUnknownError(gateway.name, "void_received")


def _refund(gateway: Gateway, found: AttemptToReverse, amount: int) -> str | None:
    if not amount:
        return found.gateway_ref  # All of it had gone back before we heard of it: nobody gives back nothing.
    # A key of its own: to the gateway this is another request than the void.
    key = f"rev_{found.attempt_id.hex}"
    capability = gateway.capabilities.of(Method(found.method))
    if capability is not None and capability.refunds_to_account:
        return _keep(found, amount)
    request = RefundRequest(key, found.gateway_ref, amount, found.currency, "order_given_up")
    try:
        refund: FetchRefundOutcome = gateway.refund(request)
    except OutcomeUnknownError:
        if isinstance(gateway, TellingGateway):
            raise  # It repeats its first answer to the key, and tells of the refund besides.
        refund = gateway.fetch_refund(op_key=key, gateway_ref=found.gateway_ref)
        if isinstance(refund, NotFound):
            raise
    return refund.refund_ref if isinstance(refund, (Refunded, RefundPending)) else None


def _keep(found: AttemptToReverse, amount: int) -> str:
    """The gateway would ask where the money is to go, and nobody is here to say: it becomes the buyer's deposit."""
    atomically(
        lambda s: keep_as_deposit(
            s, attempt_id=found.attempt_id, amount_minor=amount, currency=found.currency, now=clock.now()
        )
    )
    return "deposit"


def handle_provider_event(event_id: int) -> None:
    """Do what a stored notice asks for. It is only a hint to look: what counts is what the gateway says when asked."""
    with transaction() as session:
        hint = event_to_apply(session, event_id=event_id, now=clock.now())
        leg = None
        if hint is not None and hint.leg_id is not None:
            leg = leg_to_ask(session, leg_id=hint.leg_id, now=clock.now(), ended_too=True)
    applied = None
    if hint is not None and (hint.setup_id is not None or hint.detached is not None):
        applied = take_method_notice(hint)
    elif hint is not None and hint.dispute is not None:
        applied = take_dispute_notice(hint.dispute)
    elif leg is not None:
        ask_leg(leg)
    elif hint is not None and hint.attempt is not None:
        _ask(hint.attempt)
    with transaction() as session:
        apply_event(session, event_id=event_id, now=clock.now(), applied=applied)
