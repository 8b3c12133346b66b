"""Redis, as this process reaches it."""

from __future__ import annotations

import time
from typing import Any, cast

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = structlog.get_logger()


class Broker:
    """The Redis of this process. What is in it can be lost at any moment: it only ever holds hints and counters."""

    def __init__(self) -> None:
        self._client: Redis | None = None

    def connect(self, url: str) -> None:
        self._client = Redis.from_url(
            url,
            socket_timeout=2,
            socket_connect_timeout=1,
            # One retry on a fresh connection covers a restart of Redis; more would make pages wait.
            retry=Retry(NoBackoff(), 1),
            health_check_interval=30,
        )

    @property
    def client(self) -> Redis:
        if self._client is None:
            raise RuntimeError("Redis is not connected: call broker.connect(url) first.")
        return self._client

    def wake(self, name: str) -> None:
        """Wake those who wait under this name. A hint like all others: they look by themselves after a while, too."""
        try:
            self.client.xadd(f"wake:{name}", {"": ""}, maxlen=1)
        except RedisError as error:
            log.warning("wake_lost", name=name, error=str(error))

    def wait(self, name: str, last: str, *, timeout_s: float) -> str | None:
        """Wait until somebody wakes this name, at most `timeout_s`; what is returned is the next call's `last`.

        The first `last` is "$". Somebody who wakes between two calls is not missed.
        """
        try:
            found = cast("Any", self.client.xread({f"wake:{name}": last}, block=round(timeout_s * 1000)))
        except RedisError:
            time.sleep(timeout_s)
            return None
        return None if not found else found[0][1][-1][0].decode()


broker = Broker()
