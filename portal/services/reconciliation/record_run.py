"""Keep what a run has found: new differences are opened, those that are gone are closed (BAL-11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import ReconciliationBreak, ReconciliationRun
from portal.queries.settlement_differences import Difference
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.outbox import Event, emit


def record_run(
    session: Session,
    *,
    differences: Iterable[Difference],
    checks: int,
    started_at: datetime,
    actor: Actor,
    now: datetime,
) -> ReconciliationRun:
    """Write a run. A difference that is open already stays as it is, with its owner and its age.

    Administrators are told once of all that is new. Two runs at once wait for each other.
    """
    found = {(one.kind, one.subject): one for one in differences}
    still_open = {
        (row.kind, row.subject): row.id
        for row in session.execute(
            select(ReconciliationBreak.id, ReconciliationBreak.kind, ReconciliationBreak.subject)
            .where(ReconciliationBreak.closed_at.is_(None))
            .order_by(ReconciliationBreak.id)
            .with_for_update()
        )
    }
    seen = [still_open[key] for key in found.keys() & still_open.keys()]
    gone = [still_open[key] for key in still_open.keys() - found.keys()]
    rows = [_row(found[key], now) for key in found if key not in still_open]
    if seen:
        session.execute(update(ReconciliationBreak).where(ReconciliationBreak.id.in_(seen)).values(seen_at=now))
    if gone:
        values = {"state": "gone", "closed_at": now, "closed_by": label(actor)}
        session.execute(update(ReconciliationBreak).where(ReconciliationBreak.id.in_(gone)).values(**values))
    insert_rows(session, ReconciliationBreak, rows)
    run = ReconciliationRun(
        started_at=started_at,
        ended_at=now,
        started_by=label(actor),
        checks=checks,
        found=len(found),
        opened=len(rows),
        closed=len(gone),
    )
    session.add(run)
    session.flush()
    after = {"checks": checks, "found": len(found), "opened": len(rows), "closed": len(gone)}
    record(session, Fact(AuditAction.BOOKS_RECONCILED, f"run:{run.id}", after=after), actor=actor, now=now)
    if rows:
        emit(session, Event("reconciliation.differs", f"run:{run.id}", {"opened": len(rows)}), now=now)
    return run


def _row(one: Difference, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "kind": one.kind,
        "subject": one.subject,
        "currency": one.currency,
        "expected_minor": one.expected_minor,
        "found_minor": one.found_minor,
        "facts": orjson.loads(orjson.dumps(dict(one.facts), default=str)),
        "state": "open",
        "opened_at": now,
        "seen_at": now,
    }
