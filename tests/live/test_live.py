"""The live process over HTTP: who may listen, what arrives, what is caught up with."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from portal.broker import broker
from portal.config import Settings
from portal.jobs.live import STREAM, publish
from portal.live_token import sign_topics
from portal.stack import ports, processes

TIMEOUT_S = 20


@pytest.fixture(scope="module")
def port(environment: dict[str, str]) -> Iterator[int]:
    chosen = ports.free_port()
    argv = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(chosen)]
    process = subprocess.Popen([*argv, "portal.live:app"], env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    assert processes.wait_until(lambda: not ports.is_free(chosen), timeout_s=TIMEOUT_S)
    yield chosen
    processes.end_process(process.pid, signal.SIGTERM, timeout_s=TIMEOUT_S)
    process.wait()


class Page:
    """An open page: a stream that is read frame by frame."""

    def __init__(self, port: int, token: str, last_id: str | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        headers = {"Origin": "http://127.0.0.1:8000"} | ({"Last-Event-ID": last_id} if last_id else {})
        self.connection.request("GET", f"/events?token={token}", headers=headers)
        self.answer = self.connection.getresponse()
        if self.answer.status == 200:
            assert self.frame() == {"retry": "2000"}

    def frame(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            line = self.answer.readline().decode().strip()
            if not line and found:
                return found
            if line:
                name, _, value = line.partition(": ")
                found[name] = value

    def close(self) -> None:
        self.connection.close()


@pytest.fixture
def secret(settings: Settings, db: None) -> str:
    return settings.secret_key


def told(page: Page, topic: str, number: int) -> dict[str, str]:
    """Tell the topic until the page hears it: the process may just be starting to read."""
    publish([(topic, "order", {"id": str(number)})])
    return page.frame()


def ready(port: int, secret: str) -> None:
    """Wait until the process reads the stream."""
    with closing(Page(port, sign_topics(secret, ["warm-up"]))) as page:
        told(page, "warm-up", 0)


@pytest.mark.req("CHN-06")
def test_a_page_hears_its_own_topics_and_no_others(port: int, secret: str) -> None:
    ready(port, secret)
    with closing(Page(port, sign_topics(secret, ["profile:bea"]))) as page:
        publish([("profile:max", "order", {"id": "1"})])
        assert told(page, "profile:bea", 2)["data"] == '{"id":"2"}'
        assert page.answer.getheader("Access-Control-Allow-Origin") == "http://127.0.0.1:8000"


@pytest.mark.req("CHN-06")
def test_a_page_that_was_away_catches_up(port: int, secret: str) -> None:
    ready(port, secret)
    token = sign_topics(secret, ["profile:bea"])
    with closing(Page(port, token)) as page:
        seen = told(page, "profile:bea", 1)["id"]
    publish([("profile:bea", "order", {"id": "2"}), ("profile:max", "order", {"id": "3"})])
    with closing(Page(port, token, last_id=seen)) as page:
        assert page.frame()["data"] == '{"id":"2"}'


@pytest.mark.req("CHN-06")
def test_a_page_that_was_away_too_long_is_told_to_fetch_anew(port: int, secret: str) -> None:
    ready(port, secret)
    broker.client.delete(STREAM)
    with closing(Page(port, sign_topics(secret, ["profile:bea"]), last_id="1-0")) as page:
        assert page.frame()["event"] == "resync"


@pytest.mark.parametrize("token", ["", "forged", "WyJhZG1pbiJd.aaaa.bbbb"])
def test_nobody_listens_without_a_right(port: int, token: str) -> None:
    with closing(Page(port, token)) as page:
        assert page.answer.status == 204
