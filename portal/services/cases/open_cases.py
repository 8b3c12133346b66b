"""Every decision to review or to block belongs to the open case of its person (FRD-03); found by a sweep, once each."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text, update
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.models import RiskCase, RiskCaseDecision
from portal.queries.exchange import platform_currency
from portal.rules.cases import DECIDE_WITHIN, expected_loss
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

# What the sweep of every moment looks at; older ones are looked for now and then.
LOOK_BACK = timedelta(days=2)
SWEEP_LOCK = 7_236_417

_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_NEW = text(
    """
    SELECT d.id, d.user_id, d.decided_at FROM risk_decision d
     WHERE d.outcome IN ('review', 'block') AND d.user_id IS NOT NULL AND d.decided_at > :since
       AND NOT EXISTS (SELECT FROM risk_case_decision l WHERE l.decision_id = d.id)
     ORDER BY d.decided_at, d.id LIMIT :limit
    """
)
# Of what no sweep has seen in its time, because nothing ran, only what still waits for somebody.
_LEFT = text(
    """
    SELECT d.id, d.user_id, d.decided_at FROM risk_decision d
     WHERE d.order_id IN (SELECT h.order_id FROM order_hold h WHERE h.reason = 'high_risk' AND h.released_at IS NULL)
       AND d.outcome IN ('review', 'block') AND d.user_id IS NOT NULL AND d.decided_at <= :since
       AND NOT EXISTS (SELECT FROM risk_case_decision l WHERE l.decision_id = d.id)
     ORDER BY d.decided_at, d.id LIMIT :limit
    """
)
_OPEN = text("SELECT id FROM risk_case WHERE user_id = :user_id AND state = 'open' FOR UPDATE")
# At stake is what a gateway or a balance has given for orders that can still be stopped.
_WEIGH = text(
    """
    SELECT coalesce(max(d.score), 0) AS score,
           coalesce((SELECT sum(CASE WHEN o.status NOT IN ('cancelled', 'failed', 'expired', 'refunded')
                             THEN CASE WHEN o.currency = :currency THEN o.payable_minor
                                       ELSE coalesce(o.platform_minor, 0) END END)
                       FROM orders o WHERE o.id = ANY(array_agg(d.order_id))), 0)::bigint AS stake
      FROM risk_case_decision l JOIN risk_decision d ON d.id = l.decision_id
     WHERE l.case_id = :case_id
    """
)


def open_cases(session: Session, *, now: datetime, limit: int = 200, left_over: bool = False) -> int:
    """Put alarming decisions into cases; returns how many. Two sweeps at once do it once.

    `left_over` takes those that are older than LOOK_BACK and whose orders are still held.
    """
    session.execute(_LOCK, {"key": SWEEP_LOCK})
    rows = session.execute(_LEFT if left_over else _NEW, {"since": now - LOOK_BACK, "limit": limit}).all()
    people: dict[uuid.UUID, list[Row[Any]]] = {}
    for row in rows:
        people.setdefault(row.user_id, []).append(row)
    for user_id in sorted(people):
        _gather(session, user_id, people[user_id], now)
    return len(rows)


def _gather(session: Session, user_id: uuid.UUID, rows: Sequence[Row[Any]], now: datetime) -> None:
    case_id = session.scalar(_OPEN, {"user_id": user_id})
    is_new = case_id is None
    if case_id is None:
        case_id = new_id()
        session.add(
            RiskCase(
                id=case_id,
                user_id=user_id,
                state="open",
                score=0,
                currency=platform_currency(session),
                stake_minor=0,
                expected_loss_minor=0,
                opened_at=now,
                due_at=now + DECIDE_WITHIN,
                alarm_at=rows[0].decided_at,
            )
        )
        session.flush()
    insert_rows(session, RiskCaseDecision, [{"decision_id": row.id, "case_id": case_id} for row in rows])
    weigh_case(session, case_id=case_id)
    action = AuditAction.CASE_OPENED if is_new else AuditAction.CASE_GREW
    after = {"user": str(user_id), "decisions": [str(row.id) for row in rows]}
    record(session, Fact(action, f"case:{case_id}", after=after), actor=SYSTEM, now=now)
    kind = "case.opened" if is_new else "case.grew"
    emit(session, Event(kind, f"case:{case_id}", {"case": str(case_id)}, priority="high"), now=now)


def weigh_case(session: Session, *, case_id: uuid.UUID) -> None:
    """Say anew what is at stake. The caller holds the case's lock; who looks at it is told that it has changed."""
    currency = platform_currency(session)
    row = session.execute(_WEIGH, {"case_id": case_id, "currency": currency}).one()
    loss = expected_loss(Money(row.stake, currency), row.score)
    session.execute(
        update(RiskCase)
        .where(RiskCase.id == case_id)
        .values(
            score=row.score,
            currency=currency,
            stake_minor=row.stake,
            expected_loss_minor=loss.minor,
            version=RiskCase.version + 1,
        )
    )
