"""A job in a process of its own, as a worker runs it: it can be killed with -9 at any step.

The processes are forked from a server that has loaded the program once, which a worker of RQ does for each job, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from uuid import UUID

from portal.config import Settings
from portal.jobs import (
    bulk_runs,
    cases,
    cash_receipts,
    disputes,
    labels,
    payments,
    privacy,
    refunds,
    risk_model,
    webhooks,
)
from portal.process import start

JOBS = (bulk_runs, cases, cash_receipts, disputes, labels, payments, privacy, refunds, risk_model, webhooks)

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


@contextmanager
def worker(environment: dict[str, str], subject_id: UUID | None, job: str = "charge_attempt") -> Iterator[BaseProcess]:
    """A worker that has this attempt to charge, or that other job to do; killed with -9 at the end of the block."""
    arguments = () if subject_id is None else (str(subject_id),)
    running = _FORKS.Process(target=_work, args=({**os.environ, **environment}, job, *arguments))
    running.start()
    try:
        yield running
    finally:
        running.kill()
        running.join()


def _work(environment: dict[str, str], job: str, *arguments: str) -> None:
    os.environ.update(environment)
    start(Settings.from_environment(environment), name="killed worker", connections=1)
    [module] = [one for one in JOBS if getattr(getattr(one, job, None), "__module__", "") == one.__name__]
    getattr(module, job)(*arguments)
