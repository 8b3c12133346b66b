"""How soon a change is heard on a thousand open pages, and what these cost the web server (PRF-04, CHN-06).

Buyers have pages open on their channels, as many as one person may. A change of a cart is made as the pages make it; it
counts as heard when the last of the person's own pages has been told. Shoppers look at goods meanwhile.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from portal.bench import people
from portal.bench.browser import Browser, EventStream
from portal.bench.figures import percentile
from portal.bench.usage import parts_of, threads_of
from portal.config import Settings
from portal.crypto import email_index
from portal.db import reading, transaction
from portal.kit import clock
from portal.live_token import sign_topics
from portal.models import Channel, Price, User
from portal.rules.permissions import Actor, Role
from portal.rules.propagation import TARGET_MS
from portal.services.cart.set_line import set_line

CHANNEL, CURRENCY = "kr", "KRW"
PAGES_EACH = 20
OPENED_AT_ONCE = 50
SHOPPERS = 2
# What has not been heard after so long was not told.
LOST_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class Wish:
    """So many open pages, so many changes, so many of them in a second."""

    pages: int
    changes: int
    per_second: float


@dataclass
class Found:
    """Times in milliseconds: of each change until its last page has heard of it, and of pages that shoppers load."""

    wish: Wish
    heard_ms: list[float] = field(default_factory=list)
    lost: int = 0
    before_ms: list[float] = field(default_factory=list)
    meanwhile_ms: list[float] = field(default_factory=list)
    web_threads: tuple[int, int] | None = None

    @property
    def late(self) -> int:
        return self.lost + sum(one > TARGET_MS for one in self.heard_ms)

    @property
    def missed(self) -> bool:
        """Whether more than one in 500 was late, or the open pages took threads of the web server."""
        took_threads = self.web_threads is not None and self.web_threads[1] > self.web_threads[0]
        return self.late * 500 > self.wish.changes or took_threads

    def as_json(self) -> dict[str, object]:
        return {
            "pages": self.wish.pages,
            "changes": self.wish.changes,
            "late": self.late,
            "heard_ms": _percentiles(self.heard_ms),
            "page_ms": {"before": _percentiles(self.before_ms), "meanwhile": _percentiles(self.meanwhile_ms)},
            "web_threads": self.web_threads,
        }


def lines_of(found: Found) -> list[str]:
    """What is printed."""
    told = "p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f}, worst {worst:.0f} ms"
    lines = [
        f"{found.wish.pages:,} pages open, {found.wish.changes:,} changes, {found.wish.per_second:g} a second",
        f"heard on the last page after {told.format(**_percentiles(found.heard_ms))}",
        f"later than 2 s: {found.late}",
        f"a page of goods before: {told.format(**_percentiles(found.before_ms))}",
        f"a page of goods meanwhile: {told.format(**_percentiles(found.meanwhile_ms))}",
    ]
    if found.web_threads is not None:
        lines.append("threads of the web server: {} before, {} with the pages open".format(*found.web_threads))
    return lines


async def measure(
    settings: Settings, base: str, home: Path | None, wish: Wish, *, progress: Callable[[int], object]
) -> Found:
    """Open the pages, make the changes, and listen. `home` is None when the processes are not on this machine."""
    found = Found(wish)
    buyers, channel_id, variants = await asyncio.to_thread(_prepare, -(-wish.pages // PAGES_EACH))
    found.before_ms = await _shop(base, lambda done: done >= 40)
    before = _web_threads(home)
    streams = await _open(settings, buyers, wish.pages)
    try:
        after = _web_threads(home)
        found.web_threads = (before, after) if before is not None and after is not None else None
        is_over = asyncio.Event()
        shopping = [asyncio.create_task(_shop(base, lambda _done: is_over.is_set())) for _ in range(SHOPPERS)]
        changes, turns = [], {buyer: asyncio.Lock() for buyer in buyers}
        for number in range(wish.changes):
            buyer = buyers[number % len(buyers)]
            # One change of a person after another: a page says that something has changed, not what.
            work = _change(
                turns[buyer], streams[buyer], buyer, channel_id, variants[number % len(variants)], 1 + number % 7, found
            )
            changes.append(asyncio.create_task(work))
            await asyncio.sleep(1 / wish.per_second)
            progress(1)
        await asyncio.gather(*changes)
        is_over.set()
        found.meanwhile_ms = [one for times in await asyncio.gather(*shopping) for one in times]
    finally:
        for opened in streams.values():
            for stream in opened:
                stream.close()
    return found


def _prepare(count: int) -> tuple[list[uuid.UUID], int, list[int]]:
    people.stock_up()
    emails = people.make_buyers(count, currency=CURRENCY)
    with reading() as session:
        by_index = [email_index(email) for email in emails]
        buyers = list(session.scalars(select(User.id).where(User.email_index.in_(by_index))))
        channel_id = session.execute(select(Channel.id).where(Channel.code == CHANNEL)).scalar_one()
        sold = select(Price.variant_id).where(Price.channel_id == channel_id, Price.is_off.is_(False))
        return buyers, channel_id, list(session.scalars(sold.order_by(Price.variant_id).limit(7)))


async def _open(settings: Settings, buyers: Sequence[uuid.UUID], pages: int) -> dict[uuid.UUID, list[EventStream]]:
    opened: dict[uuid.UUID, list[EventStream]] = {buyer: [] for buyer in buyers}
    wanted = [buyers[number // PAGES_EACH] for number in range(pages)]
    browser = Browser()

    async def listen(buyer: uuid.UUID) -> None:
        token = sign_topics(settings.secret_key, [f"profile:{buyer}", "mall"])
        opened[buyer].append(await browser.listen(f"{settings.live_url}/events?token={token}"))

    for start in range(0, pages, OPENED_AT_ONCE):
        await asyncio.gather(*(listen(buyer) for buyer in wanted[start : start + OPENED_AT_ONCE]))
    return opened


async def _change(
    turn: asyncio.Lock,
    pages: Sequence[EventStream],
    buyer: uuid.UUID,
    channel_id: int,
    variant_id: int,
    quantity: int,
    found: Found,
) -> None:
    async with turn:
        began = time.monotonic()
        heard = [asyncio.create_task(page.heard("cart", within_s=LOST_AFTER_S)) for page in pages]
        await asyncio.to_thread(_set_line, buyer, channel_id, variant_id, quantity)
        if all(await asyncio.gather(*heard)):
            found.heard_ms.append((time.monotonic() - began) * 1_000)
        else:
            found.lost += 1


def _set_line(buyer: uuid.UUID, channel_id: int, variant_id: int, quantity: int) -> None:
    actor, now = Actor(user_id=buyer, roles=frozenset({Role.BUYER}), channel_id=channel_id), clock.now()
    with transaction() as session:
        set_line(session, actor=actor, channel_id=channel_id, variant_id=variant_id, quantity=quantity, now=now)


async def _shop(base: str, is_over: Callable[[int], bool]) -> list[float]:
    """Load the front page and search, one after another; how long each took, in milliseconds."""
    browser, times = Browser(), list[float]()
    while not is_over(len(times)):
        began = time.monotonic()
        await browser.get(f"{base}/{CHANNEL}/{'search?q=a' if len(times) % 2 else ''}")
        times.append((time.monotonic() - began) * 1_000)
        await asyncio.sleep(0.05)
    with suppress(OSError):
        browser.close()
    return times


def _web_threads(home: Path | None) -> int | None:
    return None if home is None else threads_of(parts_of(home)["web"])


def _percentiles(times: Sequence[float]) -> dict[str, float]:
    named = {"p50": 50, "p95": 95, "p99": 99, "worst": 100}
    return {name: percentile(list(times), at) if times else 0.0 for name, at in named.items()}
