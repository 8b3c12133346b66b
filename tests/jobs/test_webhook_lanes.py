"""Two lanes for calls to receivers of others: who answers at once never waits for the slow (API-02)."""

from __future__ import annotations

import pytest

from portal.jobs.queue import CALLS, SLOW_CALLS, queue
from portal.jobs.webhooks import send_at_once
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
    lanes = [queue(name) for name in (CALLS, SLOW_CALLS)]

    def tell() -> None:
        for lane in lanes:
            lane.delete(delete_jobs=True)
        happen(moved(), Event("campaign.moved", "campaign:2", {"state": "live"}))
        assert jobs(CALLS) == [("send_at_once", [str(hook.id)])]
        send_at_once(str(hook.id))

    tell()  # Nobody knows yet how quick it is.
    assert (hook.got, jobs(SLOW_CALLS)) == ([], [("send_messages", [str(hook.id)])])
    hook.send()
    assert len(hook.got) == 2
    tell()
    assert (len(hook.got), jobs(SLOW_CALLS)) == (4, [])
    monkeypatch.setattr("portal.jobs.webhooks.QUICK_MS", -1)  # As if it took long: it goes behind the others.
    tell()
    assert len(hook.got) == 5
    assert len(jobs(CALLS)) == 2
    tell()
    assert jobs(SLOW_CALLS) == [("send_messages", [str(hook.id)])]
