"""Refunds at gateways: record, call with no transaction open, record. Each job is safe to run any number of times."""

from __future__ import annotations

import uuid

import structlog

from portal.db import atomically, transaction
from portal.gateways.base import (
    FetchRefundOutcome,
    Gateway,
    GatewayRefusedError,
    GatewayUnavailableError,
    OnRecord,
    OutcomeUnknownError,
    RefundFailed,
    TellingGateway,
)
from portal.kit import clock
from portal.queries.gateways import gateway_directory
from portal.rules.permissions import SYSTEM
from portal.services.refunds.claim_leg import ClaimedLeg, claim_leg, leg_notices, leg_to_ask
from portal.services.refunds.settle_leg import note_leg_not_sent, note_leg_unknown, settle_leg

log = structlog.get_logger()


def send_leg(leg_id: str) -> None:
    """Send one leg to its gateway. A second run finds nothing to claim."""
    claimed = atomically(lambda s: claim_leg(s, leg_id=uuid.UUID(leg_id), now=clock.now()))
    if claimed is None:
        return
    configured = gateway_directory().get(claimed.gateway_account_id)
    if configured is None:
        _not_sent(claimed.leg_id, "no_connection")
        return
    try:
        outcome: FetchRefundOutcome = configured.gateway.refund(claimed.request)  # No transaction is open here.
    except GatewayUnavailableError as error:
        _not_sent(claimed.leg_id, str(error))
        return
    except GatewayRefusedError as error:
        log.exception("refund_refused", leg=leg_id)
        outcome = RefundFailed(error.code)
    except OutcomeUnknownError as error:
        _unknown(claimed.leg_id, str(error))
        return
    _settle(claimed.leg_id, outcome)


def look_up_leg(leg_id: str) -> None:
    """Ask the gateway what became of a leg that was sent, and settle what it says."""
    with transaction() as session:
        asked = leg_to_ask(session, leg_id=uuid.UUID(leg_id), now=clock.now())
    if asked is not None:
        ask_leg(asked)


def ask_leg(asked: ClaimedLeg) -> None:
    """Look a leg up that was taken for it."""
    configured = gateway_directory().get(asked.gateway_account_id)
    if configured is None:
        _unknown(asked.leg_id, "no_connection")
        return
    try:
        outcome = _look_up(configured.gateway, asked)
    except (GatewayUnavailableError, OutcomeUnknownError, GatewayRefusedError) as error:
        _unknown(asked.leg_id, str(error))
        return
    _settle(asked.leg_id, outcome)


def _look_up(gateway: Gateway, asked: ClaimedLeg) -> FetchRefundOutcome:
    request = asked.request
    if not isinstance(gateway, TellingGateway):
        return gateway.fetch_refund(op_key=request.op_key, gateway_ref=request.gateway_ref, refund_ref=asked.refund_ref)
    with transaction() as session:
        bodies = leg_notices(session, leg_id=asked.leg_id)
    notices = tuple(gateway.read_notice(body) for body in bodies)
    return gateway.conclude_refund(
        op_key=request.op_key,
        gateway_ref=request.gateway_ref,
        refund_ref=asked.refund_ref,
        record=OnRecord(now=clock.now(), sent_at=asked.sent_at, notices=notices),
    )


def _settle(leg_id: uuid.UUID, outcome: FetchRefundOutcome) -> None:
    atomically(lambda s: settle_leg(s, leg_id=leg_id, outcome=outcome, actor=SYSTEM, now=clock.now()))


def _unknown(leg_id: uuid.UUID, reason: str) -> None:
    log.warning("refund_unknown", leg=str(leg_id), reason=reason)
    atomically(lambda s: note_leg_unknown(s, leg_id=leg_id, reason=reason, now=clock.now(), actor=SYSTEM))


def _not_sent(leg_id: uuid.UUID, reason: str) -> None:
    log.warning("refund_not_sent", leg=str(leg_id), reason=reason)
    atomically(lambda s: note_leg_not_sent(s, leg_id=leg_id, reason=reason, now=clock.now(), actor=SYSTEM))
