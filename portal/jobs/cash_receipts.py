"""File and take back the cash receipts that are due: record, call with no transaction open, record (PAY-18)."""

from __future__ import annotations

import uuid

import structlog

from portal.db import atomically, reading
from portal.gateways.base import GatewayRefusedError, GatewayUnavailableError, OutcomeUnknownError
from portal.gateways.receipts import ReceiptFailed, ReceiptingGateway, ReceiptOutcome
from portal.kit import clock
from portal.queries.gateways import gateway_directory
from portal.rules.permissions import SYSTEM
from portal.services.cash_receipts.file_receipt import ReceiptStep, claim_step, note_outcome, receipts_due, try_later

log = structlog.get_logger()

# A receipt that changed is cancelled and filed anew; more steps than these at once are left to the next run.
STEPS_MAX = 3


def file_receipts() -> None:
    """Bring every receipt that is due to what is owed. Safe in several workers at once, and any number of times."""
    with reading() as session:
        due = receipts_due(session, now=clock.now())
    for payment_id in due:
        for _ in range(STEPS_MAX):
            if not _take_step(payment_id):
                break


def _take_step(payment_id: uuid.UUID) -> bool:
    step = atomically(lambda s: claim_step(s, payment_id=payment_id, now=clock.now()))
    if step is None:
        return False
    try:
        outcome = _ask(step)
    except (GatewayUnavailableError, OutcomeUnknownError) as error:
        log.warning("cash_receipt_unknown", payment=str(payment_id), reason=str(error))
        atomically(lambda s: try_later(s, step=step, now=clock.now()))
        return False
    except GatewayRefusedError as error:
        log.exception("cash_receipt_refused", payment=str(payment_id))
        outcome = ReceiptFailed(error.code)
    atomically(lambda s: note_outcome(s, step=step, outcome=outcome, actor=SYSTEM, now=clock.now()))
    return True


def _ask(step: ReceiptStep) -> ReceiptOutcome:
    """No transaction is open here."""
    configured = gateway_directory().get(step.account_id)
    if configured is None:
        raise GatewayUnavailableError("unknown", "no_connection")
    gateway = configured.gateway
    if not isinstance(gateway, ReceiptingGateway):
        return ReceiptFailed("not_offered")
    return gateway.cancel_receipt(key=step.request.key) if step.is_cancellation else gateway.issue_receipt(step.request)
