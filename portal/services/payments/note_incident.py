"""Keep what went wrong at a gateway, for whoever looks after it (PAY-06)."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import GatewayIncident
from portal.services.outbox import Event, emit


class IncidentKind(StrEnum):
    """What happened. The last two are moves of the breaker."""

    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    BREAKER_OPENED = "breaker_opened"
    BREAKER_CLOSED = "breaker_closed"


class NextStep(StrEnum):
    """What was done about it."""

    SENT_AGAIN = "sent_again"
    FAILED_OVER = "failed_over"
    LOOKED_UP = "looked_up"
    GIVEN_UP = "given_up"


def note_incident(
    session: Session,
    *,
    account_id: int,
    kind: IncidentKind,
    now: datetime,
    attempt_id: uuid.UUID | None = None,
    code: str | None = None,
    duration_ms: int | None = None,
    next_step: NextStep | None = None,
) -> None:
    """Write one incident; a breaker's move is told to administrators."""
    row = {
        "gateway_account_id": account_id,
        "attempt_id": attempt_id,
        "kind": kind.value,
        "code": code[:200] if code else None,
        "duration_ms": duration_ms,
        "next": next_step.value if next_step else None,
        "at": now,
    }
    insert_rows(session, GatewayIncident, [row])
    if kind in {IncidentKind.BREAKER_OPENED, IncidentKind.BREAKER_CLOSED}:
        payload = {"account": account_id, "turn": kind.value}
        emit(session, Event(f"gateway.{kind.value}", f"gateway-account:{account_id}", payload), now=now)
