"""What was decided about orders one by one closes the case that they are in (FRD-06): it has nothing left to ask."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import RiskCase
from portal.rules.cases import Verdict
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

# What a reason of the order's page says of the person; the gravest of a case counts. Whatever else was refused cannot
# be told, and what was cleared is genuine.
_SAYS: Final = {
    "stolen_means": Verdict.FRAUD,
    "fake_identity": Verdict.FRAUD,
    "abuse": Verdict.INCENTIVE_ABUSE,
}
_GRAVEST: Final = (Verdict.FRAUD, Verdict.INCENTIVE_ABUSE, Verdict.INCONCLUSIVE, Verdict.GENUINE)

_CASE = text(
    """
    SELECT c.id FROM risk_case c
      JOIN risk_case_decision l ON l.case_id = c.id JOIN risk_decision d ON d.id = l.decision_id
     WHERE d.order_id = :order_id AND c.state = 'open' LIMIT 1
    """
)
_REVIEWS = text(
    """
    SELECT o.id, EXISTS (SELECT FROM order_hold h WHERE h.order_id = o.id AND h.reason = 'high_risk'
                            AND h.released_at IS NULL) AS is_held,
           (SELECT a.payload FROM audit_row a WHERE a.ref = 'order:' || o.id AND a.action = 'risk:decided'
             ORDER BY a.id DESC LIMIT 1) AS payload
      FROM orders o
     WHERE o.id IN (SELECT d.order_id FROM risk_case_decision l JOIN risk_decision d ON d.id = l.decision_id
                     WHERE l.case_id = :case_id)
    """
)


def close_by_review(session: Session, *, order_id: uuid.UUID, actor: Actor, now: datetime) -> bool:
    """Close the open case of an order that was just decided, once none of its orders waits; says whether it did.

    Nothing follows from such a verdict: what happens to the money and the account was decided where it was decided.
    """
    case_id = session.scalar(_CASE, {"order_id": order_id})
    if case_id is None:
        return False
    case = session.execute(select(RiskCase).where(RiskCase.id == case_id).with_for_update()).scalar_one()
    rows = session.execute(_REVIEWS, {"case_id": case_id}).all()
    if case.state != "open" or any(row.is_held for row in rows):
        return False
    said = {_verdict_of(row.payload) for row in rows if row.payload}
    verdict = next((one for one in _GRAVEST if one in said), Verdict.INCONCLUSIVE)
    case.state, case.verdict = "closed", verdict.value
    case.decided_by, case.decided_at, case.effects_at, case.closed_at = actor.user_id, now, now, now
    case.version += 1
    session.flush()
    after = {"verdict": verdict.value, "orders": {str(row.id): "nothing" for row in rows}, "by": "order"}
    record(session, Fact(AuditAction.CASE_CLOSED, f"case:{case_id}", {"state": "open"}, after), actor=actor, now=now)
    emit(session, Event("case.changed", f"case:{case_id}"), now=now)
    return True


def _verdict_of(payload: str) -> Verdict:
    facts = orjson.loads(payload)
    if facts["after"]["decision"] == "clear":
        return Verdict.GENUINE
    return _SAYS.get(str(facts["reason"] or "").partition(":")[0], Verdict.INCONCLUSIVE)
