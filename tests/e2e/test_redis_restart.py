"""Redis dies while changes are made: none is lost, pages and receivers hear of all (CHN-06)."""

from __future__ import annotations

import http.client
import os
import signal
import time
import urllib.request
from contextlib import closing
from urllib.parse import urlsplit

import orjson
import psycopg
import pytest

from portal.bench.own import Running
from portal.config import Settings
from portal.db import transaction
from portal.kit import clock
from portal.live_token import sign_topics
from portal.rules.permissions import SYSTEM
from portal.rules.webhooks import EndpointState, WebhookTerms
from portal.services.outbox import Event, emit
from portal.services.webhooks.save_endpoint import Owner, make_endpoint, switch_endpoint
from portal.stack import processes
from tests.e2e.test_faults import pids_of

CHANGES = 500
# A message that a busy receiver did not take is tried again after 5, 30 and 120 seconds.
PATIENCE_S = 300


@pytest.mark.slow
@pytest.mark.req("CHN-06", "API-02")
def test_redis_dies_in_the_middle_and_all_500_changes_arrive(portal: Running, shop: Settings) -> None:
    url = f"{shop.sandbox_url}/receiver/restart"
    terms = WebhookTerms("Restart", url, ("campaign.moved",))
    with transaction() as session:
        hook = make_endpoint(session, owner=Owner(), terms=terms, client_id=None, actor=SYSTEM, now=clock.now())
    _prepare(shop, hook.secret)
    live = urlsplit(shop.live_url)
    token = sign_topics(shop.secret_key, ["profile:00000000-0000-0000-0000-000000000001"])
    with closing(http.client.HTTPConnection(live.hostname or "", live.port, timeout=PATIENCE_S)) as page:
        page.request("GET", f"/events?token={token}")
        stream = page.getresponse()
        for batch in range(10):
            with transaction() as session:
                emit(session, *(_change(batch * 50 + n) for n in range(50)), now=clock.now())
            if batch == 4:
                for pid in pids_of(portal.home, "redis"):
                    os.kill(pid, signal.SIGKILL)
        seen = b""
        ends_at = time.monotonic() + PATIENCE_S
        while b"resync" not in seen and time.monotonic() < ends_at:
            seen += stream.readline()
        assert b"resync" in seen  # The page was told to fetch everything anew.
    told = "SELECT count(*) FROM outbox_event WHERE subject LIKE 'restart:%' AND told_at IS NULL"
    with psycopg.connect(shop.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        assert processes.wait_until(lambda: connection.execute(told).fetchone() == (0,), timeout_s=PATIENCE_S)
    assert processes.wait_until(lambda: len(_received(shop)) == CHANGES, timeout_s=PATIENCE_S, poll_s=0.5)
    assert _received(shop) == {str(n) for n in range(CHANGES)}
    with transaction() as session:
        switch_endpoint(session, endpoint_id=hook.id, new=EndpointState.REMOVED, actor=SYSTEM, now=clock.now())


def _change(number: int) -> Event:
    return Event("campaign.moved", f"restart:{number % 10}", {"state": str(number)})


def _prepare(shop: Settings, secret: str) -> None:
    body = orjson.dumps({"secrets": [secret]})
    request = urllib.request.Request(f"{shop.sandbox_url}/sandbox/receivers/restart", body, method="POST")  # noqa: S310  # Our sandbox.
    with urllib.request.urlopen(request):  # noqa: S310  # Our sandbox.
        return


def _received(shop: Settings) -> set[str]:
    """The numbers of the changes that the receiver has verified."""
    with urllib.request.urlopen(f"{shop.sandbox_url}/sandbox/receivers/restart") as answer:  # noqa: S310  # Our sandbox.
        messages = orjson.loads(answer.read())["messages"]
    return {orjson.loads(one["body"])["data"]["state"] for one in messages if one["verdict"] == "verified"}
