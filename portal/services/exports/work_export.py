"""Make a list's file, a batch at a time: what was read and how far one is are written together (ANA-03).

Whoever takes an export up writes his mark on it; who finds another's mark leaves. A worker that dies leaves whole
batches behind: rows are read on from there, and a file that was half written is written anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.crypto import signing_key
from portal.kit.ids import new_id
from portal.kit.tables import PDF_ROWS_MAX, Format
from portal.models import ListExport, ReportPlan
from portal.queries.listings import LISTINGS
from portal.queries.listings.listing import Listing, count_rows, read_rows
from portal.rules.exports import LIVES, STALE_AFTER, STALE_WRITING_AFTER, TRIES_MAX, unpack
from portal.rules.permissions import SYSTEM
from portal.rules.reports import KEPT_FOR
from portal.services.audit import AuditAction, Fact, record
from portal.services.exports.pieces import drop_pieces, pieces_of, put_piece
from portal.services.outbox import Event, emit

BATCH = 2_000
PIECE_BYTES = 512 * 1024

_CLAIM = text(
    """
    UPDATE list_export SET worker = :worker, worked_at = :now, tries = tries + 1,
           state = CASE state WHEN 'wanted' THEN 'reading' ELSE state END
     WHERE id = :id AND state IN ('wanted', 'reading', 'writing')
       AND (worker IS NULL OR worked_at < CASE state WHEN 'writing' THEN :stale_writing ELSE :stale END)
    RETURNING tries
    """
)
_DUE = text(
    """
    SELECT id FROM list_export WHERE state IN ('wanted', 'reading', 'writing')
       AND worked_at < CASE WHEN state = 'writing' AND worker IS NOT NULL THEN :stale_writing ELSE :stale END
     ORDER BY worked_at LIMIT 20
    """
)


@dataclass(frozen=True, slots=True)
class Claim:
    """That a worker is at an export."""

    export_id: uuid.UUID
    worker: uuid.UUID


@dataclass(frozen=True)
class Written:
    """What the file is, once it is written."""

    size: int
    sha256: str


def claim_export(session: Session, *, export_id: uuid.UUID, now: datetime) -> Claim | None:
    """Take an export up; None when it is done, or somebody else is at it. One that killed its workers is given up."""
    claim = Claim(export_id, new_id())
    values = {"id": export_id, "worker": claim.worker, "now": now, **_stale(now)}
    tries = session.execute(_CLAIM, values).scalar_one_or_none()
    if tries is None:
        return None
    if tries > TRIES_MAX:
        _end(session, claim, "failed", now)
        return None
    return claim


def _stale(now: datetime) -> dict[str, datetime]:
    return {"stale": now - STALE_AFTER, "stale_writing": now - STALE_WRITING_AFTER}


def read_batch(session: Session, claim: Claim, *, now: datetime) -> bool | None:
    """Read on; True while rows are left, False when all are read, None when somebody else is at it."""
    export = _mine(session, claim)
    if export is None:
        return None
    if export.state == "writing":
        return False
    listing, chosen = _listing(export)
    if export.total is None:
        export.total = count_rows(session, listing, chosen)
    is_paper = export.format == Format.PDF
    limit = min(BATCH, PDF_ROWS_MAX - export.done) if is_paper else BATCH
    rows, cursor = read_rows(session, listing, chosen, cursor=export.cursor, limit=limit, locale=export.locale)
    if rows:
        put_piece(session, export.id, "rows", export.pieces, b"\n".join(orjson.dumps(row) for row in rows))
        export.pieces += 1
    export.done += len(rows)
    # What came in meanwhile counts, too.
    export.total = max(export.total, export.done)
    export.cursor, export.worked_at, export.tries = cursor, now, 0
    if cursor is None or (is_paper and export.done >= PDF_ROWS_MAX):
        export.state = "writing"
    session.flush()
    return export.state == "reading"


def begin_file(session: Session, claim: Claim, *, now: datetime) -> ListExport | None:
    """Forget what was written of the file so far; None when somebody else is at it."""
    export = _mine(session, claim)
    if export is None or export.state != "writing":
        return None
    drop_pieces(session, export.id, part="file")
    export.worked_at = now
    session.flush()
    return export


def rows_of(session: Session, export_id: uuid.UUID) -> Iterator[list[Any]]:
    """All rows that were read, in their order, a piece at a time."""
    for piece in pieces_of(session, export_id, part="rows"):
        for line in piece.split(b"\n"):
            yield orjson.loads(line)


def still_at_it(session: Session, claim: Claim, *, now: datetime) -> bool:
    """Say that one is still at it; False when somebody else has taken it up."""
    touched = session.execute(
        update(ListExport)
        .where(ListExport.id == claim.export_id, ListExport.worker == claim.worker, ListExport.state == "writing")
        .values(worked_at=now)
        .returning(ListExport.id)
    )
    return touched.scalar_one_or_none() is not None


def keep_file_piece(session: Session, claim: Claim, n: int, content: bytes, *, now: datetime) -> bool:
    """Keep a piece of the file; False when somebody else has taken it up."""
    if not still_at_it(session, claim, now=now):
        return False
    put_piece(session, claim.export_id, "file", n, content)
    return True


def finish_file(session: Session, claim: Claim, written: Written, *, now: datetime) -> bool:
    """The file is there, signed, for a week; its rows go. False when somebody else has taken it up."""
    export = _mine(session, claim)
    if export is None or export.state != "writing":
        return False
    export.state, export.worker = "ready", None
    export.made_at, export.expires_at, export.worked_at = now, now + (KEPT_FOR if export.plan_id else LIVES), now
    export.size, export.sha256 = written.size, written.sha256
    export.signature = signing_key().sign(signed_words(export)).hex()
    drop_pieces(session, export.id, part="rows")
    session.flush()
    after = {"listing": export.listing, "name": export.name, "rows": export.done, "sha256": export.sha256}
    ref = f"list-export:{export.id}"
    record(session, Fact(AuditAction.LIST_EXPORT_MADE, ref, after=after), actor=SYSTEM, now=now)
    payload = {"name": export.name, "until": export.expires_at.isoformat()}
    emit(session, Event("list_export.ready", f"list_export:{export.id}", payload, priority="high"), now=now)
    if export.plan_id is not None:
        # Programs that keep books or customers elsewhere hear of it, and take the file by the API (ANA-04).
        report = session.get_one(ReportPlan, export.plan_id).report
        facts = {"report": report, "rows": export.done, "sha256": export.sha256}
        emit(session, Event("report.ready", f"export:{export.id}", facts), now=now)
    return True


def signed_words(export: ListExport) -> bytes:
    """What the signature is over: the file's name, its rows and its digest."""
    facts = {"format": "portal-list/1", "name": export.name, "rows": export.done, "sha256": export.sha256}
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)


