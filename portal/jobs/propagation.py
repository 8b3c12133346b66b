"""The watch over lateness: looks, tells, and lets open desks know."""

from __future__ import annotations

from redis.exceptions import RedisError

from portal.broker import broker
from portal.db import atomically
from portal.jobs.live import publish
from portal.kit import clock
from portal.services.channels.watch_lag import watch_lag


def watch_propagation() -> None:
    """Note that changes are late, or that they are not any more."""
    redis_answers = _redis_answers()
    if atomically(lambda s: watch_lag(s, redis_answers=redis_answers, now=clock.now())) and redis_answers:
        publish([("admin", "propagation", {})])


def _redis_answers() -> bool:
    try:
        return bool(broker.client.ping())
    except RedisError:
        return False
