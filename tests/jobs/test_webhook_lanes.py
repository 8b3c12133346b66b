"""Lanes for calls to receivers of others: the quick never wait for the slow, nor the new for the failing (API-02)."""

from __future__ import annotations

import pytest

from portal.broker import broker
from portal.jobs.queue import CALLERS, CALLS, FAILING_CALLS, SLOW_CALLS, queue
from portal.jobs.webhooks import send_at_once, send_webhooks
from portal.services.outbox import Event
from tests.factories.webhook import happen, make_hook
from tests.jobs.test_webhooks import moved
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.req("API-02"), pytest.mark.usefixtures("books")]


def jobs(name: str) -> list[tuple[str, list[str]]]:
    """What waits in a queue."""
    return [(str(one.func_name).rpartition(".")[2], list(one.args)) for one in queue(name).jobs]


def test_only_who_answers_at_once_is_served_before_the_slow_and_each_has_its_turn(
    receivers: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = make_hook(receivers)

    def tell() -> None:
        broker.client.flushdb()
        happen(moved(), Event("campaign.moved", "campaign:2", {"state": "live"}))
        happen(moved())
        send_webhooks()
        assert jobs(CALLS) == [("send_at_once", [str(hook.id)])]
        send_at_once(str(hook.id))

    tell()  # Nobody knows yet how quick it is.
    assert (hook.got, jobs(SLOW_CALLS)) == ([], [("send_messages", [str(hook.id)])])
    hook.send()
    assert len(hook.got) == 3
    tell()
    assert (len(hook.got), jobs(SLOW_CALLS)) == (6, [])
    monkeypatch.setattr("portal.jobs.webhooks.QUICK_MS", -1)  # As if it took long: it goes behind the others.
    tell()
    assert len(hook.got) == 7
    assert len(jobs(CALLS)) == 2
    tell()
    assert jobs(SLOW_CALLS) == [("send_messages", [str(hook.id)])]


def test_who_has_failed_is_behind_who_has_not_and_each_kind_has_threads_that_take_it_first(receivers: Sandbox) -> None:
    hook = make_hook(receivers)
    hook.behave("redirect")
    happen(moved())
    hook.send()
    broker.client.flushdb()
    for _ in range(2):
        send_at_once(str(hook.id))
    assert (jobs(SLOW_CALLS), jobs(FAILING_CALLS)) == ([], [("send_messages", [str(hook.id)])])
    assert {CALLS, SLOW_CALLS, FAILING_CALLS} == {lane[0] for lane in CALLERS}
