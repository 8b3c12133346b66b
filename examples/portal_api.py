"""A small client of the API, with the standard library alone: what any program does the same way.

It asks again where that is safe, waits when it is told to, keeps what it has got by its ETag, reads lists to their end,
and says when something it uses is going to end.
"""

from __future__ import annotations

import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

log = logging.getLogger("portal-api")

TIMEOUT_S = 20
TRIES = 4
# What may be sent twice without a key of its own: it does no more the second time.
REPEATABLE = frozenset({"GET", "PUT", "DELETE"})


class RefusedError(Exception):
    """The portal said no: a problem document. Programs look at `code`, people read `detail`."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.code = str(problem.get("code", "unknown"))
        super().__init__(str(problem.get("detail") or f"HTTP {status}"))


class UnreachableError(Exception):
    """Nobody answered, or what answered was not the portal: nobody knows whether it was done. Ask again later."""


class Portal:
    """The portal as one key sees it: one person, on one channel, with what the key was given."""

    def __init__(self, base: str, key: str, *, language: str = "en") -> None:
        self.base = base.rstrip("/") + "/api/v1"
        self._headers = {"Authorization": f"Bearer {key}", "Accept-Language": language}
        self._kept: dict[str, tuple[str, Any]] = {}

    def get(self, path: str, **query: object) -> Any:
        """Read. What has not changed since is not sent again (ETag)."""
        given = {name: value for name, value in query.items() if value is not None}
        whole = f"{path}?{urlencode(given)}" if given else path
        etag, known = self._kept.get(whole, (None, None))
        status, body, headers = self._ask("GET", whole, None, {"If-None-Match": etag} if etag else {})
        if status == 304:
            return known
        if headers.get("ETag"):
            self._kept[whole] = (headers["ETag"], body)
        return body

    def every(self, path: str, **query: object) -> Iterator[Any]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def send(self, method: str, path: str, body: object = None, *, key: str | None = None) -> Any:
        """Change something. `key` names the wish: whatever gets lost on the way, it is done once."""
        _, answer, _ = self._ask(method, path, body, {"Idempotency-Key": key} if key else {})
        return answer

    def _ask(self, method: str, path: str, body: object, extra: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        may_repeat = method in REPEATABLE or "Idempotency-Key" in extra
        for attempt in range(1, TRIES + 1):
            is_last = attempt == TRIES
            try:
                return self._once(method, path, body, extra)
            except RefusedError as refusal:
                wait_s = refusal.problem.get("retry_after_s")
                # Too many requests were counted and not done, so any of them may be sent again.
                if is_last or wait_s is None or (refusal.status != 429 and not may_repeat):
                    raise
                time.sleep(min(float(wait_s), TIMEOUT_S))  # As long as the answer's Retry-After asks for.
            except UnreachableError:
                if is_last or not may_repeat:
                    raise
                time.sleep(0.2 * 2**attempt)  # Longer each time, so that who was away can come back.
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, path: str, body: object, extra: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        headers = {**self._headers, **extra}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        asked = urllib.request.Request(  # noqa: S310  # The address is ours to configure.
            self.base + path, data=data, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:  # noqa: S310  # As above.
                raw = answer.read()
                told = dict(answer.headers.items())
                _warn(method, path, told)
                return answer.status, json.loads(raw) if raw else None, told
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 304:
                    return 304, None, dict(error.headers.items())
                raise _refusal(error) from None
        except (OSError, ValueError) as failure:
            raise UnreachableError(str(failure)) from failure


def _refusal(error: urllib.error.HTTPError) -> Exception:
    raw = error.read()
    try:
        problem = json.loads(raw)
    except ValueError:
        return UnreachableError(f"HTTP {error.code} from something that is not the portal")
    waits = error.headers.get("Retry-After", "")
    if waits.isdigit():
        problem["retry_after_s"] = int(waits)
    return RefusedError(error.code, problem)


def _warn(method: str, path: str, headers: dict[str, str]) -> None:
    """What is announced to end is said in our own log, long before it does."""
    if "Deprecation" in headers:
        log.warning("%s %s ends on %s: %s", method, path, headers.get("Sunset"), headers.get("Link"))
