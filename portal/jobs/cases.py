"""Cases by the clock: gathered from what the risk rules stopped, and carried out once they are decided."""

from __future__ import annotations

from portal.db import atomically
from portal.jobs.one_by_one import one_by_one
from portal.kit import clock
from portal.services.cases.apply_verdict import apply_verdict, verdicts_due
from portal.services.cases.open_cases import open_cases


def gather_left_over() -> None:
    """Put into cases what waits since before the sweep's look back, such as when nothing ran for days."""
    atomically(lambda s: open_cases(s, now=clock.now(), left_over=True))


def gather_cases() -> None:
    """Put what the risk rules stopped into cases, and carry out verdicts that can no longer be undone."""
    atomically(lambda s: open_cases(s, now=clock.now()))
    one_by_one(verdicts_due, apply_verdict, name="case_id")
