"""How many pages a session has seen, for whoever decides about risk (FRD-10): a robot that pays has looked at few.

Counted in Redis, so that no page costs a statement. What is lost with it is not known, which is never the same as none.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

import structlog
from redis.exceptions import RedisError

from portal.broker import broker

log = structlog.get_logger()

KEPT_FOR = timedelta(days=2)
# Not with every page: each word to Redis is processor time of one.
PROLONGED_EVERY = 16
# After a failure Redis is left alone for a moment: no page waits for its time-out again and again.
LEFT_ALONE_FOR_S = 5


class PageCount:
    """The counters of all sessions, as this process reaches them."""

    def __init__(self) -> None:
        self._again_at_s = time.monotonic()

    def add(self, session_id: uuid.UUID) -> None:
        """One more page was shown."""
        if time.monotonic() < self._again_at_s:
            return
        try:
            pages = broker.client.incr(_key(session_id))
            if pages % PROLONGED_EVERY == 1:
                broker.client.expire(_key(session_id), KEPT_FOR)
        except RedisError as error:
            self._leave_alone(error)

    def seen(self, session_id: uuid.UUID | None) -> int | None:
        """How many were shown; None where nobody knows."""
        if session_id is None or time.monotonic() < self._again_at_s:
            return None
        try:
            found = broker.client.get(_key(session_id))
        except RedisError as error:
            self._leave_alone(error)
            return None
        return int(found) if isinstance(found, bytes) else None

    def _leave_alone(self, error: RedisError) -> None:
        self._again_at_s = time.monotonic() + LEFT_ALONE_FOR_S
        log.warning("page_count_lost", error=str(error))


def _key(session_id: uuid.UUID) -> str:
    return f"pages:{session_id}"


page_count = PageCount()
