"""A payment that is cut off at every step: a killed worker, a database that restarts, Redis emptied or away.

After each: one charge or none at the gateway, the books in order, and the buyer's page says what is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from apiflask import APIFlask
from sqlalchemy.exc import DBAPIError

from portal.broker import broker
from portal.config import Settings
from portal.jobs.payments import charge_attempt, look_up_attempt
from portal.jobs.schedule import sweep_payments
from portal.kit import clock
from portal.queries.gateways import forget_gateways
from portal.services.checkout.place_order import Placed
from portal.stack.processes import wait_until
from tests.blueprints.desks import browser
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.killed_worker import worker
from tests.jobs.test_payments import buy, charges, state

pytestmark = pytest.mark.req("PAY-06", "PAY-07", "STR-06")

WITHIN_S = 30


@contextmanager
def held(settings: Settings, statement: str) -> Iterator[None]:
    """A transaction of somebody else, who has locked what the worker needs next."""
    with psycopg.connect(settings.database_owner_url.replace("+psycopg", "")) as connection:
        connection.execute(statement)
        yield
        connection.rollback()


def somebody_waits() -> bool:
    return bool(rows("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0])


def until(condition: Callable[[], bool]) -> None:
    assert wait_until(condition, timeout_s=WITHIN_S)


def sweep(minutes: float) -> None:
    """What clock and workers do that much later, with nothing but the database to tell them."""
    broker.client.flushdb()
    forget_gateways()
    with clock.frozen(clock.now() + timedelta(minutes=minutes)):
        sweep_payments()
        found = open_attempts()
        assert broker.client.llen("rq:queue:payments") == len(found)
        for attempt_id, attempt_state in found:
            job = charge_attempt if attempt_state == "created" else look_up_attempt
            job(str(attempt_id))


def open_attempts() -> list[tuple[Any, ...]]:
    return rows("SELECT id, state FROM payment_attempt WHERE state NOT IN ('captured', 'declined', 'cancelled')")


def stage(app: APIFlask, world: World, placed: Placed) -> str:
    """What the buyer's page says."""
    page = browser(app, world.bea).get(f"/orders/{placed.number}").text
    return page.partition('data-stage="')[2].partition('"')[0]


def test_killed_while_it_claims_nothing_was_asked_and_the_next_one_charges(
    app: APIFlask, world: World, environment: dict[str, str], settings: Settings
) -> None:
    placed = buy(world)
    with held(settings, "LOCK TABLE transition IN ACCESS EXCLUSIVE MODE"), worker(environment, placed.attempt_id):
        until(somebody_waits)
    assert state(placed) == ("pending", "created")
    assert charges(world, placed) == 0
    assert stage(app, world, placed) == "confirming"
    sweep(1)
    assert state(placed) == ("paid", "captured")
    assert charges(world, placed) == 1
    assert stage(app, world, placed) == "paid"


@pytest.mark.parametrize(("fault", "charged"), [("timeout_before", 0), ("timeout_after", 1)])
def test_killed_during_the_call_the_gateway_is_asked_what_became_of_it(
    app: APIFlask, world: World, environment: dict[str, str], fault: str, charged: int
) -> None:
    placed = buy(world)
    world.sandbox.fault(kind=fault, on="charge", order=placed.number, times=2)
    with worker(environment, placed.attempt_id):
        until(lambda: any(rule["met"] for rule in world.sandbox.state()["faults"]))
    world.sandbox.clear_faults()
    assert state(placed) == ("pending", "sent")
    assert charges(world, placed) == charged
    assert stage(app, world, placed) == "confirming"
    sweep(1)
    assert state(placed)[0] == ("paid" if charged else "failed")
    assert charges(world, placed) == charged
    assert stage(app, world, placed) == ("paid" if charged else "failed")
    assert rows("SELECT count(*) FROM cart_line") == [(0 if charged else 1,)]


def test_killed_while_it_settles_the_answer_is_got_again_and_booked_once(
    app: APIFlask, world: World, environment: dict[str, str], settings: Settings
) -> None:
    placed = buy(world)
    lock = f"SELECT 1 FROM orders WHERE id = '{placed.order_id}' FOR UPDATE"  # noqa: S608  # An id of ours.
    with held(settings, lock), worker(environment, placed.attempt_id):
        until(lambda: charges(world, placed) == 1 and somebody_waits())
    assert state(placed) == ("pending", "sent")
    assert stage(app, world, placed) == "confirming"
    sweep(1)
    sweep(2)
    assert state(placed) == ("paid", "captured")
    assert charges(world, placed) == 1
    assert rows("SELECT count(*) FROM ledger_entry") == [(1,)]
    assert stage(app, world, placed) == "paid"


