"""Carry out corrections of balances, and take them back: line by line, each committed by itself (BAL-07)."""

from __future__ import annotations

import uuid
from datetime import timedelta

from portal.db import atomically
from portal.jobs.queue import enqueue_adjustment
from portal.kit import clock
from portal.services.adjustments.apply_lines import work_on_line

# A job ends well before its worker would be taken for dead; what is left goes on in the next one.
AT_MOST = timedelta(seconds=20)


def work_on_adjustment(adjustment_id: str) -> None:
    """Go on with a correction. Safe to run any number of times, also at once."""
    wanted = uuid.UUID(adjustment_id)
    until = clock.now() + AT_MOST
    while atomically(lambda s: work_on_line(s, adjustment_id=wanted, now=clock.now())):
        if clock.now() > until:
            enqueue_adjustment(wanted)
            return
