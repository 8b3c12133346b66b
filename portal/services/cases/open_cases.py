"""Every decision to review or to block belongs to the open case of its person or device (FRD-03); found by a sweep."""

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
from portal.rules.cases import DECIDE_WITHIN, expected_loss, is_of_few
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.cases.join_cases import one_at_a_time, open_case_of
from portal.services.outbox import Event, emit

# What the sweep of every moment looks at; older ones are looked for now and then.
LOOK_BACK = timedelta(days=2)

_NEW = text(
    """
    SELECT d.id, d.user_id, d.decided_at, d.device_id, d.features FROM risk_decision d
     WHERE d.outcome IN ('review', 'block') AND d.user_id IS NOT NULL AND d.decided_at > :since
       AND NOT EXISTS (SELECT FROM risk_case_decision l WHERE l.decision_id = d.id)
     ORDER BY d.decided_at, d.id LIMIT :limit
    """
)
# Of what no sweep has seen in its time, because nothing ran, only what still waits for somebody.
_LEFT = text(
    """
    SELECT d.id, d.user_id, d.decided_at, d.device_id, d.features FROM risk_decision d
     WHERE d.order_id IN (SELECT h.order_id FROM order_hold h WHERE h.reason = 'high_risk' AND h.released_at IS NULL)
       AND d.outcome IN ('review', 'block') AND d.user_id IS NOT NULL AND d.decided_at <= :since
       AND NOT EXISTS (SELECT FROM risk_case_decision l WHERE l.decision_id = d.id)
     ORDER BY d.decided_at, d.id LIMIT :limit
    """
)
_CONCERNS = text(
    "INSERT INTO risk_case_person (case_id, user_id, case_state) VALUES (:case_id, :user_id, 'open')"
    " ON CONFLICT (case_id, user_id) DO NOTHING"
)
_COMES_FROM = text(
    "INSERT INTO risk_case_device (case_id, device_id, case_state) VALUES (:case_id, :device_id, 'open')"
    " ON CONFLICT (case_id, device_id) DO NOTHING"
)
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
    one_at_a_time(session)
    rows = session.execute(_LEFT if left_over else _NEW, {"since": now - LOOK_BACK, "limit": limit}).all()
    alarms: dict[tuple[uuid.UUID, uuid.UUID | None], list[Row[Any]]] = {}
    for row in rows:
        device = row.device_id if is_of_few(row.features) else None
        alarms.setdefault((row.user_id, device), []).append(row)
    # Those of devices come first, so that nobody gets a case of his own that turns out to be another's.
    for (user_id, device_id), found in sorted(alarms.items(), key=lambda alarm: alarm[0][1] is None):
        _gather(session, user_id, device_id, found, now)
    return len(rows)


def _gather(
    session: Session, user_id: uuid.UUID, device_id: uuid.UUID | None, rows: Sequence[Row[Any]], now: datetime
) -> None:
    devices = [] if device_id is None else [device_id]
    case_id = open_case_of(session, people=[user_id], devices=devices, now=now)
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
    values = {"case_id": case_id, "user_id": user_id, "device_id": device_id}
    session.execute(_CONCERNS, values)
    if device_id is not None:
        session.execute(_COMES_FROM, values)
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