def test_a_database_that_restarts_during_the_call_is_found_again(world: World, settings: Settings) -> None:
    placed = buy(world)
    world.sandbox.fault(kind="slow", on="charge", order=placed.number, delay_ms=600)
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(charge_attempt, str(placed.attempt_id))
        until(lambda: state(placed) == ("pending", "sent"))
        cut_all_connections(settings)
        running.result(timeout=WITHIN_S)
    assert state(placed) == ("paid", "captured")
    assert charges(world, placed) == 1


def test_a_database_that_goes_away_while_the_answer_is_booked_loses_nothing(world: World, settings: Settings) -> None:
    placed = buy(world)
    lock = f"SELECT 1 FROM orders WHERE id = '{placed.order_id}' FOR UPDATE"  # noqa: S608  # An id of ours.
    with ThreadPoolExecutor(1) as thread, held(settings, lock):
        running = thread.submit(charge_attempt, str(placed.attempt_id))
        until(somebody_waits)
        cut_all_connections(settings, only_waiting=True)
        # It tries once more by itself, and waits for the same lock.
        until(somebody_waits)
        cut_all_connections(settings, only_waiting=True)
        failed = running.exception(timeout=WITHIN_S)
    assert isinstance(failed, DBAPIError)
    assert state(placed) == ("pending", "sent")
    assert charges(world, placed) == 1
    sweep(1)
    assert state(placed) == ("paid", "captured")
    assert charges(world, placed) == 1


def cut_all_connections(settings: Settings, *, only_waiting: bool = False) -> None:
    """What a restart of the server does to everybody who is connected."""
    which = " AND wait_event_type = 'Lock'" if only_waiting else ""
    with psycopg.connect(settings.database_owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"  # noqa: S608  # Our own words.
            f" WHERE datname = current_database() AND pid <> pg_backend_pid(){which}"
        )


@pytest.mark.parametrize("emptied", ["after the click", "during the call", "after the answer was lost", "at the end"])
def test_redis_may_be_emptied_at_any_moment(world: World, emptied: str) -> None:
    placed = buy(world)
    world.sandbox.fault(kind="reset_after", on="charge", order=placed.number)
    if emptied == "after the click":
        broker.client.flushdb()
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(charge_attempt, str(placed.attempt_id))
        if emptied == "during the call":
            broker.client.flushdb()
        running.result(timeout=WITHIN_S)
    assert state(placed) == ("pending", "unknown")
    if emptied == "after the answer was lost":
        broker.client.flushdb()
    sweep(1)
    assert state(placed) == ("paid", "captured")
    if emptied == "at the end":
        broker.client.flushdb()
        forget_gateways()
        again = buy(world)
        charge_attempt(str(again.attempt_id))
        assert state(again) == ("paid", "captured")
    assert charges(world, placed) == 1


@pytest.fixture
def without_redis(world: World, settings: Settings) -> Iterator[World]:
    """Nobody answers at Redis's address."""
    broker.connect("redis://127.0.0.1:9/0")
    forget_gateways()
    yield world
    broker.connect(settings.redis_url)
    forget_gateways()


def test_without_redis_every_gateway_counts_as_healthy_and_buyers_pay(without_redis: World) -> None:
    placed = buy(without_redis)
    without_redis.sandbox.fault(kind="rate_limit", on="charge", order=placed.number)
    charge_attempt(str(placed.attempt_id))
    assert state(placed) == ("pending", "created")
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        charge_attempt(str(placed.attempt_id))
    assert state(placed) == ("paid", "captured")
    assert rows("SELECT kind, next FROM gateway_incident") == [("unavailable", "sent_again")]


@pytest.mark.parametrize(
    ("fault", "said", "end"),
    [
        ("timeout_after", "unknown", "paid"),
        ("reset_before", "unknown", "failed"),
        ("reset_after", "unknown", "paid"),
        ("error_before", "unknown", "failed"),
        ("error_after", "unknown", "paid"),
        ("rate_limit", "confirming", "paid"),
    ],
)
def test_whatever_the_gateway_does_the_page_says_the_truth_and_nothing_is_charged_twice(
    app: APIFlask, world: World, fault: str, said: str, end: str
) -> None:
    placed = buy(world)
    world.sandbox.fault(kind=fault, on="charge", order=placed.number)
    charge_attempt(str(placed.attempt_id))
    charge_attempt(str(placed.attempt_id))  # A hint that comes twice sends nothing twice.
    assert stage(app, world, placed) == said
    sweep(1)
    assert stage(app, world, placed) == end
    assert charges(world, placed) == (1 if end == "paid" else 0)
