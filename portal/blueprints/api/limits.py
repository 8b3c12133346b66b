"""How often a key may ask: a window per key, counted in Redis for all processes together.

Without Redis requests pass: what is in it can be lost at any moment, and a counter is no reason to sell nothing.
"""

from __future__ import annotations

import math
import time
import uuid
from dataclasses import dataclass

import structlog
from flask import Response, current_app, g
from redis.exceptions import RedisError

from portal.broker import broker
from portal.kit.errors import PortalError
from portal.kit.text import N_

log = structlog.get_logger()

WINDOW_S = 60
REQUESTS_MAX = 1200
CONFIG_KEY = "API_REQUESTS_PER_MINUTE"
KEY_PREFIX = "api-rate:"
# After a failure Redis is left alone for a moment: no request should wait for its time-out again.
LEFT_ALONE_FOR_S = 5.0

_SCRIPT = """
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {used, redis.call('PTTL', KEYS[1])}
"""


class RateExceededError(PortalError):
    """Too many requests with this key; `retry_after_s` says in whole seconds when the next one is taken."""

    code = "rate_exceeded"
    status = 429
    sentence = N_("This API key has been used too often. Go on in %(seconds)s seconds.")

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(seconds=retry_after_s)


@dataclass(frozen=True, slots=True)
class Rate:
    """Where a key stands in its window."""

    limit: int
    left: int
    reset_s: int


class _Counter:
    def __init__(self) -> None:
        self._left_alone_until = 0.0

    def count(self, client_id: uuid.UUID, limit: int) -> tuple[Rate, bool] | None:
        """Count a request; None when nobody counts. The truth value says whether it is within the limit."""
        if time.monotonic() < self._left_alone_until:
            return None
        try:
            used, left_ms = broker.client.eval(_SCRIPT, 1, f"{KEY_PREFIX}{client_id}", WINDOW_S * 1000)
        except RedisError as error:
            log.warning("api_rate_without_redis", error=type(error).__name__)
            self._left_alone_until = time.monotonic() + LEFT_ALONE_FOR_S
            return None
        return Rate(limit, max(0, limit - int(used)), max(1, math.ceil(int(left_ms) / 1000))), int(used) <= limit

    def forget(self) -> None:
        """Ask Redis again: between tests."""
        self._left_alone_until = 0.0


counter = _Counter()


def count_request(client_id: uuid.UUID) -> None:
    """Count this request of a key. Raises RateExceededError."""
    counted = counter.count(client_id, current_app.config.get(CONFIG_KEY, REQUESTS_MAX))
    if counted is None:
        return
    g.api_rate, is_within = counted
    if not is_within:
        raise RateExceededError(g.api_rate.reset_s)


def show_rate(response: Response) -> Response:
    """Tell the key's window with every answer."""
    rate: Rate | None = g.get("api_rate")
    if rate is not None:
        response.headers["RateLimit-Limit"] = str(rate.limit)
        response.headers["RateLimit-Remaining"] = str(rate.left)
        response.headers["RateLimit-Reset"] = str(rate.reset_s)
    return response
