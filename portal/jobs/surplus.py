"""Give money that came in besides back: record, call with no transaction open, record (PAY-16)."""

from __future__ import annotations

import uuid

import structlog

from portal.db import atomically
from portal.gateways.base import (
    FetchRefundOutcome,
    Gateway,
    GatewayRefusedError,
    GatewayUnavailableError,
    NotFound,
    OutcomeUnknownError,
)
from portal.kit import clock
from portal.queries.gateways import gateway_directory
from portal.services.refunds.decide_surplus import (
    SurplusToReturn,
    refuse_surplus,
    settle_surplus,
    surplus_to_return,
)

log = structlog.get_logger()


def send_surplus(surplus_id: str) -> None:
    """Give it back, or ask what became of that. A second run finds nothing to take, or asks."""
    surplus = uuid.UUID(surplus_id)
    found = atomically(lambda s: surplus_to_return(s, surplus_id=surplus, now=clock.now()))
    configured = gateway_directory().get(found.gateway_account_id) if found is not None else None
    if found is None or configured is None:
        return
    try:
        outcome = _ask(configured.gateway, found)  # No transaction is open here.
    except (GatewayUnavailableError, OutcomeUnknownError) as error:
        log.warning("surplus_waits", surplus=surplus_id, error=str(error))  # The lease runs out, and it is asked about.
        return
    except GatewayRefusedError as error:
        log.exception("surplus_refused", surplus=surplus_id)
        code = error.code
        atomically(lambda s: refuse_surplus(s, surplus_id=surplus, code=code, now=clock.now()))
        return
    atomically(lambda s: settle_surplus(s, surplus_id=surplus, outcome=outcome, now=clock.now()))


def _ask(gateway: Gateway, found: SurplusToReturn) -> FetchRefundOutcome:
    """What was sent before is asked about first: nothing is given back twice."""
    request = found.request
    known = gateway.fetch_refund(op_key=request.op_key, gateway_ref=request.gateway_ref, refund_ref=found.refund_ref)
    return gateway.refund(request) if isinstance(known, NotFound) else known
