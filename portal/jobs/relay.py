"""The relay: takes waiting outbox events in batches, tells open pages, and hands the work to the workers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError

from portal.broker import broker
from portal.db import alone, atomically
from portal.jobs.handlers import WORKED
from portal.jobs.live import fact_of, publish
from portal.jobs.queue import enqueue_events
from portal.jobs.told import TOLD
from portal.kit import clock
from portal.services.outbox import WAKE
from portal.services.seal_audit import seal_audit

log = structlog.get_logger()

BATCH = 200
# How long the workers have for a batch before it is handed out again.
LEASE = timedelta(seconds=30)
# How long what nobody waits for may lie before it is looked for; what somebody waits for wakes the relay.
IDLE_S = 0.25
SEAL_EVERY_S = 0.5

_CLAIM = text(
    """
    UPDATE outbox_event SET due_at = :later, attempts = attempts + 1, told_at = coalesce(told_at, :now),
           handled_at = CASE WHEN kind = ANY(:worked) THEN NULL ELSE :now END
     WHERE id IN (SELECT id FROM outbox_event WHERE handled_at IS NULL AND due_at <= :now
                   ORDER BY due_at, id LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING id, kind, subject, profile_id
    """
)


def relay_once() -> int:
    """Take one batch; returns how many events it had. An event that nobody works on is handled by being told."""
    now = clock.now()
    worked = list(WORKED)
    with alone() as session:
        rows = session.execute(_CLAIM, {"later": now + LEASE, "now": now, "worked": worked, "batch": BATCH}).all()
    publish((topic, *fact_of(row.subject, row.kind)) for row in rows for topic in _topics(row))
    to_work = sorted(row.id for row in rows if row.kind in WORKED)
    if to_work:
        enqueue_events(to_work)
    return len(rows)


def _topics(row: Row[Any]) -> Iterator[str]:
    if row.profile_id is not None:
        yield f"profile:{row.profile_id}"
    yield from TOLD.get(row.kind, ())


def run_relay(stop: threading.Event) -> None:
    """Relay and seal until `stop` is set. A database that is away is waited for."""
    sealed_at, woken = clock.now(), "$"
    while not stop.is_set():
        try:
            count = relay_once()
            if (clock.now() - sealed_at).total_seconds() >= SEAL_EVERY_S:
                atomically(lambda s: seal_audit(s))
                sealed_at = clock.now()
        except SQLAlchemyError as error:
            log.warning("relay_waits", error=str(error).partition("\n")[0])
            stop.wait(1.0)
            continue
        if count < BATCH:
            woken = broker.wait(WAKE, woken, timeout_s=IDLE_S) or woken
