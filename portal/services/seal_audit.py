"""The sealer: numbers audit rows without gaps and chains their hashes, just after they were committed (AUD-01)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import AuditLink, AuditRow

BATCH = 1000
SEALER_LOCK = 7_236_402
GENESIS = "0" * 64

# Rows of transactions that have ended for everybody, in one order that no later commit can come before. Nobody
# seals beside another one: the end of the chain is read once the lock is held.
_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")
_UNSEALED = text(
    """
    WITH last AS (SELECT seq, audit_id, xid, hash FROM audit_link ORDER BY seq DESC LIMIT 1),
         place AS (SELECT coalesce((SELECT xid FROM last), 0) AS xid, coalesce((SELECT audit_id FROM last), 0) AS id)
    SELECT r.id, r.xid, r.payload, (SELECT seq FROM last) AS last_seq, (SELECT hash FROM last) AS last_hash
      FROM audit_row r
     WHERE (r.xid, r.id) > ((SELECT xid FROM place), (SELECT id FROM place))
       AND r.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
     ORDER BY r.xid, r.id LIMIT :batch
    """
)


def link_hash(prev_hash: str, payload: str) -> str:
    """The hash of one link."""
    return hashlib.sha256(f"{prev_hash}|{payload}".encode()).hexdigest()


def seal_audit(session: Session, *, batch: int = BATCH) -> int:
    """Seal what has been committed, at most `batch` rows; returns how many. One sealer works, others pass."""
    if not session.execute(_LOCK, {"key": SEALER_LOCK}).scalar_one():
        return 0
    rows = session.execute(_UNSEALED, {"batch": batch}).all()
    seq, hashed = (rows[0].last_seq or 0, rows[0].last_hash or GENESIS) if rows else (0, GENESIS)
    links = []
    for row in rows:
        seq += 1
        previous, hashed = hashed, link_hash(hashed, row.payload)
        links.append({"seq": seq, "audit_id": row.id, "xid": row.xid, "prev_hash": previous, "hash": hashed})
    insert_rows(session, AuditLink, links)
    return len(links)


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """A place where the chain does not hold, and what is wrong there."""

    seq: int
    fault: str


def verify_chain(session: Session, *, batch: int = 5000) -> list[BrokenLink]:
    """Every broken link of the chain, read in constant memory; none means that it verifies."""
    broken: list[BrokenLink] = []
    expected_seq, expected_prev = 1, GENESIS
    rows = session.execute(
        select(AuditLink.seq, AuditLink.prev_hash, AuditLink.hash, AuditRow.payload)
        .join(AuditRow, AuditRow.id == AuditLink.audit_id)
        .order_by(AuditLink.seq)
        .execution_options(yield_per=batch)
    )
    for row in rows:
        if row.seq != expected_seq:
            broken.append(BrokenLink(row.seq, f"number {expected_seq} is missing"))
        if row.prev_hash != expected_prev:
            broken.append(BrokenLink(row.seq, "does not follow the link before"))
        if row.hash != link_hash(row.prev_hash, row.payload):
            broken.append(BrokenLink(row.seq, "the record was altered"))
        expected_seq, expected_prev = row.seq + 1, row.hash
    return broken
