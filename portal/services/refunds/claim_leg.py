"""Take a leg for sending or for a look-up: the row says so before the gateway hears of it (STR-04)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.gateways.base import RefundRequest
from portal.models import ProviderEvent
from portal.rules.permissions import SYSTEM
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves

# A call takes at most 4 s; who has not answered after this was killed, and the sweep asks what became of it.
CALL_OVERDUE_AFTER = timedelta(seconds=12)
LEASE = timedelta(seconds=15)
ASKABLE = ("sent", "pending", "unknown")

_LEG = """
    SELECT g.id AS leg_id, g.refund_id, g.amount_minor, g.op_key, g.gateway_ref AS refund_ref, g.status, g.sent_at,
           g.withdrawal_id, f.order_id, coalesce(f.currency, w.currency) AS currency,
           coalesce(f.reason, 'withdrawal') AS reason, a.gateway_ref, a.gateway_account_id,
           a.op_key AS payment_op_key, a.gateway
      FROM refund_leg g JOIN payment_attempt a ON a.id = g.attempt_id
      LEFT JOIN refund f ON f.id = g.refund_id LEFT JOIN withdrawal w ON w.id = g.withdrawal_id
     WHERE g.id = :leg_id AND {which}
       FOR UPDATE OF g SKIP LOCKED
"""
_CLAIM = text(
    f"""
    WITH claimed AS ({_LEG.format(which="g.status = 'approved' AND g.due_at <= :now")})
    UPDATE refund_leg g SET status = 'sent', calls = g.calls + 1, sent_at = coalesce(g.sent_at, :now),
           updated_at = :now, due_at = :overdue_at
      FROM claimed WHERE g.id = claimed.leg_id
    RETURNING claimed.*, g.calls
    """  # noqa: S608  # Texts of this file.
)
_ASK = text(
    f"""
    WITH asked AS ({_LEG.format(which="g.status = ANY(:states)")})
    UPDATE refund_leg g SET due_at = :lease FROM asked WHERE g.id = asked.leg_id
    RETURNING asked.*, g.calls
    """  # noqa: S608  # Texts of this file.
)
_DUE = text(
    """
    SELECT id, status FROM refund_leg
     WHERE due_at <= :now AND status IN ('approved', 'sent', 'pending', 'unknown') ORDER BY due_at LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class ClaimedLeg:
    """What the caller needs to call the gateway once, or to ask it what became of the leg."""

    leg_id: uuid.UUID
    gateway_account_id: int
    request: RefundRequest
    refund_ref: str | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class DueLegs:
    """What is due, by what must be done."""

    to_send: list[uuid.UUID]
    to_ask: list[uuid.UUID]


def claim_leg(session: Session, *, leg_id: uuid.UUID, now: datetime) -> ClaimedLeg | None:
    """Mark a leg as sent and return its request; None when another has it, or it is not its time.

    The mark is committed before the call: a process that dies in between leaves a leg that is asked about, never sent
    anew before that.
    """
    values = {"leg_id": leg_id, "now": now, "overdue_at": now + CALL_OVERDUE_AFTER}
    row = session.execute(_CLAIM, values).one_or_none()
    if row is None:
        return None
    move = Move(Machine.REFUND_LEG, leg_id, "approved", "sent", row.order_id)
    record_moves(session, move, actor=SYSTEM, now=now)
    after = {"leg": str(leg_id), "amount_minor": row.amount_minor, "call": row.calls}
    behind = behind_of(row)
    record(session, Fact(AuditAction.REFUND_LEG_SENT, ":".join(behind), after=after), actor=SYSTEM, now=now)
    return _claimed(row)


def leg_to_ask(session: Session, *, leg_id: uuid.UUID, now: datetime, ended_too: bool = False) -> ClaimedLeg | None:
    """Take a leg for a look-up; None when it is over, was never sent, or another looks at it.

    `ended_too` is for notices: a refund that had succeeded may have failed since.
    """
    states = [*ASKABLE, *(("succeeded",) if ended_too else ())]
    row = session.execute(_ASK, {"leg_id": leg_id, "states": states, "lease": now + LEASE}).one_or_none()
    return _claimed(row) if row is not None else None


def legs_due(session: Session, *, now: datetime, limit: int = 200) -> DueLegs:
    """Legs whose time has come, oldest first: after a crash, an emptied Redis, a lost notice."""
    rows = session.execute(_DUE, {"now": now, "limit": limit}).all()
    return DueLegs(
        to_send=[row.id for row in rows if row.status == "approved"],
        to_ask=[row.id for row in rows if row.status != "approved"],
    )


def legs_to_send(session: Session, *, behind_id: uuid.UUID) -> list[uuid.UUID]:
    """Legs of a decided refund or withdrawal that a gateway has not heard of."""
    found = text(
        "SELECT id FROM refund_leg WHERE (refund_id = :id OR withdrawal_id = :id) AND status = 'approved'"
        " AND attempt_id IS NOT NULL"
    )
    return list(session.scalars(found, {"id": behind_id}))


def behind_of(leg: Row[Any]) -> tuple[str, str]:
    """What stands behind a leg, by its kind and id."""
    if leg.withdrawal_id is not None:
        return "withdrawal", str(leg.withdrawal_id)
    return "refund", str(leg.refund_id)


def leg_notices(session: Session, *, leg_id: uuid.UUID, limit: int = 500) -> list[bytes]:
    """The bodies of verified notices about a leg or its charge, oldest first, for a gateway that only tells."""
    rows = session.execute(
        text(
            """
            SELECT e.body FROM refund_leg g JOIN payment_attempt a ON a.id = g.attempt_id
              JOIN provider_event e ON e.gateway = a.gateway AND e.signature_ok AND e.body IS NOT NULL
                   AND (e.note = g.op_key OR e.gateway_ref = a.gateway_ref)
             WHERE g.id = :leg_id ORDER BY e.id LIMIT :limit
            """
        ).columns(body=ProviderEvent.body.type),
        {"leg_id": leg_id, "limit": limit},
    )
    return [row.body.encode() for row in rows]


def _claimed(row: Row[Any]) -> ClaimedLeg:
    request = RefundRequest(
        op_key=row.op_key,
        gateway_ref=row.gateway_ref,
        amount_minor=row.amount_minor,
        currency=row.currency,
        reason=row.reason,
        metadata=dict([behind_of(row)]),
    )
    return ClaimedLeg(row.leg_id, row.gateway_account_id, request, row.refund_ref, row.sent_at)
