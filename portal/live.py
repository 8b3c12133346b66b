"""The live process: streams small facts to open pages, thousands of them, without a thread each.

A page names its topics by a signed token. Facts come from one Redis stream; a page that was away says the last id
it saw and gets what it missed, or `resync` when that is too long ago.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from portal.config import Settings
from portal.jobs.live import KEPT, STREAM
from portal.live_token import read_topics

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Fact = tuple[str, str, str]  # id, event name, data

HEARTBEAT_S = 20
# A read of a quiet stream ends by itself after the first; taken for a dead connection after the second, never before.
BLOCK_MS = 5000
SOCKET_TIMEOUT_S = 15
# A connection ends after this and the browser opens it again: rights are looked at anew, and restarts stay short.
LIFE_S = 900
WAITING_MAX = 200
STREAMS_PER_PERSON_MAX = 20


class Hub:
    """Hands facts from the stream to the connections that listen to their topics."""

    def __init__(self, redis: Redis) -> None:
        # Its answers are as loosely typed as its commands are many; each is read in one place below.
        self._redis: Any = redis
        self._listeners: dict[str, set[asyncio.Queue[Fact]]] = defaultdict(set)

    def count(self, topic: str) -> int:
        return len(self._listeners.get(topic, ()))

    def join(self, topics: list[str]) -> asyncio.Queue[Fact]:
        queue: asyncio.Queue[Fact] = asyncio.Queue(WAITING_MAX)
        for topic in topics:
            self._listeners[topic].add(queue)
        return queue

    def leave(self, topics: list[str], queue: asyncio.Queue[Fact]) -> None:
        for topic in topics:
            self._listeners[topic].discard(queue)
            if not self._listeners[topic]:
                del self._listeners[topic]

    async def run(self) -> None:
        """Read the stream for ever; a Redis that is away is waited for."""
        last, was_away = "$", False
        while True:
            try:
                found = await self._redis.xread({STREAM: last}, count=500, block=1 if was_away else BLOCK_MS)
                if was_away:
                    # What was to be told meanwhile was never in the stream.
                    was_away = False
                    self._resync_all()
                for _, entries in found or ():
                    for entry_id, fields in entries:
                        last = entry_id
                        self._hand_on(_text(entry_id), fields)
            except (RedisError, OSError) as error:
                log.warning("live_waits", error=str(error))
                was_away = True
                self._resync_all()
                await asyncio.sleep(1)

    def _hand_on(self, entry_id: str, fields: dict[bytes, bytes]) -> None:
        fact = (entry_id, _text(fields[b"event"]), _text(fields[b"data"]))
        for queue in self._listeners.get(_text(fields[b"topic"]), ()):
            self._put(queue, fact)

    def _resync_all(self) -> None:
        for queue in {queue for queues in self._listeners.values() for queue in queues}:
            self._put(queue, ("", "resync", "{}"))

    @staticmethod
    def _put(queue: asyncio.Queue[Fact], fact: Fact) -> None:
        if queue.full():
            # A page that does not read fast enough is told once to fetch everything anew.
            while not queue.empty():
                queue.get_nowait()
            fact = ("", "resync", "{}")
        queue.put_nowait(fact)

    async def missed(self, topics: list[str], last_id: str) -> list[Fact] | None:
        """What was told since `last_id`; None when the stream does not reach back that far."""
        try:
            first = await self._redis.xrange(STREAM, count=1)
            if not first or _order(_text(first[0][0])) > _order(last_id):
                return None
            entries = await self._redis.xrange(STREAM, min=f"({last_id}", count=KEPT)
        except (RedisError, OSError, ValueError):
            return None
        return [
            (_text(entry_id), _text(fields[b"event"]), _text(fields[b"data"]))
            for entry_id, fields in entries
            if _text(fields[b"topic"]) in topics
        ]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _order(entry_id: str) -> tuple[int, int]:
    head, _, tail = entry_id.partition("-")
    return int(head), int(tail or 0)


def _own(topics: list[str]) -> str:
    """The topic that one person alone listens to: by it his pages are counted. Others are shared by many."""
    return next((topic for topic in topics if topic.startswith("profile:")), "")


def _frame(fact: Fact) -> bytes:
    entry_id, name, data = fact
    head = f"id: {entry_id}\n" if entry_id else ""
    return f"{head}event: {name}\ndata: {data}\n\n".encode()


class LiveApp:
    """The ASGI application: /events streams, /healthz answers."""

    def __init__(self, settings: Settings) -> None:
        self._secret_key = settings.secret_key
        self._hub = Hub(Redis.from_url(settings.redis_url, socket_timeout=SOCKET_TIMEOUT_S))
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            if self._task is None:
                self._task = asyncio.create_task(self._hub.run())
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._task = asyncio.create_task(self._hub.run())
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._task is not None:
                    self._task.cancel()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        origin = headers.get("origin", "*")
        if scope["path"] == "/healthz":
            await _answer(send, 200, origin, b"ok")
            return
        query = parse_qs(scope.get("query_string", b"").decode())
        topics = read_topics(self._secret_key, (query.get("token") or [""])[0])
        if scope["path"] != "/events" or scope["method"] != "GET":
            await _answer(send, 404, origin, b"not found")
        elif topics is None:
            # 204 tells an EventSource to stop trying; the page polls until it is loaded anew.
            await _answer(send, 204, origin, b"")
        elif self._hub.count(_own(topics)) >= STREAMS_PER_PERSON_MAX:
            await _answer(send, 429, origin, b"too many open pages")
        else:
            last_id = headers.get("last-event-id") or (query.get("last-event-id") or [""])[0]
            await self._stream(topics, last_id, origin, receive, send)

    async def _stream(self, topics: list[str], last_id: str, origin: str, receive: Receive, send: Send) -> None:
        queue = self._hub.join(topics)
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _headers(origin, stream=True)})
            await _body(send, b"retry: 2000\n\n")
            if last_id:
                for fact in await self._missed(topics, last_id):
                    await _body(send, _frame(fact))
            ends_at = time.monotonic() + LIFE_S
            while not gone.done() and time.monotonic() < ends_at:
                await _body(send, await self._next(queue, gone))
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (OSError, RuntimeError):
            return  # The page has gone in the middle of a frame.
        finally:
            gone.cancel()
            self._hub.leave(topics, queue)

    async def _missed(self, topics: list[str], last_id: str) -> list[Fact]:
        missed = await self._hub.missed(topics, last_id)
        return [("", "resync", "{}")] if missed is None else missed

    @staticmethod
    async def _next(queue: asyncio.Queue[Fact], gone: asyncio.Task[None]) -> bytes:
        getter = asyncio.ensure_future(queue.get())
        await asyncio.wait({getter, gone}, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
        if getter.done():
            return _frame(getter.result())
        getter.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await getter
        return b": still here\n\n"


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(origin: str, *, stream: bool) -> list[tuple[bytes, bytes]]:
    # The token in the address is the right to listen, no cookie takes part: any origin may hold one.
    return [
        (b"content-type", b"text/event-stream" if stream else b"text/plain"),
        (b"cache-control", b"no-store"),
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"origin"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-accel-buffering", b"no"),
    ]


async def _answer(send: Send, status: int, origin: str, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": _headers(origin, stream=False)})
    await send({"type": "http.response.body", "body": body})


async def _body(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


app = LiveApp(Settings.from_environment(os.environ)) if "REDIS_URL" in os.environ else None  # None: only imported.
