"""Trying too often, with Redis and without."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from portal.broker import broker
from portal.config import Settings
from portal.services.accounts.throttle import KEY_PREFIX, SIGN_IN, Limit, Rule, Throttle, TooOftenError

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=10)
RULE = Rule("test", per_account=Limit(3, WINDOW), per_address=Limit(5, WINDOW), per_device=Limit(4, WINDOW))
BEA, MAX = b"bea", b"max"

pytestmark = pytest.mark.req("IDN-03")


def test_the_last_allowed_try_is_taken_and_the_next_is_not(throttle: Throttle) -> None:
    for minute in range(3):
        throttle.count(RULE, account=BEA, address=None, now=NOW + timedelta(minutes=minute))
    with pytest.raises(TooOftenError) as caught:
        throttle.count(RULE, account=BEA, address=None, now=NOW + timedelta(minutes=3))
    assert caught.value.retry_after_s == 7 * 60
    assert "7 min" in str(caught.value)


def test_the_window_moves(throttle: Throttle) -> None:
    for minute in range(3):
        throttle.count(RULE, account=BEA, address=None, now=NOW + timedelta(minutes=minute))
    with pytest.raises(TooOftenError):
        throttle.count(RULE, account=BEA, address=None, now=NOW + timedelta(minutes=10, microseconds=-1_000))
    throttle.count(RULE, account=BEA, address=None, now=NOW + timedelta(minutes=10))
    with pytest.raises(TooOftenError) as caught:
        throttle.count(RULE, account=BEA, address=None, now=NOW + timedelta(minutes=10))
    assert caught.value.retry_after_s == 60


def test_one_account_does_not_hinder_another(throttle: Throttle) -> None:
    for _ in range(3):
        throttle.count(RULE, account=BEA, address=None, now=NOW)
    throttle.count(RULE, account=MAX, address=None, now=NOW)


def test_an_address_is_counted_over_all_accounts(throttle: Throttle) -> None:
    for number in range(5):
        throttle.count(RULE, account=bytes([number]), address="203.0.113.7", now=NOW)
    with pytest.raises(TooOftenError):
        throttle.count(RULE, account=BEA, address="203.0.113.7", now=NOW)
    throttle.count(RULE, account=BEA, address="203.0.113.8", now=NOW)


def test_a_try_that_is_refused_for_its_account_does_not_count_for_its_address(throttle: Throttle) -> None:
    for _ in range(3):
        throttle.count(RULE, account=BEA, address="203.0.113.7", now=NOW)
    for _ in range(10):
        with pytest.raises(TooOftenError):
            throttle.count(RULE, account=BEA, address="203.0.113.7", now=NOW)
    throttle.count(RULE, account=MAX, address="203.0.113.7", now=NOW)
    throttle.count(RULE, account=MAX, address="203.0.113.7", now=NOW)
    with pytest.raises(TooOftenError):
        throttle.count(RULE, account=MAX, address="203.0.113.7", now=NOW)


def test_a_try_that_went_well_is_taken_back(throttle: Throttle) -> None:
    for _ in range(20):
        throttle.take_back(throttle.count(RULE, account=BEA, address="203.0.113.7", now=NOW))
    for _ in range(3):
        throttle.count(RULE, account=BEA, address="203.0.113.7", now=NOW)
    with pytest.raises(TooOftenError):
        throttle.count(RULE, account=BEA, address="203.0.113.7", now=NOW)


@pytest.mark.req("FRD-05")
def test_a_device_is_counted_over_all_accounts(throttle: Throttle) -> None:
    device, other = uuid.uuid4(), uuid.uuid4()
    for number in range(4):
        throttle.count(RULE, account=bytes([number]), address=None, device=device, now=NOW)
    with pytest.raises(TooOftenError):
        throttle.count(RULE, account=BEA, address=None, device=device, now=NOW)
    throttle.count(RULE, account=BEA, address=None, device=other, now=NOW)


@pytest.mark.req("FRD-05")
def test_one_customer_with_a_whole_network_of_the_sixth_version_is_one(throttle: Throttle) -> None:
    for number in range(5):
        throttle.count(RULE, account=None, address=f"2001:db8:0:7::{number}", now=NOW)
    with pytest.raises(TooOftenError):
        throttle.count(RULE, account=None, address="2001:db8:0:7:ffff::1", now=NOW)
    throttle.count(RULE, account=None, address="2001:db8:0:8::1", now=NOW)


@pytest.mark.req("FRD-05")
def test_the_very_same_try_counts_once(throttle: Throttle) -> None:
    for _ in range(10):
        throttle.count(RULE, account=BEA, address=None, now=NOW, mark="one")
    for mark in ("two", "three"):
        throttle.count(RULE, account=BEA, address=None, now=NOW, mark=mark)
    throttle.count(RULE, account=BEA, address=None, now=NOW, mark="one")
    with pytest.raises(TooOftenError):
        throttle.count(RULE, account=BEA, address=None, now=NOW, mark="four")


@pytest.mark.req("FRD-05")
def test_several_processes_count_together_and_one_remembers_what_redis_forgot(db: None) -> None:
    one, other = Throttle(), Throttle()
    for process in (one, other, one):
        process.count(RULE, account=BEA, address=None, now=NOW)
    for process in (one, other):
        with pytest.raises(TooOftenError):
            process.count(RULE, account=BEA, address=None, now=NOW)
    broker.client.delete(*broker.client.keys(f"{KEY_PREFIX}*"))
    one.count(RULE, account=BEA, address=None, now=NOW)
    with pytest.raises(TooOftenError):
        one.count(RULE, account=BEA, address=None, now=NOW)


def test_without_redis_tries_are_neither_refused_nor_unlimited(redis_away: None) -> None:
    throttle = Throttle()
    for _ in range(SIGN_IN.per_account.times):
        throttle.count(SIGN_IN, account=BEA, address="203.0.113.7", now=NOW)
    with pytest.raises(TooOftenError):
        throttle.count(SIGN_IN, account=BEA, address="203.0.113.7", now=NOW)
    throttle.take_back(throttle.count(SIGN_IN, account=MAX, address="203.0.113.7", now=NOW))


@pytest.fixture(params=["redis", "local"])
def throttle(request: pytest.FixtureRequest, db: None) -> Throttle:
    """Both ways of counting, which must agree."""
    if request.param == "local":
        request.getfixturevalue("redis_away")
    return Throttle()


@pytest.fixture
def redis_away(db: None, settings: Settings) -> Iterator[None]:
    """A Redis at whose address nobody answers."""
    broker.connect("redis://127.0.0.1:1/0")
    yield
    broker.connect(settings.redis_url)
