"""How often somebody may try: a window that moves, per account, per device and per network (FRD-05).

Counted in Redis for all processes together, and by each process besides: what it has seen itself it still knows when
Redis is away or came up empty. Worse than all together, and no reason that anybody cannot sign in or buy.
"""

from __future__ import annotations

import ipaddress
import math
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

import structlog
from redis.exceptions import RedisError

from portal.broker import broker
from portal.kit.errors import PortalError
from portal.kit.ids import new_code
from portal.kit.text import N_

log = structlog.get_logger()

# After a failure Redis is left alone for a moment: nobody should wait for its time-out at every attempt.
LEFT_ALONE_FOR_S = 5.0  # lint: allow float: seconds to wait, not money
LOCAL_KEYS_MAX = 20_000
KEY_PREFIX = "throttle:"

# Refused attempts do not count: who waits as long as he is told may go on. A try that was counted passes again.
_SCRIPT = """
local now, mark, wait = tonumber(ARGV[1]), ARGV[2], 0
for i, key in ipairs(KEYS) do
    local limit, window = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
    if redis.call('ZCARD', key) >= limit and not redis.call('ZSCORE', key, mark) then
        local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
        wait = math.max(wait, tonumber(oldest[2]) + window - now, 1)
    end
end
if wait == 0 then
    for i, key in ipairs(KEYS) do
        redis.call('ZADD', key, now, mark)
        redis.call('PEXPIRE', key, ARGV[2 * i + 2])
    end
end
return wait
"""