def let_go(session: Session, claim: Claim) -> None:
    """Leave an export to whoever comes next: others wait for the worker."""
    session.execute(
        update(ListExport)
        .where(ListExport.id == claim.export_id, ListExport.worker == claim.worker)
        .values(worker=None, tries=0)
    )


def exports_due(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Exports that nobody works on."""
    return list(session.scalars(_DUE, _stale(now)))


def end_old_exports(session: Session, *, now: datetime) -> int:
    """Take files away whose week is over."""
    old = session.scalars(
        select(ListExport)
        .where(ListExport.state == "ready", ListExport.expires_at <= now)
        .limit(50)
        .with_for_update(skip_locked=True)
    ).all()
    for export in old:
        drop_pieces(session, export.id)
        export.state = "gone"
    session.flush()
    return len(old)


def _mine(session: Session, claim: Claim) -> ListExport | None:
    return session.scalars(
        select(ListExport)
        .where(ListExport.id == claim.export_id, ListExport.worker == claim.worker)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _listing(export: ListExport) -> tuple[Listing, Any]:
    listing = LISTINGS[export.listing]
    return listing, unpack(listing.filter, orjson.loads(export.chosen))


def _end(session: Session, claim: Claim, state: str, now: datetime) -> None:
    drop_pieces(session, claim.export_id)
    session.execute(
        update(ListExport).where(ListExport.id == claim.export_id).values(state=state, worker=None, worked_at=now)
    )
    emit(session, Event("list_export.failed", f"list_export:{claim.export_id}", priority="high"), now=now)
