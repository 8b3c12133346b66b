"""The audit trail and the state of its chain (AUD-01), and the outbox with what waits in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import AuditLink, AuditRow, OutboxEvent
from portal.queries.keyset import Sorting, count_up_to, fetch_page

AUDIT = Sorting((AuditRow.id,), (int,))
EVENTS = Sorting((OutboxEvent.id,), (int,))
WAITING = Sorting((OutboxEvent.due_at, OutboxEvent.id), (datetime, int), falling=False)


@dataclass(frozen=True, slots=True)
class AuditView:
    """One record. `holds` says whether its link fits its payload; None while it waits for the sealer."""

    id: int
    at: datetime
    actor: str
    action: str
    ref: str
    facts: Mapping[str, Any]
    seq: int | None
    hash: str | None
    prev_hash: str | None
    holds: bool | None


@dataclass(frozen=True, slots=True)
class ChainState:
    """How far the chain reaches, and what was written since."""

    seq: int
    hash: str | None
    sealed_at: datetime | None
    waiting: int
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxView:
    """One event of the outbox."""

    id: int
    kind: str
    subject: str
    priority: str
    attempts: int
    created_at: datetime
    due_at: datetime
    handled_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class OutboxState:
    """What waits, since when, and how many have failed at least once."""

    waiting: int
    waiting_since: datetime | None
    failing: int


def list_audit(
    session: Session, *, ref: str | None, action: str | None, actor: str | None, cursor: str | None
) -> Page[AuditView]:
    """One page of the trail, the latest first. `ref` is exact; it and nothing else has an index of its own."""
    statement = select(
        AuditRow.id,
        AuditRow.at,
        AuditRow.actor,
        AuditRow.action,
        AuditRow.ref,
        AuditRow.payload,
        AuditLink.seq,
        AuditLink.hash,
        AuditLink.prev_hash,
    ).outerjoin(AuditLink, AuditLink.audit_id == AuditRow.id)
    plain = select(AuditRow.id)
    for column, value in ((AuditRow.ref, ref), (AuditRow.action, action), (AuditRow.actor, actor)):
        if value:
            statement, plain = statement.where(column == value), plain.where(column == value)
    return fetch_page(
        session,
        statement,
        AUDIT,
        make=_audit,
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("audit", ref, action, actor),
        total=count_up_to(session, plain),
    )


def _audit(row: Any) -> AuditView:
    holds = None
    if row.seq is not None:
        holds = hashlib.sha256(f"{row.prev_hash}|{row.payload}".encode()).hexdigest() == row.hash
    return AuditView(
        id=row.id,
        at=row.at,
        actor=row.actor,
        action=row.action,
        ref=row.ref,
        facts=orjson.loads(row.payload),
        seq=row.seq,
        hash=row.hash,
        prev_hash=row.prev_hash,
        holds=holds,
    )


_CHAIN = text(
    """
    WITH last AS (SELECT seq, audit_id, xid, hash, sealed_at FROM audit_link ORDER BY seq DESC LIMIT 1),
         since AS (SELECT a.at FROM audit_row a
                    WHERE (a.xid, a.id) > (coalesce((SELECT xid FROM last), 0),
                                           coalesce((SELECT audit_id FROM last), 0)))
    SELECT coalesce((SELECT seq FROM last), 0) AS seq, (SELECT hash FROM last) AS hash,
           (SELECT sealed_at FROM last) AS sealed_at, count(*) AS waiting, min(at) AS waiting_since FROM since
    """
)


def chain_state(session: Session) -> ChainState:
    """The last link and what waits to be sealed: a look at two indexes."""
    row = session.execute(_CHAIN).one()
    return ChainState(row.seq, row.hash, row.sealed_at, row.waiting, row.waiting_since)


def list_events(session: Session, *, waiting: bool, kind: str | None, cursor: str | None) -> Page[OutboxView]:
    """Events: what waits (the next due first), or all (the latest first)."""
    statement = select(
        OutboxEvent.id,
        OutboxEvent.kind,
        OutboxEvent.subject,
        OutboxEvent.priority,
        OutboxEvent.attempts,
        OutboxEvent.created_at,
        OutboxEvent.due_at,
        OutboxEvent.handled_at,
        OutboxEvent.last_error,
    )
    if waiting:
        statement = statement.where(OutboxEvent.handled_at.is_(None))
    if kind:
        statement = statement.where(OutboxEvent.kind == kind)
    return fetch_page(
        session,
        statement,
        WAITING if waiting else EVENTS,
        make=lambda row: OutboxView(*row),
        key=(lambda row: (row.due_at, row.id)) if waiting else (lambda row: (row.id,)),
        cursor_text=cursor,
        mark=fingerprint("outbox", waiting, kind),
        total=count_up_to(session, statement.with_only_columns(OutboxEvent.id)),
    )


_OUTBOX = text(
    """
    SELECT count(*) AS waiting, min(created_at) AS waiting_since,
           count(*) FILTER (WHERE last_error IS NOT NULL) AS failing
      FROM outbox_event WHERE handled_at IS NULL
    """
)


def outbox_state(session: Session) -> OutboxState:
    """What the outbox still has to tell."""
    row = session.execute(_OUTBOX).one()
    return OutboxState(row.waiting, row.waiting_since, row.failing)
