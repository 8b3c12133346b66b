"""Keep records no longer than their kind is kept (IDN-06): the days are set by hand, a job carries them out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import RetentionRule, RetentionRun
from portal.queries.retention import OLD, Rows, retention_rules
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.retention import RetentionKind, check_days
from portal.services.audit import AuditAction, Fact, label, record

BATCH = 2_000


class RetentionForbiddenError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class RetentionReasonMissingError(PortalError):
    code = "retention_reason_missing"
    sentence = N_("Say why: it stands in the record.")


def set_retention(
    session: Session, *, kind: RetentionKind, days: int | None, reason: str, actor: Actor, now: datetime
) -> None:
    """Keep records of this kind for so many days from now on.

    Raises RetentionForbiddenError, DaysUnfitError, RetentionReasonMissingError.
    """
    if Scope.ALL not in scopes_of(actor, Permission.RETENTION_CONFIGURE) or actor.user_id is None:
        raise RetentionForbiddenError
    kept, why = check_days(kind, days), " ".join(reason.split())
    if not why:
        raise RetentionReasonMissingError
    before = next(one.days for one in retention_rules(session) if one.kind is kind)
    values = {"days": kept, "reason": why, "changed_by": actor.user_id, "changed_at": now}
    session.execute(
        insert(RetentionRule)
        .values(kind=kind.value, **values)
        .on_conflict_do_update(index_elements=[RetentionRule.kind], set_=values)
    )
    fact = Fact(AuditAction.RETENTION_CHANGED, f"retention:{kind}", {"days": before}, {"days": kept}, why)
    record(session, fact, actor=actor, now=now)


def count_old(session: Session, *, now: datetime) -> dict[str, int]:
    """How many rows of each kind would go now."""
    return {
        one.kind.value: sum(_count(session, rows, _before(one.days, now)) for rows in OLD[one.kind])
        for one in retention_rules(session)
    }


def take_away(run: Callable[[Callable[[Session], int]], int], *, kind: RetentionKind, days: int, now: datetime) -> int:
    """Take what is too old of one kind, batch by batch, each by `run` in a transaction of its own; returns how many."""
    total = 0
    for rows in OLD[kind]:
        while moved := run(lambda session, rows=rows: _take(session, rows, _before(days, now))):  # type: ignore[misc]  # mypy does not infer a lambda's default.
            total += moved
    return total


def note_run(session: Session, *, counts: dict[str, int], is_dry: bool, actor: Actor, now: datetime) -> None:
    """Keep the report."""
    row = {"at": now, "by": label(actor), "is_dry": is_dry, "counts": counts}
    insert_rows(session, RetentionRun, [row])
    if not is_dry and any(counts.values()):
        gone = {kind: number for kind, number in counts.items() if number}
        record(session, Fact(AuditAction.RETENTION_APPLIED, "retention:all", after=gone), actor=actor, now=now)


def _before(days: int, now: datetime) -> datetime:
    return now - timedelta(days=days)


def _count(session: Session, rows: Rows, before: datetime) -> int:
    # Names and conditions are constants of queries/retention.py.
    statement = text(f"SELECT count(*) FROM {rows.table} WHERE {rows.where}")
    return int(session.execute(statement, {"before": before}).scalar_one())


def _take(session: Session, rows: Rows, before: datetime) -> int:
    some = f"ctid IN (SELECT ctid FROM {rows.table} WHERE {rows.where} LIMIT {BATCH} FOR UPDATE SKIP LOCKED)"
    if rows.cleared:
        cleared = ", ".join(f"{column} = NULL" for column in rows.cleared)
        statement = f"UPDATE {rows.table} SET {cleared} WHERE {some} RETURNING 1"
    else:
        statement = f"DELETE FROM {rows.table} WHERE {some} RETURNING 1"
    return len(session.execute(text(statement), {"before": before}).all())
