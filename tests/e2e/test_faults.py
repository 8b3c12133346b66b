"""The whole portal, as `portal up` starts it, with buyers in it while its parts are killed one by one.

Nothing may be lost: every order ends as paid or given up, each paid one was charged once, and the invariants hold.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from portal.bench import payments, people
from portal.bench.browser import Browser, BrowserError
from portal.bench.forms import FormError
from portal.bench.journey import Errand, WalkError, buy, sign_in
from portal.bench.own import Running
from portal.config import Settings
from portal.crypto import email_index
from portal.stack import processes
from portal.stack.supervisor import project_root

BUYERS = 4
PURCHASES_BETWEEN = 2
SETTLED_WITHIN_S = 60
KILLED = ("worker", "web", "redis", "postgres", "relay", "clock")


class Crowd:
    """Buyers who go on shopping whatever happens, and note what they met."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.met: Counter[str] = Counter()
        self.pairs = people.choose_pairs("kr")
        self.code = people.make_coupon()
        self.emails = people.make_buyers(BUYERS, currency="KRW")
        self.over = False
        self.news = asyncio.Condition()

    async def shop(self, email: str, number: int) -> None:
        browser: Browser | None = None
        while not self.over:
            try:
                if browser is None:
                    browser = Browser()
                    await sign_in(browser, self.base, email, people.PASSWORD)
                products = self.pairs[(number + self.met.total()) % len(self.pairs)]
                await buy(browser, Errand(self.base, products, self.code, "1000", "500"))
                async with self.news:
                    self.met["paid"] += 1
                    self.news.notify_all()
            except (WalkError, FormError, BrowserError, OSError, asyncio.IncompleteReadError, EOFError):
                # A page that could not be had: a person would load it anew, and so does this one.
                self.met["trouble"] += 1
                if browser is not None:
                    browser.close()
                browser = None
                await asyncio.sleep(0.2)
        if browser is not None:
            browser.close()

    async def more_paid(self, count: int) -> None:
        goal = self.met["paid"] + count
        async with self.news:
            await self.news.wait_for(lambda: self.met["paid"] >= goal)


def pids_of(home: Path, part: str) -> list[int]:
    """The process of a part as the supervisor has noted it: a pid and its start time."""
    known = json.loads((home / "run" / "processes.json").read_text())
    return [pid for name, (pid, _) in known.items() if name == part]


async def shop_while_everything_dies(portal: Running) -> Crowd:
    crowd = Crowd(f"{portal.base}/kr")
    tasks = [asyncio.create_task(crowd.shop(email, n)) for n, email in enumerate(crowd.emails)]
    try:
        async with asyncio.timeout(240):
            for part in KILLED:
                await crowd.more_paid(PURCHASES_BETWEEN)
                pids = pids_of(portal.home, part)
                assert pids, f"no process of {part}"
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
            await crowd.more_paid(PURCHASES_BETWEEN)
    finally:
        crowd.over = True
        await asyncio.gather(*tasks)
    return crowd


@pytest.mark.slow
@pytest.mark.req("PRF-01", "PAY-06")
def test_nobody_waits_longer_than_five_seconds_for_an_honest_answer(portal: Running, shop: Settings) -> None:
    with ThreadPoolExecutor(1) as thread:
        good, bad = thread.submit(lambda: list(payments.measure(shop, portal.base, payments.Wish(1, 2)))).result()
    assert not good.failed
    assert [one.first for one in good.payments] == ["paid", "paid"]
    assert not bad.failed
    assert {one.method: one.end for one in bad.payments} == {"credit_card": "paid", "bank_transfer": "paid"}
    with urllib.request.urlopen(f"{shop.sandbox_url}/sandbox/state") as held:  # noqa: S310  # Our sandbox.
        assert json.load(held)["faults"] == []


@pytest.mark.slow
@pytest.mark.req("PAY-06", "PAY-07", "STR-06", "PRF-03")
def test_killing_every_part_in_turn_loses_nothing(portal: Running, shop: Settings) -> None:
    people.stock_up()
    charged_before = charged(shop)
    # In a thread of its own: a browser test of this worker may have left a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        crowd = thread.submit(lambda: asyncio.run(shop_while_everything_dies(portal))).result()
    assert crowd.met["paid"] >= PURCHASES_BETWEEN * (len(KILLED) + 1)
    plain = shop.database_url.replace("+psycopg", "")
    crowd_indexes = {"crowd": [email_index(email) for email in crowd.emails]}
    with psycopg.connect(plain, autocommit=True) as connection:

        def count(query: str) -> int:
            return int(connection.execute(query, crowd_indexes).fetchone()[0])  # type: ignore[index]  # One number.

        open_orders = (
            "SELECT count(*) FROM orders o JOIN user_account u ON u.id = o.buyer_id "
            "WHERE o.status = 'pending' AND u.email_index = ANY(%(crowd)s)"
        )
        assert processes.wait_until(lambda: count(open_orders) == 0, timeout_s=SETTLED_WITHIN_S)
        waiting = "SELECT count(*) FROM outbox_event WHERE handled_at IS NULL"
        assert processes.wait_until(lambda: count(waiting) == 0, timeout_s=SETTLED_WITHIN_S)
        reversals = "SELECT count(*) FROM payment_attempt WHERE reversal = 'wanted'"
        assert processes.wait_until(lambda: count(reversals) == 0, timeout_s=SETTLED_WITHIN_S)
        paid = {
            str(number): int(minor)
            for number, minor in connection.execute(
                "SELECT o.number, p.captured_minor FROM orders o JOIN payment p ON p.order_id = o.id "
                "JOIN user_account u ON u.id = o.buyer_id WHERE o.status = 'paid' AND u.email_index = ANY(%(crowd)s)",
                crowd_indexes,
            )
        }
    assert {order: minor for order, minor in charged(shop).items() if order not in charged_before} == paid
    check = subprocess.run(
        [sys.executable, "-m", "portal.cli", "check"],
        env={**os.environ, **portal.env},
        cwd=project_root(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stdout


def charged(settings: Settings) -> dict[str, int]:
    """What the gateways hold of our money, by order."""
    with urllib.request.urlopen(f"{settings.sandbox_url}/sandbox/state?money=1") as answer:  # noqa: S310  # Our sandbox.
        held = json.load(answer)
    totals: Counter[str] = Counter()
    for charge in held["charges"]:
        totals[charge["order"]] += charge["captured"] - charge["refunded"]
    return {order: amount for order, amount in totals.items() if amount}
