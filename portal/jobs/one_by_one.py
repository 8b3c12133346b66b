"""What is due, one after another, each in a transaction of its own: what was done stays done when the next fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from portal.db import atomically, reading
from portal.kit import clock


def one_by_one(find: Callable[..., Iterable[object]], act: Callable[..., object], *, name: str) -> None:
    """Call `act(session, NAME=each, now=now)` for each of what `find(session, now=now)` returns."""
    with reading() as session:
        found = list(find(session, now=clock.now()))
    for each in found:
        atomically(partial(act, now=clock.now(), **{name: each}))
