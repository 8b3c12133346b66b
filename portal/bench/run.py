"""A run: prepares buyers, drives them at every concurrency, watches what the server uses meanwhile."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portal.bench import floor, people
from portal.bench.browser import Browser, BrowserError
from portal.bench.figures import Level, Report, lines_of
from portal.bench.forms import FormError
from portal.bench.journey import Errand, Purchase, WalkError, buy, sign_in
from portal.bench.statements import IDLE_POLL_S, Watch, now_text
from portal.bench.usage import cpu_by_group, memory_of, parts_of
from portal.config import Settings
from portal.process import start
from portal.rules.step_up import COUPON_USES
from portal.stack.errors import StackError

CHANNEL, CURRENCY = "kr", "KRW"
DEPOSIT, MILEAGE = "1000", "500"
# More coupons of one person within an hour take a second proof, and the mall may have given him one of its own (a
# welcome to his tier), which is used beside ours.
PURCHASES_EACH = COUPON_USES["uses"] // 2
# How fast it may become before a run by the clock has too few buyers.
PURCHASES_PER_S_MAX = 60
WARM_UP = 12
FAILURES_MAX = 20
SIGN_INS_AT_ONCE = 4
QUIET_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What to measure: by the clock, or a number of purchases at each concurrency."""

    buyers: tuple[int, ...]
    seconds: int
    purchases: int | None
    floor_seconds: int = 5

    @property
    def warm_up(self) -> int:
        """Purchases before it counts: caches are filled, statements planned."""
        return min(WARM_UP, self.purchases or WARM_UP)

    def people_at(self, buyers: int) -> int:
        """How many different buyers one concurrency needs, so that nobody buys suspiciously often."""
        expected = self.purchases or self.seconds * PURCHASES_PER_S_MAX
        return max(buyers, -(-(expected + self.warm_up) // PURCHASES_EACH))


@dataclass
class Crowd:
    """Buyers who are signed in, and what has happened to them so far."""

    base: str
    pairs: Sequence[tuple[str, str]]
    code: str
    browsers: deque[Browser]
    bought: dict[int, int] = field(default_factory=dict)
    purchases: list[Purchase] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    started: int = 0

    async def work(self, is_over: Callable[[int], bool]) -> None:
        """One buyer's place: buy, hand over to the next buyer, until it is over."""
        while not is_over(self.started) and len(self.failures) < FAILURES_MAX and self.browsers:
            number, browser = self.started, self.browsers.popleft()
            self.started += 1
            errand = Errand(self.base, self.pairs[number % len(self.pairs)], self.code, DEPOSIT, MILEAGE)
            try:
                self.purchases.append(await buy(browser, errand))
            except (WalkError, FormError, BrowserError, OSError, TimeoutError) as error:
                self.failures.append(str(error) or repr(error))
            self.bought[id(browser)] = self.bought.get(id(browser), 0) + 1
            if self.bought[id(browser)] < PURCHASES_EACH:
                self.browsers.append(browser)

    def forget(self) -> None:
        """Begin to count anew: what was before was warming up."""
        self.purchases, self.failures, self.started = [], [], 0


def run(
    settings: Settings, base: str, home: Path | None, wish: Wish, command: str, say: Callable[[str], None]
) -> Report:
    """Measure a running portal. `home` is its PORTAL_HOME, or None when its processes are not on this machine."""
    start(settings, name="portal bench", connections=2)
    watch = Watch(settings.database_owner_url)
    try:
        report = Report(command, now_text(), os.cpu_count() or 1, watch.settings())
        if report.database["fsync"] != "on" or report.database["synchronous_commit"] == "off":
            say("portal: this database does not wait for its disk: the figures are not honest")
        floor.make_tables(watch.connection)
        people.stock_up()
        pairs, code = people.choose_pairs(CHANNEL), people.make_coupon()
        for number, buyers in enumerate(wish.buyers):
            level = asyncio.run(_level(settings, f"{base}/{CHANNEL}", home, wish, watch, buyers, pairs, code))
            report.levels.append(level)
            for line in lines_of(level):
                say(line)
            if number + 1 < len(wish.buyers):
                say("")
        return report
    finally:
        floor.drop_tables(watch.connection)
        watch.close()


async def _level(
    settings: Settings,
    base: str,
    home: Path | None,
    wish: Wish,
    watch: Watch,
    buyers: int,
    pairs: Sequence[tuple[str, str]],
    code: str,
) -> Level:
    emails = people.make_buyers(wish.people_at(buyers), currency=CURRENCY)
    crowd = Crowd(base, pairs, code, deque(await sign_everybody_in(base, emails)))
    everybody = list(crowd.browsers)
    try:
        await _together(crowd, buyers, lambda started: started >= wish.warm_up)
        if crowd.failures:
            return Level(buyers, (), tuple(crowd.failures), 0.0, {}, 0, 0, 0.0, None)
        await _quiet(watch)
        crowd.forget()
        parts = parts_of(home) if home else {}
        statements, cpu, own = watch.count(), cpu_by_group(parts), time.process_time()
        began = time.perf_counter()
        await _together(crowd, buyers, _end_of(wish, began))
        wall = time.perf_counter() - began
        own = time.process_time() - own
        await _quiet(watch)
        used = {name: seconds - cpu.get(name, 0.0) for name, seconds in cpu_by_group(parts).items()}
        made = watch.count() - statements
        memory = memory_of(parts) if parts else None
    finally:
        for browser in everybody:
            browser.close()
    tps = floor.measure(settings.database_owner_url, clients=buyers, seconds=wish.floor_seconds)
    return Level(
        buyers=buyers,
        purchases=tuple(crowd.purchases),
        failures=tuple(crowd.failures),
        wall_s=wall,
        cpu_s=used | {"driver": own},
        statements=made.statements,
        transaction_ends=made.transaction_ends,
        floor_tps=tps,
        memory=memory,
    )


async def sign_everybody_in(base: str, emails: Sequence[str]) -> list[Browser]:
    """Browsers in which everybody has signed in, a few at a time."""
    gate = asyncio.Semaphore(SIGN_INS_AT_ONCE)

    async def enter(email: str) -> Browser:
        async with gate:
            browser = Browser()
            await sign_in(browser, base, email, people.PASSWORD)
            return browser

    try:
        return list(await asyncio.gather(*(enter(email) for email in emails)))
    except (WalkError, FormError, BrowserError, OSError) as error:
        raise StackError(f"Nobody can be signed in at {base}: {error}") from None


async def _together(crowd: Crowd, buyers: int, is_over: Callable[[int], bool]) -> None:
    await asyncio.gather(*(crowd.work(is_over) for _ in range(buyers)))


def _end_of(wish: Wish, began: float) -> Callable[[int], bool]:
    if wish.purchases is not None:
        most = wish.purchases
        return lambda started: started >= most
    return lambda _started: time.perf_counter() - began >= wish.seconds


async def _quiet(watch: Watch) -> None:
    """Wait until workers and relay have done what the purchases left them, so that it is counted, too."""
    ends_at = time.perf_counter() + QUIET_WITHIN_S
    while not watch.is_quiet():
        if time.perf_counter() > ends_at:
            raise StackError("The outbox is not empty a minute after the last purchase: is a worker running?")
        await asyncio.sleep(IDLE_POLL_S)
