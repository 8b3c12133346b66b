"""The audit trail and the state of its chain (AUD-01), and the outbox with what waits in it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Text, cast, func, select, text
from sqlalchemy.orm import Session

from portal.crypto import blind_index
from portal.kit.paging import Page, fingerprint
from portal.models import AuditLink, AuditRow, OutboxEvent, WebSession
from portal.queries.keyset import PAGE_ROWS, AnySelect, Sorting, count_up_to, fetch_page

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
    ip: str | None = None
    device_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for: exact values, and instants of which `until` is exclusive."""

    ref: str | None = None
    action: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    device_id: uuid.UUID | None = None
    ip: str | None = None


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


# Whose record it is stands in what is hashed, so it is read from there.
_SESSION = func.substring(AuditRow.payload, '"session":"([0-9a-f-]{36})"')


def narrowed(statement: AnySelect, chosen: AuditFilter) -> AnySelect:
    """The statement over records, with these conditions."""
    for column, value in (
        (AuditRow.ref, chosen.ref),
        (AuditRow.action, chosen.action),
        (AuditRow.actor, chosen.actor),
    ):
        if value:
            statement = statement.where(column == value)
    if chosen.since:
        statement = statement.where(AuditRow.at >= chosen.since)
    if chosen.until:
        statement = statement.where(AuditRow.at < chosen.until)
    if chosen.device_id or chosen.ip:
        sessions = select(cast(WebSession.id, Text))
        if chosen.device_id:
            sessions = sessions.where(WebSession.device_id == chosen.device_id)
        if chosen.ip:
            sessions = sessions.where(WebSession.ip_index == blind_index(f"ip:{chosen.ip}"))
        statement = statement.where(_SESSION.in_(sessions))
    return statement


def list_audit(
    session: Session,
    *,
    chosen: AuditFilter,
    cursor: str | None,
    rows_max: int = PAGE_ROWS,
    count: bool = True,
) -> Page[AuditView]:
    """One page of the trail, the latest first, with where each act came from. `ref` and days have indexes."""
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
    plain = narrowed(select(AuditRow.id), chosen)
    found = fetch_page(
        session,
        narrowed(statement, chosen),
        AUDIT,
        make=_audit,
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("audit", *map(str, astuple(chosen))),
        total=count_up_to(session, plain) if count else None,
        rows_max=rows_max,
    )
    return replace(found, rows=_with_places(session, found.rows))


def _with_places(session: Session, rows: Sequence[AuditView]) -> tuple[AuditView, ...]:
    """Device and address of the sessions that the records name, as long as they are kept."""
    named = {uuid.UUID(row.facts["session"]) for row in rows if row.facts.get("session")}
    places = {
        place.id: place
        for place in session.execute(
            select(WebSession.id, WebSession.ip, WebSession.device_id).where(WebSession.id.in_(named))
        )
    }
    found = []
    for row in rows:
        place = places.get(uuid.UUID(row.facts["session"])) if row.facts.get("session") else None
        found.append(replace(row, ip=place.ip or None, device_id=place.device_id) if place else row)
    return tuple(found)


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
                                           coalesce((SELECT audit_id FROM last), 0))
                    -- As the sealer reads them; nobody needs to know by how many ten thousand he is behind.
                    ORDER BY a.xid, a.id LIMIT 10000)
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
