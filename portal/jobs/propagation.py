"""What channels have to follow by the clock: the watch over lateness, and prices for a time."""

from __future__ import annotations

from redis.exceptions import RedisError

from portal.broker import broker
from portal.db import atomically
from portal.jobs.live import publish
from portal.kit import clock
from portal.services.catalogue.price_windows import AT_ONCE
from portal.services.catalogue.price_windows import turn_prices as turn
from portal.services.channels.house_rules import watch_rules as look_at_rules
from portal.services.channels.watch_lag import watch_lag


def watch_propagation() -> None:
    """Note that changes are late, or that they are not any more."""
    redis_answers = _redis_answers()
    if atomically(lambda s: watch_lag(s, redis_answers=redis_answers, now=clock.now())) and redis_answers:
        publish([("admin", "propagation", {})])


def turn_prices() -> None:
    """Let lists and open carts follow prices for a time that have begun or ended."""
    while atomically(lambda s: turn(s, now=clock.now())) == AT_ONCE:
        pass


def watch_rules() -> None:
    """Tell of channels that have lost features because nobody has confirmed a rule of the house in time."""
    atomically(lambda s: look_at_rules(s, now=clock.now()))


def _redis_answers() -> bool:
    try:
        return bool(broker.client.ping())
    except RedisError:
        return False
