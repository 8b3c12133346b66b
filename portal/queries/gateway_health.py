"""The record of every gateway account, kept in Redis for all processes together. Without it all are healthy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
from redis.exceptions import RedisError

from portal.broker import broker
from portal.rules.health import WINDOW, Health, Record, Turn, turn_of

log = structlog.get_logger()

SLOT = timedelta(seconds=30)
SLOTS = WINDOW // SLOT
KEEP_FOR = timedelta(hours=1)
# Nothing is known: nobody is spared for it, and nobody is believed to have had no failure.
UNKNOWN = Record(failed_lately=True)


def load_health(account_ids: Sequence[int], *, now: datetime) -> Mapping[int, Record]:
    """The record of each account."""
    if not account_ids:
        return {}
    try:
        pipe = broker.client.pipeline(transaction=False)
        for account_id in account_ids:
            pipe.hgetall(_key(account_id))
        found = cast("list[dict[bytes, bytes]]", pipe.execute())
    except RedisError as error:
        log.warning("gateway_health_unknown", error=str(error))
        return dict.fromkeys(account_ids, UNKNOWN)
    return {account_id: _read(fields, now) for account_id, fields in zip(account_ids, found, strict=True)}


def note_call(account_id: int, *, failed: bool, now: datetime) -> Turn | None:
    """Count a call and turn the breaker if need be; what it did, for the incident that tells of it."""
    key, name = _key(account_id), f"{'failed' if failed else 'good'}:{_slot(now)}"
    try:
        client = broker.client
        pipe = client.pipeline(transaction=False)
        pipe.hincrby(key, name, 1)
        pipe.expire(key, KEEP_FOR)
        pipe.hgetall(key)
        fields = cast("dict[bytes, bytes]", pipe.execute()[-1])
        record = _read(fields, now)
        if not failed and record.health(now) is Health.HALF_OPEN:
            good = client.hincrby(key, "good_since", 1)
            record = replace(record, good_since=good)
        turn = turn_of(record, failed=failed, now=now)
        _turn(client, key, turn, fields, now)
    except RedisError as error:
        log.warning("gateway_health_lost", account=account_id, error=str(error))
        return None
    return turn


def _turn(client: Any, key: str, turn: Turn | None, fields: Mapping[bytes, bytes], now: datetime) -> None:
    if turn is Turn.OPENED:
        client.hset(key, mapping={"opened_at": now.isoformat(), "good_since": 0})
    elif turn is Turn.CLOSED:
        client.delete(key)  # It begins anew: what went wrong before says nothing any more.
    oldest = _slot(now) - 2 * SLOTS
    old = [name for name in fields if name.partition(b":")[2] and int(name.partition(b":")[2]) <= oldest]
    if old:
        client.hdel(key, *old)


def _read(fields: Mapping[bytes, bytes], now: datetime) -> Record:
    counts = {b"good": 0, b"failed": 0}
    failed_lately = False
    for name, value in fields.items():
        kind, _, slot = name.partition(b":")
        age = _slot(now) - int(slot) if slot else 2 * SLOTS
        failed_lately |= kind == b"failed" and age < 2 * SLOTS
        if age < SLOTS:
            counts[kind] += int(value)
    opened = fields.get(b"opened_at")
    opened_at = datetime.fromisoformat(opened.decode()).astimezone(UTC) if opened else None
    return Record(counts[b"good"], counts[b"failed"], opened_at, int(fields.get(b"good_since", 0)), failed_lately)


def _slot(now: datetime) -> int:
    return int(now.timestamp()) // int(SLOT.total_seconds())


def _key(account_id: int) -> str:
    return f"gateway:{account_id}"
