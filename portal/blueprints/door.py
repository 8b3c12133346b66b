"""Who pays goes first: a page server works on one request at a time, and others wait while somebody places an order.

Requests that are worked on at the same time share one interpreter, so that each of four takes four times as long; one
after the other the same four are answered sooner, and it can be said who goes first. Ten more milliseconds before a
list of products appears are not felt; a buyer who has pressed "Pay" looks at nothing else. The idea that requests are
served by their worth stands in "Scaling your API with rate limiters" (Stripe, 2017: a part of the fleet is kept for
critical methods).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Where orders are placed, on each channel's own path.
PLACING_PATHS = ("/checkout/orders", "/api/v1/orders")
# Whoever has waited so long waits for a page that is slow, most likely for the database and not for the interpreter, or
# in a long line, where the database can be kept busy meanwhile.
PATIENCE_S = 0.1


class Turn:
    """One request: it stands in line until it has been let in."""

    __slots__ = ("is_placing", "let_in")

    def __init__(self, *, is_placing: bool) -> None:
        self.is_placing = is_placing
        self.let_in = threading.Event()


class Line:
    """Who is let in, and when: one at a time, placing first; beside what is slow, the next one; `room` at most.

    Who is late passes for urgent, or a flood of forged orders, which the application refuses, would keep all pages out.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._inside = 0
        self._awaited: Turn | None = None
        self._urgent: deque[Turn] = deque()
        self._others: deque[Turn] = deque()

    def arrive(self, turn: Turn) -> None:
        (self._urgent if turn.is_placing else self._others).append(turn)
        self._let_in()

    def be_late(self, turn: Turn) -> None:
        """Nobody waits any longer for who is inside now, if there is room, nor for orders that come later than now."""
        if turn.let_in.is_set():
            return
        if turn in self._others:
            self._others.remove(turn)
            self._urgent.append(turn)
        self._awaited = None
        self._let_in()

    def leave(self, turn: Turn) -> None:
        self._inside -= 1
        if self._awaited is turn:
            self._awaited = None
        self._let_in()

    def _let_in(self) -> None:
        if self._awaited is None and self._inside < self._room and (line := self._urgent or self._others):
            self._awaited = line.popleft()
            self._inside += 1
            self._awaited.let_in.set()


class Door:
    """Stands before the application and lets requests in as `Line` says, `room` at most."""

    def __init__(self, app: WSGIApplication, room: int) -> None:
        self._app = app
        self._line = Line(room)
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        turn = Turn(is_placing=environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].endswith(PLACING_PATHS))
        with self._lock:
            self._line.arrive(turn)
        while not turn.let_in.wait(PATIENCE_S):
            with self._lock:
                self._line.be_late(turn)
        try:
            return self._app(environ, start_response)
        finally:
            # A page is whole by now. A long file is made while it is read, by somebody who may take his time.
            with self._lock:
                self._line.leave(turn)
