"""Runs over many parts, batch by batch, each in a transaction of its own."""

from __future__ import annotations

import uuid

from portal.db import atomically, reading
from portal.jobs.queue import enqueue_part_run
from portal.kit import clock
from portal.services.fulfilment.bulk_run import runs_due, work_run


def work_through(run_id: str) -> None:
    """Work until nothing is left, or somebody else works on it."""
    while atomically(lambda s: work_run(s, run_id=uuid.UUID(run_id), now=clock.now())):
        pass


def work_part_runs() -> None:
    """Take up runs over many parts whose worker died."""
    with reading() as session:
        due = runs_due(session, now=clock.now())
    for run_id in due:
        enqueue_part_run(run_id)
