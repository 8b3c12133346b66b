"""Refunds for tests: planned as the page does it, requested, and answered by the gateway.

wish = wish_of(order, {line_id: 1})
asked = ask_refund(order, wish)
refunded = answer_legs(asked.refund_id)      # the gateway gives everything back
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text

from portal.db import atomically, reading, transaction
from portal.gateways.base import FetchRefundOutcome, Refunded
from portal.kit import clock
from portal.kit.ids import new_token
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.refund_policy import Party
from portal.services.refunds.claim_leg import claim_leg
from portal.services.refunds.plan_refund import PlannedRefund, Selection, plan_refund
from portal.services.refunds.request_refund import RefundRequest, Requested, request_refund
from portal.services.refunds.settle_leg import settle_leg
from tests.factories.order import MadeOrder


def rows(query: str, **values: Any) -> list[tuple[Any, ...]]:
    """What is committed."""
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query), values)]


def lines_of(order: MadeOrder) -> list[uuid.UUID]:
    """The order's lines in their order."""
    query = (
        "SELECT l.id FROM order_line l JOIN order_part p ON p.id = l.part_id WHERE l.order_id = :id"
        " ORDER BY p.position, l.position"
    )
    return [row[0] for row in rows(query, id=order.id)]


def plan(
    order: MadeOrder,
    units: Mapping[uuid.UUID, int] | None = None,
    *,
    actor: Actor | None = None,
    party: Party = Party.BUYER,
    part_id: uuid.UUID | None = None,
    reason: str = "changed_mind",
    otherwise: str = "deposit",
    now: datetime | None = None,
) -> PlannedRefund:
    """What the page would show."""
    with reading() as session:
        return plan_refund(
            session,
            actor=actor or order.buyer.actor,
            party=party,
            order_id=order.id,
            selection=Selection(units, part_id),
            reason=reason,
            otherwise=otherwise,
            now=now or clock.now(),
        )


def ask_refund(
    order: MadeOrder,
    units: Mapping[uuid.UUID, int] | None = None,
    *,
    actor: Actor | None = None,
    party: Party = Party.BUYER,
    part_id: uuid.UUID | None = None,
    reason: str = "changed_mind",
    otherwise: str = "deposit",
    bank: Mapping[str, str] | None = None,
    key: str | None = None,
    shown: str | None = None,
) -> Requested:
    """Look at the plan and confirm it."""
    acting = actor or order.buyer.actor
    mark = (
        shown
        or plan(order, units, actor=acting, party=party, part_id=part_id, reason=reason, otherwise=otherwise).plan.mark
    )
    request = RefundRequest(
        key=key or new_token(),
        selection=Selection(units, part_id),
        reason=reason,
        shown=mark,
        otherwise=otherwise,
        bank=bank,
    )
    return atomically(
        lambda s: request_refund(s, actor=acting, party=party, order_id=order.id, request=request, now=clock.now())
    )


def open_legs(refund_id: uuid.UUID) -> list[uuid.UUID]:
    """Legs that a gateway has still to answer."""
    query = (
        "SELECT id FROM refund_leg WHERE refund_id = :id AND attempt_id IS NOT NULL"
        " AND status IN ('approved', 'sent', 'pending', 'unknown')"
    )
    return [row[0] for row in rows(query, id=refund_id)]


def answer_legs(refund_id: uuid.UUID, outcome: FetchRefundOutcome | None = None) -> str:
    """Send the legs as a worker would, and settle what the gateway says; returns the refund's status."""
    for leg_id in open_legs(refund_id):
        with transaction() as session:
            claimed = claim_leg(session, leg_id=leg_id, now=clock.now())
        if claimed is not None:
            said = outcome or Refunded(f"re_{leg_id.hex}", claimed.request.amount_minor, claimed.request.currency)
            settle(leg_id, said)
    return status_of(refund_id)


def settle(leg_id: uuid.UUID, outcome: FetchRefundOutcome) -> bool:
    """What a gateway says of a leg."""
    return atomically(lambda s: settle_leg(s, leg_id=leg_id, outcome=outcome, actor=SYSTEM, now=clock.now()))


def status_of(refund_id: uuid.UUID) -> str:
    return str(rows("SELECT status FROM refund WHERE id = :id", id=refund_id)[0][0])
