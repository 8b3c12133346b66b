"""Differences and runs of the reconciliation, for the page and the command."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import ReconciliationBreak, ReconciliationRun, User
from portal.queries.invariants import INVARIANTS, find_violations
from portal.queries.keyset import Sorting, count_up_to, fetch_page
from portal.queries.settlement_differences import DIFFERENCE_KINDS, Difference, settlement_differences

BROKEN_RULE = "broken_rule"
CHECKS = len(INVARIANTS) + len(DIFFERENCE_KINDS)


def find_differences(session: Session) -> Iterator[Difference]:
    """Compare everything: the books with themselves, with orders and stock, and with what gateways report.

    Wants a snapshot, so that an order which is placed meanwhile is seen wholly or not at all.
    """
    for finding in find_violations(session):
        for row in finding.rows:
            facts = {name: str(value) for name, value in row.items()}
            # The row is known again by what it is about, not by amounts, which may go on moving.
            about = {name: value for name, value in facts.items() if name == next(iter(facts))}
            mark = hashlib.sha256(orjson.dumps([finding.invariant.name, about])).hexdigest()[:16]
            yield Difference(BROKEN_RULE, mark, {"rule": finding.invariant.name, **facts})
    yield from settlement_differences(session)


@dataclass(frozen=True, slots=True)
class BreakRow:
    """A difference as the desk shows it."""

    id: uuid.UUID
    kind: str
    subject: str
    currency: str | None
    expected_minor: int | None
    found_minor: int | None
    facts: Mapping[str, Any]
    state: str
    owner_id: uuid.UUID | None
    owner_name: str | None
    note: str | None
    opened_at: datetime
    seen_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the desk shows it."""

    started_at: datetime
    ended_at: datetime
    checks: int
    found: int
    opened: int
    closed: int


SORTING = Sorting((ReconciliationBreak.opened_at, ReconciliationBreak.id), (datetime, uuid.UUID))
_COLUMNS = (
    ReconciliationBreak.id,
    ReconciliationBreak.kind,
    ReconciliationBreak.subject,
    ReconciliationBreak.currency,
    ReconciliationBreak.expected_minor,
    ReconciliationBreak.found_minor,
    ReconciliationBreak.facts,
    ReconciliationBreak.state,
    ReconciliationBreak.owner_id,
    User.name.label("owner_name"),
    ReconciliationBreak.note,
    ReconciliationBreak.opened_at,
    ReconciliationBreak.seen_at,
    ReconciliationBreak.closed_at,
)


def list_breaks(session: Session, *, only_open: bool, cursor: str | None) -> Page[BreakRow]:
    """One page of differences, the newest first. Raises CursorInvalidError."""
    statement = select(*_COLUMNS).outerjoin(User, User.id == ReconciliationBreak.owner_id)
    counted = select(ReconciliationBreak.id)
    if only_open:
        statement = statement.where(ReconciliationBreak.closed_at.is_(None))
        counted = counted.where(ReconciliationBreak.closed_at.is_(None))
    return fetch_page(
        session,
        statement,
        SORTING,
        make=lambda row: BreakRow(*row),
        key=lambda row: (row.opened_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("breaks", only_open),
        total=count_up_to(session, counted),
    )


def load_break(session: Session, *, break_id: uuid.UUID) -> BreakRow | None:
    row = session.execute(
        select(*_COLUMNS)
        .outerjoin(User, User.id == ReconciliationBreak.owner_id)
        .where(ReconciliationBreak.id == break_id)
    ).one_or_none()
    return BreakRow(*row) if row is not None else None


def last_run(session: Session) -> RunRow | None:
    """The latest run, or None before the first."""
    row = session.execute(
        select(
            ReconciliationRun.started_at,
            ReconciliationRun.ended_at,
            ReconciliationRun.checks,
            ReconciliationRun.found,
            ReconciliationRun.opened,
            ReconciliationRun.closed,
        )
        .order_by(ReconciliationRun.started_at.desc())
        .limit(1)
    ).one_or_none()
    return RunRow(*row) if row is not None else None


def count_open_breaks(session: Session) -> int:
    statement = select(func.count()).select_from(ReconciliationBreak).where(ReconciliationBreak.closed_at.is_(None))
    return session.execute(statement).scalar_one()
