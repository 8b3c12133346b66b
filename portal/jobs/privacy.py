"""What workers and the clock do about personal data. Each is safe to run twice."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.exc import OperationalError

from portal.db import atomically, reading, transaction
from portal.jobs.queue import enqueue_export
from portal.kit import clock
from portal.queries.retention import last_real_run, retention_rules
from portal.rules.permissions import SYSTEM
from portal.services.privacy.apply_retention import note_run, take_away
from portal.services.privacy.erase_person import carry_out_erasure, erasures_due, put_off_failed
from portal.services.privacy.make_export import exports_due, make_export

log = structlog.get_logger()

RETENTION_EVERY = timedelta(hours=24)


def put_together(export_id: str) -> None:
    """Make one export."""
    atomically(lambda s: make_export(s, export_id=uuid.UUID(export_id), now=clock.now()))


def tend_data() -> None:
    """What is due of exports, erasures and retention."""
    put_exports_together()
    erase_people()
    keep_no_longer()


def put_exports_together() -> None:
    """Give a job to exports whose hint was lost."""
    with reading() as session:
        due = exports_due(session)
    for export_id in due:
        enqueue_export(export_id)


def erase_people() -> None:
    """Erase those whose days of grace are over; one that breaks off is put off, and administrators are told."""
    with reading() as session:
        due = erasures_due(session, now=clock.now())
    for erasure_id in due:
        try:
            atomically(partial(carry_out_erasure, erasure_id=erasure_id, now=clock.now()))
        except OperationalError:
            raise  # The database is away: that is nobody's erasure.
        except Exception as error:  # Whatever it was, those behind it are not to wait for it.
            log.exception("erasure_failed", erasure=str(erasure_id))
            told = partial(put_off_failed, erasure_id=erasure_id, error=type(error).__name__, now=clock.now())
            atomically(told)


def keep_no_longer() -> None:
    """Once a day, take away what is too old."""
    with reading() as session:
        last = last_real_run(session)
    if last is None or clock.now() - last >= RETENTION_EVERY:
        apply_retention()


def apply_retention() -> dict[str, int]:
    """Take away what is too old, now; returns how many rows of each kind, as the report says it."""
    now = clock.now()
    with reading() as session:
        rules = retention_rules(session)
    counts = {one.kind.value: take_away(atomically, kind=one.kind, days=one.days, now=now) for one in rules}
    with transaction() as session:
        note_run(session, counts=counts, is_dry=False, actor=SYSTEM, now=now)
    return counts