class TooOftenError(PortalError):
    """Too many tries; `retry_after_s` says in whole seconds when the next one is taken."""

    code = "too_often"
    status = 429
    sentence = N_("That was too often in a short time. Try again in %(minutes)s min.")

    def __init__(self, wait: timedelta) -> None:
        self.retry_after_s = max(1, math.ceil(wait / timedelta(seconds=1)))
        super().__init__(minutes=math.ceil(self.retry_after_s / 60))


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in any stretch of `window`."""

    times: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Rule:
    """What is limited for one account, for one network and, where it says so, for one device."""

    name: str
    per_account: Limit
    per_address: Limit
    per_device: Limit | None = None


QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
# Whole offices and mobile networks share an address, so its limits are wide; only failed sign-ins count.
SIGN_IN = Rule("sign-in", Limit(10, QUARTER), Limit(100, QUARTER))
SIGN_UP = Rule("sign-up", Limit(5, HOUR), Limit(50, HOUR))
RESET = Rule("reset", Limit(3, HOUR), Limit(30, HOUR))
# Only wrong answers count; each proof has its own five besides.
STEP_UP = Rule("step-up", Limit(10, QUARTER), Limit(100, QUARTER))
STEP_UP_MAIL = Rule("step-up-mail", Limit(5, QUARTER), Limit(50, QUARTER))
# Acts with coupons, deposit and mileage (FRD-05). Of typed codes only those count that nobody could use.
COUPON_CODE = Rule("coupon-code", Limit(8, QUARTER), Limit(60, QUARTER), Limit(12, QUARTER))
COUPON_CLAIM = Rule("coupon-claim", Limit(20, QUARTER), Limit(300, QUARTER), Limit(30, QUARTER))
COUPON_REDEEM = Rule("coupon-redeem", Limit(20, QUARTER), Limit(300, QUARTER), Limit(30, QUARTER))
DEPOSIT_TOP_UP = Rule("deposit-top-up", Limit(20, HOUR), Limit(300, HOUR), Limit(30, HOUR))
GIFT_CODE = Rule("gift-code", Limit(8, QUARTER), Limit(60, QUARTER), Limit(12, QUARTER))
DEPOSIT_WITHDRAW = Rule("deposit-withdraw", Limit(20, HOUR), Limit(300, HOUR), Limit(30, HOUR))
# What people write to stores and to everybody, and requests that bring files to be drawn anew.
TALK = Rule("talk", Limit(20, HOUR), Limit(300, HOUR), Limit(30, HOUR))
UPLOAD = Rule("upload", Limit(120, HOUR), Limit(1200, HOUR))
MILEAGE_GIFT = Rule("mileage-gift", Limit(20, HOUR), Limit(300, HOUR), Limit(30, HOUR))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One counted try, which may be taken back."""

    keys: tuple[str, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class _Counter:
    key: str
    limit: Limit


class _Local:
    """The same windows in this process alone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tries: dict[str, dict[str, datetime]] = {}

    def count(self, counters: Sequence[_Counter], mark: str, now: datetime) -> timedelta:
        """Count a try and return nothing to wait for, or how long; a try that must wait is not counted."""
        with self._lock:
            wait = timedelta(0)
            for counter in counters:
                tries = self._fresh(counter, now)
                if len(tries) >= counter.limit.times and mark not in tries:
                    wait = max(wait, min(tries.values()) + counter.limit.window - now)
            if not wait:
                if len(self._tries) >= LOCAL_KEYS_MAX:
                    self._tries.clear()
                for counter in counters:
                    self._tries.setdefault(counter.key, {})[mark] = now
            return wait

    def take_back(self, attempt: Attempt) -> None:
        with self._lock:
            for key in attempt.keys:
                self._tries.get(key, {}).pop(attempt.mark, None)

    def _fresh(self, counter: _Counter, now: datetime) -> dict[str, datetime]:
        since = now - counter.limit.window
        tries = {mark: at for mark, at in self._tries.get(counter.key, {}).items() if at > since}
        if tries:
            self._tries[counter.key] = tries
        else:
            self._tries.pop(counter.key, None)
        return tries

    def clear(self) -> None:
        with self._lock:
            self._tries.clear()


class Throttle:
    """Counts tries here and in Redis; either may say no."""

    def __init__(self) -> None:
        self._local = _Local()
        self._left_alone_until = 0.0  # lint: allow float: a moment of the process's own clock

    def count(
        self,
        rule: Rule,
        *,
        account: bytes | None,
        address: str | None,
        now: datetime,
        device: uuid.UUID | None = None,
        mark: str | None = None,
    ) -> Attempt:
        """Count one try; tries with the same `mark` count once. Raises TooOftenError.

        `account` is an id or the blind index of an e-mail, so that Redis holds no personal data; `address` is the
        network address, or None where all visitors share one and it says nothing.
        """
        prefix = f"{KEY_PREFIX}{rule.name}"
        counters = []
        if account is not None:
            counters.append(_Counter(f"{prefix}:account:{account.hex()}", rule.per_account))
        if device is not None and rule.per_device is not None:
            counters.append(_Counter(f"{prefix}:device:{device.hex}", rule.per_device))
        if address is not None:
            counters.append(_Counter(f"{prefix}:address:{network_of(address)}", rule.per_address))
        attempt = Attempt(tuple(counter.key for counter in counters), mark or new_code(12))
        wait = self._local.count(counters, attempt.mark, now)
        if not wait:
            wait = self._in_redis(counters, attempt.mark, now)
            if wait:
                self._local.take_back(attempt)
        if wait:
            raise TooOftenError(wait)
        return attempt

    def take_back(self, attempt: Attempt) -> None:
        """Forget a try that turned out well."""
        self._local.take_back(attempt)
        if time.monotonic() < self._left_alone_until:
            return
        try:
            pipe = broker.client.pipeline(transaction=False)
            for key in attempt.keys:
                pipe.zrem(key, attempt.mark)
            pipe.execute()
        except RedisError as error:
            self._leave_alone(error)

    def forget(self) -> None:
        """Start counting anew in this process, and ask Redis again: between tests."""
        self._local.clear()
        self._left_alone_until = 0.0  # lint: allow float: a moment of the process's own clock

    def _in_redis(self, counters: Sequence[_Counter], mark: str, now: datetime) -> timedelta:
        if time.monotonic() < self._left_alone_until or not counters:
            return timedelta(0)
        arguments: list[str | int] = [_milliseconds(now), mark]
        for counter in counters:
            arguments += [counter.limit.times, counter.limit.window // timedelta(milliseconds=1)]
        try:
            wait = broker.client.eval(_SCRIPT, len(counters), *(c.key for c in counters), *arguments)
        except RedisError as error:
            self._leave_alone(error)
            return timedelta(0)
        return timedelta(milliseconds=int(wait))

    def _leave_alone(self, error: RedisError) -> None:
        log.warning("throttle_without_redis", error=type(error).__name__)
        self._left_alone_until = time.monotonic() + LEFT_ALONE_FOR_S


def network_of(address: str) -> str:
    """What of an address belongs to one customer of a network: of the sixth version its first half."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.IPv6Network((known, 64), strict=False))


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


throttle = Throttle()
