"""Small facts for open pages: written to one stream in Redis, from which live processes hand them on.

The stream keeps the last few thousand, so that a page which was away for a moment catches up.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson
import structlog
from redis.exceptions import RedisError

from portal.broker import broker

log = structlog.get_logger()

STREAM = "live"
KEPT = 5000


def publish(facts: Iterable[tuple[str, str, dict[str, object]]]) -> None:
    """Tell topics of facts: (topic, event name, data). Lost when Redis is away; pages poll meanwhile."""
    pipe = broker.client.pipeline(transaction=False)
    count = 0
    for topic, name, data in facts:
        pipe.xadd(STREAM, {"topic": topic, "event": name, "data": orjson.dumps(data)}, maxlen=KEPT, approximate=True)
        count += 1
    if not count:
        return
    try:
        pipe.execute()
    except RedisError as error:
        log.warning("live_facts_lost", count=count, error=str(error))


def fact_of(subject: str, kind: str) -> tuple[str, dict[str, object]]:
    """What pages hear of an event: the noun it is about as the name, and no more than what has happened to which."""
    noun, _, subject_id = subject.partition(":")
    return noun, {"kind": kind, "id": subject_id}
