"""What became of a payment: asked of its gateway, or, where a gateway only tells, put together from what it told."""

from __future__ import annotations

from portal.db import transaction
from portal.gateways.base import FetchOutcome, Gateway, OnRecord, TellingGateway
from portal.kit import clock
from portal.services.payments.find_due import AttemptToAsk
from portal.services.payments.find_record import find_record


def look_up(gateway: Gateway, asked: AttemptToAsk) -> FetchOutcome:
    """The state of an attempt. No transaction is open during the call. Raises the gateway errors."""
    if not isinstance(gateway, TellingGateway):
        return gateway.fetch(op_key=asked.op_key, gateway_ref=asked.gateway_ref, created_after=asked.sent_at)
    with transaction() as session:
        found = find_record(session, attempt_id=asked.attempt_id)
    record = OnRecord(
        now=clock.now(),
        sent_at=asked.sent_at,
        notices=tuple(gateway.read_notice(body) for body in found.notices),
        returned=found.returned,
    )
    return gateway.conclude(op_key=asked.op_key, gateway_ref=asked.gateway_ref, record=record)
