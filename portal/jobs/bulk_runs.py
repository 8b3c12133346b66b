"""Runs over many parts, batch by batch, each in a transaction of its own."""

from __future__ import annotations

import uuid

from portal.db import atomically
from portal.kit import clock
from portal.services.fulfilment.bulk_run import work_run


def work_through(run_id: str) -> None:
    """Work until nothing is left, or somebody else works on it."""
    while atomically(lambda s: work_run(s, run_id=uuid.UUID(run_id), now=clock.now())):
        pass
