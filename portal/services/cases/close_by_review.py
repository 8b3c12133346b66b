"""What was decided about orders one by one closes the case that they are in (FRD-06): it has nothing left to ask."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.models import RiskCase
from portal.rules.cases import Verdict
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record
from portal.services.cases.join_cases import one_at_a_time, people_of, set_apart
from portal.services.cases.open_cases import weigh_case
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
    SELECT o.id, o.buyer_id, EXISTS (SELECT FROM order_hold h WHERE h.order_id = o.id AND h.reason = 'high_risk'
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

    Nothing follows from such a verdict: what happens to the money and the account was decided where it was decided. Of
    several people each has the verdict that was said of him, in a case of his own where it is another; about whom
    nothing was said, as he has no order in it, stays open.
    """
    if session.scalar(_CASE, {"order_id": order_id}) is None:
        return False
    one_at_a_time(session)
    case_id = session.scalar(_CASE, {"order_id": order_id})
    case = session.execute(select(RiskCase).where(RiskCase.id == case_id).with_for_update()).scalar_one_or_none()
    if case is None or case.state != "open":
        return False
    rows = session.execute(_REVIEWS, {"case_id": case_id}).all()
    if any(row.is_held for row in rows):
        # Whoever has the case open was told other money than what would follow now.
        weigh_case(session, case_id=case.id)
        emit(session, Event("case.changed", f"case:{case.id}"), now=now)
        return False
    said: dict[Verdict | None, set[uuid.UUID]] = {}
    for one in people_of(session, case_id=case.id):
        said.setdefault(_verdict_about(one, rows), set()).add(one)
    # The gravest keeps the case, and with it its devices.
    verdicts = [one for one in (*_GRAVEST, None) if one in said]
    others = [(set_apart(session, case=case, people=said[one], actor=actor, now=now), one) for one in verdicts[1:]]
    for own, verdict in [(case, verdicts[0]), *others]:
        weigh_case(session, case_id=own.id)
        if verdict is not None:
            _close(session, own, verdict, [row.id for row in rows if row.buyer_id in said[verdict]], actor, now)
    return True


def _close(
    session: Session, case: RiskCase, verdict: Verdict, orders: Sequence[uuid.UUID], actor: Actor, now: datetime
) -> None:
    session.refresh(case)
    case.state, case.verdict = "closed", verdict.value
    case.decided_by, case.decided_at, case.effects_at, case.closed_at = actor.user_id, now, now, now
    case.version += 1
    session.flush()
    after = {"verdict": verdict.value, "orders": {str(one): "nothing" for one in orders}, "by": "order"}
    record(session, Fact(AuditAction.CASE_CLOSED, f"case:{case.id}", {"state": "open"}, after), actor=actor, now=now)
    emit(session, Event("case.changed", f"case:{case.id}"), now=now)


def _verdict_about(user_id: uuid.UUID, rows: Sequence[Row[Any]]) -> Verdict | None:
    """The gravest that was said of this person's orders; None of whoever has none."""
    own = [row for row in rows if row.buyer_id == user_id]
    said = {_verdict_of(row.payload) for row in own if row.payload}
    return next((one for one in _GRAVEST if one in said), Verdict.INCONCLUSIVE) if own else None


def _verdict_of(payload: str) -> Verdict:
    facts = orjson.loads(payload)
    if facts["after"]["decision"] == "clear":
        return Verdict.GENUINE
    return _SAYS.get(str(facts["reason"] or "").partition(":")[0], Verdict.INCONCLUSIVE)
