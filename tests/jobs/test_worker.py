"""The worker: every job is run once, one that fails is kept, and nothing is left of one that worked."""

from __future__ import annotations

import pytest
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from portal.broker import broker
from portal.jobs.queue import PAYMENTS, queue
from worker import ThreadWorker

pytestmark = pytest.mark.usefixtures("db")


def work() -> None:
    worker = ThreadWorker([queue(PAYMENTS)], connection=broker.client, serializer=JSONSerializer)
    worker.work(logging_level="CRITICAL", with_scheduler=False, burst=True)


def test_nothing_is_left_of_a_job_that_worked() -> None:
    job = queue(PAYMENTS).enqueue("builtins.len", "abc", result_ttl=0, failure_ttl=60)

    work()

    assert not broker.client.exists(job.key)
    assert queue(PAYMENTS).count == 0


def test_a_job_that_fails_is_kept_and_keeps_nobody_waiting() -> None:
    failing = queue(PAYMENTS).enqueue("builtins.int", "no number", result_ttl=0, failure_ttl=60)
    following = queue(PAYMENTS).enqueue("builtins.len", "abc", result_ttl=0, failure_ttl=60)

    work()

    assert FailedJobRegistry(queue=queue(PAYMENTS)).get_job_ids() == [failing.id]
    result = failing.latest_result()
    assert result is not None
    assert "ValueError" in str(result.exc_string)
    assert not broker.client.exists(following.key)
