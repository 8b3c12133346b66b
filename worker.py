"""Starts the workers of this process, or the clock with --clock.

RQ's own worker forks a process for every job, which is too slow for payments; here several of its workers run as
threads of one process, without a fork. They mostly wait for gateways, so threads are the right tool.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback

import structlog
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty

from portal.broker import broker
from portal.config import Settings
from portal.jobs.mails import set_mailer
from portal.jobs.queue import CALLERS, DEFAULT, PAYMENTS, queue
from portal.jobs.rates import set_provider
from portal.jobs.schedule import run_clock
from portal.kit import clock
from portal.process import start

log = structlog.get_logger()

# Jobs are safe to be killed: whoever does not end within this time is found again by the sweep.
STOP_TIMEOUT_S = 6
HEARTBEAT_EVERY_S = 30.0


class NoDeathPenalty(BaseDeathPenalty):
    """No timer per job: every call that a job makes is bounded by itself."""

    def setup_death_penalty(self) -> None:
        return

    def cancel_death_penalty(self) -> None:
        return


class ThreadWorker(SimpleWorker):
    """RQ's worker without what only a main thread can do, and without the books that RQ keeps of running jobs.

    Half of what a short job costs would be RQ's own rows in Redis: executions, registries, states. A job here is a hint
    that may be lost, so the sweep of our own tables is what finds unfinished work. Failed jobs are kept, as RQ does.
    """

    death_penalty_class = NoDeathPenalty
    _beats_next_s = 0.0

    def execute_job(self, job: Job, queue: Queue) -> None:
        job.started_at = clock.now()
        try:
            job.perform()
        except Exception:  # noqa: BLE001  # Whatever a job raises is kept with it, and the worker goes on.
            job.ended_at = clock.now()
            self.handle_exception(job, *sys.exc_info())
            self.handle_job_failure(job=job, queue=queue, exc_string=traceback.format_exc())
        else:
            self.connection.delete(job.key)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Tell RQ now and then that this worker lives, not three times with every job."""
        if (moment := time.monotonic()) >= self._beats_next_s:
            self._beats_next_s = moment + HEARTBEAT_EVERY_S
            super().heartbeat(timeout, pipeline)

    def set_state(self, state: str, pipeline: Pipeline | None = None) -> None:
        """Nobody asks Redis whether this worker is busy just now."""
        self._state = state

    def _install_signal_handlers(self) -> None:
        return

    def subscribe(self) -> None:
        """No channel for remote commands: one thread more for each worker, and nothing here uses it."""

    def unsubscribe(self) -> None:
        return


def work(names: list[str], stop: threading.Event) -> None:
    """Work on queues until `stop` is set; a Redis that is away is waited for."""
    while not stop.is_set():
        worker = ThreadWorker(
            [queue(name) for name in names],
            connection=broker.client,
            serializer=JSONSerializer,
            log_job_description=False,
        )
        try:
            worker.work(logging_level="WARNING", with_scheduler=False)
        except RedisError as error:
            log.warning("worker_waits", error=str(error))
            stop.wait(1.0)


def main() -> None:
    settings = Settings.from_environment(os.environ)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    if "--clock" in sys.argv[1:]:
        start(settings, name="portal clock", connections=2)
        run_clock(stop)
        return
    start(settings, name="portal worker", connections=settings.worker_threads + len(CALLERS) + 2)
    set_mailer(settings)
    set_provider(settings)
    # The first threads serve payments first; one looks at the other work first, so that neither starves.
    for number in range(settings.worker_threads):
        names = [DEFAULT, PAYMENTS] if number == 0 else [PAYMENTS, DEFAULT]
        threading.Thread(target=work, args=(names, stop), daemon=True, name=f"worker-{number}").start()
    for number, lane in enumerate(CALLERS):
        threading.Thread(target=work, args=([*lane], stop), daemon=True, name=f"caller-{number}").start()
    stop.wait()


if __name__ == "__main__":
    main()
