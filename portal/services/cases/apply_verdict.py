"""What follows from a verdict once it can no longer be undone: captured, released, voided or given back (ORD-002)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.models import CouponGrant, RiskCase
from portal.rules.cases import REVOKES, Effect, OrderFacts, Verdict, effect_of
from portal.rules.permissions import Actor, Role
from portal.rules.refund_policy import Party
from portal.services.audit import AuditAction, Fact, record
from portal.services.cases.join_cases import people_of
from portal.services.coupons.end_coupons import move_grants
from portal.services.orders.review_order import Decision, review_order
from portal.services.outbox import Event, emit
from portal.services.refunds.plan_refund import Selection, plan_refund
from portal.services.refunds.request_refund import RefundRequest, request_refund

# What waits for a gateway's first answer is looked at again after this.
ASK_AGAIN = timedelta(seconds=20)
REFUND_REASON = "risk_refused"

_ORDERS = text(
    """
    SELECT o.id, o.status,
           EXISTS (SELECT FROM order_hold h WHERE h.order_id = o.id AND h.reason = 'high_risk'
                      AND h.released_at IS NULL) AS is_held,
           EXISTS (SELECT FROM payment p WHERE p.order_id = o.id AND p.status = 'authorised') AS is_authorised
      FROM orders o
     WHERE o.id IN (SELECT d.order_id FROM risk_case_decision l JOIN risk_decision d ON d.id = l.decision_id
                     WHERE l.case_id = :case_id)
     ORDER BY o.id
    """
)


def verdicts_due(session: Session, *, now: datetime, limit: int = 50) -> Sequence[uuid.UUID]:
    """Cases whose verdict can no longer be undone and has not been carried out."""
    due = select(RiskCase.id).where(RiskCase.state == "decided", RiskCase.effects_at <= now)
    return session.scalars(due.order_by(RiskCase.effects_at).limit(limit)).all()


def apply_verdict(session: Session, *, case_id: uuid.UUID, now: datetime) -> None:
    """Carry a verdict out, order by order, as each stands at this moment; the case is closed when none waits."""
    case = session.execute(
        select(RiskCase)
        .where(RiskCase.id == case_id, RiskCase.state == "decided", RiskCase.effects_at <= now)
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if case is None or case.verdict is None:
        return
    verdict = Verdict(case.verdict)
    # Done by us, on the word of whoever decided: he had the permission when he did.
    actor = Actor(user_id=case.decided_by, roles=frozenset({Role.SYSTEM}))
    done: dict[str, str] = {}
    for order in session.execute(_ORDERS, {"case_id": case_id}).all():
        done[str(order.id)] = _apply(session, case, verdict, order, actor, now)
    if verdict in REVOKES:
        _revoke_coupons(session, case, actor, now)
    waits = Effect.WAIT.value in done.values()
    if waits:
        case.effects_at = now + ASK_AGAIN
    else:
        case.state, case.closed_at = "closed", now
    case.version += 1
    session.flush()
    if not waits:
        fact = Fact(AuditAction.CASE_CLOSED, f"case:{case_id}", after={"verdict": verdict.value, "orders": done})
        record(session, fact, actor=actor, now=now)
        emit(session, Event("case.changed", f"case:{case_id}"), now=now)


def _apply(session: Session, case: RiskCase, verdict: Verdict, order: Row[Any], actor: Actor, now: datetime) -> str:
    effect = effect_of(verdict, OrderFacts(order.status, order.is_held, order.is_authorised))
    if effect in {Effect.WAIT, Effect.NOTHING}:
        return effect.value
    try:
        # What one order refuses does not undo what happened to the others.
        with session.begin_nested():
            if effect is Effect.REFUND:
                _refund(session, case, order.id, actor, now)
            else:
                decision = Decision.REFUSE if effect is Effect.VOID else Decision.CLEAR
                review_order(
                    session,
                    order_id=order.id,
                    decision=decision,
                    reason=verdict.value,
                    actor=actor,
                    now=now,
                    overrules=True,
                )
    except PortalError as error:
        # It moved between our look and its lock, or a bank was faster: the next look sees which.
        return error.code if effect is Effect.REFUND else Effect.WAIT.value
    return effect.value


def _refund(session: Session, case: RiskCase, order_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Everything that is left of a paid order goes back the way it came."""
    planned = plan_refund(
        session, actor=actor, party=Party.ADMIN, order_id=order_id, selection=Selection(), reason=REFUND_REASON, now=now
    )
    request = RefundRequest(f"case:{case.id}:{order_id}", Selection(), REFUND_REASON, planned.plan.mark)
    request_refund(session, actor=actor, party=Party.ADMIN, order_id=order_id, request=request, now=now)


def _revoke_coupons(session: Session, case: RiskCase, actor: Actor, now: datetime) -> None:
    grants = session.scalars(
        select(CouponGrant.id).where(
            CouponGrant.user_id.in_(people_of(session, case_id=case.id)),
            CouponGrant.state.in_(("held", "suspended")),
        )
    ).all()
    move_grants(session, grant_ids=grants, new="revoked", reason=f"case:{case.id}", actor=actor, now=now)
