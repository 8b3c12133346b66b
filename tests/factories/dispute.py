"""Disputes for tests, as a gateway tells of them.

dispute_id = make_dispute(order)                       # opened: the bank has taken the amount
make_dispute(order, state=DisputeState.LOST)           # what became of it
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from portal.db import atomically
from portal.gateways.base import DisputeNotice, DisputeState
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.services.disputes.settle_dispute import settle_dispute
from tests.factories.order import MadeOrder
from tests.factories.refund import rows

HOLDING = (DisputeState.NEEDS_RESPONSE, DisputeState.UNDER_REVIEW, DisputeState.LOST)


def make_dispute(
    order: MadeOrder,
    *,
    state: DisputeState = DisputeState.NEEDS_RESPONSE,
    reason: str = "fraudulent",
    due_in: timedelta = timedelta(days=7),
    amount_minor: int | None = None,
    now: datetime | None = None,
) -> uuid.UUID:
    """Tell of a dispute about the payment of an order, whole unless an amount is given; returns our id."""
    now = now or clock.now()
    gateway, account, ref, amount, currency = rows(
        "SELECT a.gateway, a.gateway_account_id, a.gateway_ref, p.captured_minor, p.currency"
        " FROM payment p JOIN payment_attempt a ON a.payment_id = p.id WHERE p.order_id = :id",
        id=order.id,
    )[0]
    amount = amount if amount_minor is None else amount_minor
    notice = DisputeNotice(
        dispute_ref=f"dp_{order.id.hex}",
        gateway_ref=ref,
        state=state,
        amount_minor=amount,
        currency=currency,
        held_minor=amount if state in HOLDING else 0,
        reason=reason,
        opened_at=now,
        told_at=now,
        answer_due_at=now + due_in,
    )
    assert atomically(
        lambda s: settle_dispute(s, gateway=gateway, gateway_account_id=account, notice=notice, actor=SYSTEM, now=now)
    )
    dispute_id = rows("SELECT id FROM dispute WHERE gateway_ref = :ref", ref=notice.dispute_ref)[0][0]
    assert isinstance(dispute_id, uuid.UUID)
    return dispute_id
