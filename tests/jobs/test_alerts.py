"""Administrators hear of a case in time, also when the worker that was busy with it is killed with -9."""

from __future__ import annotations

import pytest
from rq.serializers import JSONSerializer
from sqlalchemy import text

from portal.broker import broker
from portal.db import transaction
from portal.jobs.queue import QUEUES, queue
from portal.jobs.relay import LEASE, relay_once
from portal.kit import clock
from portal.rules.cases import TELL_WITHIN
from portal.services.cases.join_cases import GATHER_LOCK
from portal.stack.processes import wait_until
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, make_order
from tests.factories.refund import rows
from tests.jobs.killed_worker import worker
from worker import ThreadWorker

pytestmark = [pytest.mark.req("FRD-03"), pytest.mark.usefixtures("books")]


def waits_for_the_sweep() -> bool:
    return rows(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = :key", key=GATHER_LOCK
    ) == [(1,)]


def work() -> None:
    queues = [queue(name) for name in QUEUES]
    one = ThreadWorker(queues, connection=broker.client, serializer=JSONSerializer)
    one.work(logging_level="CRITICAL", with_scheduler=False, burst=True)


@pytest.mark.usefixtures("db")
def test_an_alert_reaches_administrators_when_the_busy_worker_is_killed(environment: dict[str, str]) -> None:
    mall = make_mall()
    rita = make_person("rita", roles=("risk",))
    bea = make_person("bea", now=LONG_AGO)
    make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    began = clock.now()
    relay_once()  # The events are a worker's now, and Redis forgets them with him.
    broker.client.flushdb()

    # He has written half of it, and waits in the middle of his transaction.
    with transaction() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": GATHER_LOCK})
        with worker(environment, None, "gather_cases"):
            assert wait_until(waits_for_the_sweep, timeout_s=60)
    assert rows("SELECT count(*) FROM risk_case") == [(0,)]

    # His lease is over, and the next worker finds all of it.
    with transaction() as session:
        session.execute(text("UPDATE outbox_event SET due_at = now() WHERE handled_at IS NULL"))
    for _ in range(2):
        relay_once()
        work()
    [(alarm_at, told_at)] = rows("SELECT alarm_at, told_at FROM risk_case")
    took = told_at - alarm_at
    # What the test did not wait for counts, too.
    assert took + LEASE < TELL_WITHIN
    assert clock.now() - began < TELL_WITHIN
    assert rows("SELECT count(*) FROM notice WHERE kind = 'case_opened' AND user_id = :id", id=rita.id) == [(1,)]
    assert rows("SELECT count(*) FROM mail WHERE template = 'risk_case' AND user_id = :id", id=rita.id) == [(1,)]
