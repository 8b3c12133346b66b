"""The relay: woken for what somebody waits for, and finding the rest by itself."""

from __future__ import annotations

import pytest

from portal.broker import broker
from portal.db import atomically, transaction
from portal.kit import clock
from portal.services.outbox import WAKE, Event, emit

pytestmark = pytest.mark.usefixtures("db")

HIGH = Event("order.paid", "order:1", priority="high")


def wakes() -> int:
    return int(broker.client.xlen(f"wake:{WAKE}"))


def test_what_somebody_waits_for_wakes_the_relay_once_it_is_committed() -> None:
    with transaction() as session:
        emit(session, HIGH, now=clock.now())
        emit(session, HIGH, now=clock.now())
        assert wakes() == 0
    assert wakes() == 1
    broker.client.flushdb()
    atomically(lambda session: emit(session, HIGH, now=clock.now()))
    assert wakes() == 1


def test_nobody_is_woken_for_what_can_lie_or_has_not_happened() -> None:
    with transaction() as session:
        emit(session, Event("cart.changed", "cart:1"), now=clock.now())
    with transaction() as session:
        emit(session, HIGH, now=clock.now())
        session.rollback()
    assert wakes() == 0


def test_a_wake_between_two_waits_is_not_missed() -> None:
    broker.wake(WAKE)
    first = broker.wait(WAKE, "0", timeout_s=5)
    assert first is not None
    broker.wake(WAKE)
    broker.wake(WAKE)
    second = broker.wait(WAKE, first, timeout_s=5)
    assert second is not None
    assert broker.wait(WAKE, second, timeout_s=0.01) is None
