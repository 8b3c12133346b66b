"""How long buyers wait for the truth about their money: at a gateway that works, and at gateways that do not.

The gateways are the payment stand-ins, told to be slow, silent or away (sandbox/faults.py). What is measured is what
buyers see: from the press of the button until the order's page says something that is true and not "one moment".
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
import urllib3
from sqlalchemy import update

from portal.bench import people
from portal.bench.browser import Browser, BrowserError
from portal.bench.figures import percentile
from portal.bench.forms import FormError
from portal.bench.journey import ENDS, Errand, WalkError, follow, press
from portal.bench.run import CHANNEL, CURRENCY, DEPOSIT, MILEAGE, PURCHASES_EACH, sign_everybody_in
from portal.bench.statements import IDLE_POLL_S
from portal.config import Settings
from portal.db import transaction
from portal.models import GatewayAccount
from portal.stack import ports
from portal.stack.errors import StackError

# A gateway of today answers in this time.
ANSWERS_IN_MS = 300
# Of this many charges by card one gets no answer though it was made, and one is lost before it was. Where half of all
# pay by card, that is one payment in a hundred.
SILENT_ONE_IN = 100
# PRF-01 asks for an answer in this time; it is also when a call to a gateway has long been given up (4 s).
LIMIT_S = 5.0
SETTLED_WITHIN_S = 120.0
# What an order's page may say that ends the waiting: how it ended, what to do next, or that the bank has not answered.
TRUTHS = ENDS | {"unknown", "continue", "confirm", "account"}
PERCENTS = (50, 95, 100)
_UNDER_WAY = """
    SELECT count(*) FROM orders o JOIN payment p ON p.order_id = o.id
     WHERE o.number = ANY(%s)
       AND (o.status = 'pending' OR EXISTS (SELECT FROM payment_attempt a WHERE a.payment_id = p.id
                                               AND (a.reversal = 'wanted' OR a.state = 'unknown')))
"""
_OWED = """
    SELECT o.number, p.captured_minor - p.refunded_minor FROM orders o JOIN payment p ON p.order_id = o.id
     WHERE o.number = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """One payment. Times in seconds: until the first truth, and until the end without the buyer's own time."""

    number: str
    method: str
    first: str
    end: str
    truth_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the gateways do, and how buyers pay in turn."""

    name: str
    methods: tuple[str, ...]
    faults: tuple[dict[str, Any], ...]
    with_a_dead_account: bool = False


SLOW = {"kind": "slow", "on": "charge", "delay_ms": ANSWERS_IN_MS, "times": None}
SILENT = {"on": "charge", "vendor": "stripe", "times": None, "every": SILENT_ONE_IN}
SCENARIOS = (
    Scenario(f"every gateway answers in {ANSWERS_IN_MS} ms", ("credit_card",), (SLOW,)),
    Scenario(
        f"one charge in {SILENT_ONE_IN // 2} by card gets no answer, and the first gateway for transfers is away",
        ("credit_card", "bank_transfer"),
        ({"kind": "timeout_after", **SILENT}, {"kind": "timeout_before", **SILENT}, SLOW),
        with_a_dead_account=True,
    ),
)


@dataclass
class Outcome:
    """What a scenario came to."""

    scenario: str
    buyers: int
    payments: list[Answered] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    # Orders whose money at the gateways is not what the order says, such as one that was charged twice.
    wrong: list[str] = field(default_factory=list)

    def truths_ms(self) -> list[float]:
        """p50, p95 and the longest, from the click to the first truth."""
        return [percentile([one.truth_s for one in self.payments], p) * 1000 for p in PERCENTS]

    def ends_ms(self) -> list[float]:
        """The same from the click to "paid", of those who were paid."""
        return [percentile([one.end_s for one in self.payments if one.end == "paid"], p) * 1000 for p in PERCENTS]

    @property
    def failed(self) -> bool:
        late = any(one.truth_s > LIMIT_S for one in self.payments)
        return bool(self.failures or self.wrong or late or not self.payments)

    def as_json(self) -> dict[str, Any]:
        names = [f"p{p}" for p in PERCENTS]
        return {
            "scenario": self.scenario,
            "buyers": self.buyers,
            "truth_ms": dict(zip(names, self.truths_ms(), strict=True)),
            "paid_ms": dict(zip(names, self.ends_ms(), strict=True)),
            "first": dict(Counter(one.first for one in self.payments)),
            "end": dict(Counter(one.end for one in self.payments)),
            "failures": self.failures,
            "wrong": self.wrong,
            "payments": [asdict(one) for one in self.payments],
        }


def lines_of(outcome: Outcome) -> Iterator[str]:
    """A scenario as text."""
    yield f"{outcome.scenario}: {len(outcome.payments)} payments, {outcome.buyers} buyers at once"
    for name, values in (("click to an answer", outcome.truths_ms()), ("click to paid", outcome.ends_ms())):
        shown = "  ".join(f"p{percent} {value:6.0f}" for percent, value in zip(PERCENTS, values, strict=True))
        yield f"  {name:<22}{shown}  ms"
    for name, found in (("first answer", "first"), ("in the end", "end")):
        counted = Counter(getattr(one, found) for one in outcome.payments)
        yield f"  {name:<22}{', '.join(f'{word} {count}' for word, count in counted.most_common())}"
    late = sum(one.truth_s > LIMIT_S for one in outcome.payments)
    yield f"  {f'later than {LIMIT_S:.0f} s':<22}{late}"
    yield f"  {'wrong at a gateway':<22}{', '.join(outcome.wrong) or 'none'}"
    yield f"  {'failures':<22}{len(outcome.failures)}"
    for reason in dict.fromkeys(outcome.failures[:5]):
        yield f"    {reason}"


@dataclass(frozen=True, slots=True)
class Wish:
    """How many buyers at once, and how many payments in each scenario."""

    buyers: int
    payments: int


def measure(settings: Settings, base: str, wish: Wish) -> Iterator[Outcome]:
    """Run the scenarios, one after the other, against a running demo portal."""
    people.stock_up()
    pairs, code = people.choose_pairs(CHANNEL), people.make_coupon()
    for scenario in SCENARIOS:
        with _trouble(settings, scenario):
            yield asyncio.run(_run(settings, f"{base}/{CHANNEL}", scenario, wish, pairs, code))


@contextlib.contextmanager
def _trouble(settings: Settings, scenario: Scenario) -> Iterator[None]:
    """Tell the stand-ins what to do, and put a gateway that is away before all others; then undo it."""
    faults = f"{settings.sandbox_url}/sandbox/faults"
    http = urllib3.PoolManager(retries=False, timeout=10)
    made = [http.request("POST", faults, json=dict(rule)).json()["id"] for rule in scenario.faults]
    account_ids = _make_accounts() if scenario.with_a_dead_account else []
    try:
        yield
    finally:
        for rule in made:
            http.request("DELETE", f"{faults}/{rule}")
        _switch_off(account_ids)


def _make_accounts() -> list[int]:
    """Before all others for transfers: an account whose address nobody answers at, and one that works after it."""
    credentials = {
        "secret_key": "bench",
        "webhook_secrets": "whsec_YmVuY2g=",
        "api_base": f"http://127.0.0.1:{ports.free_port()}",
    }
    made = time.time_ns()
    with transaction() as session:
        accounts = [
            GatewayAccount(
                gateway="paylink",
                name=f"Bench {made}: {name}",
                credentials=given,
                methods=["bank_transfer"],
                currencies=[CURRENCY],
                priority=priority,
            )
            for priority, (name, given) in enumerate((("away", json.dumps(credentials)), ("works", None)))
        ]
        session.add_all(accounts)
        session.flush()
        return [account.id for account in accounts]


def _switch_off(account_ids: Sequence[int]) -> None:
    with transaction() as session:
        session.execute(update(GatewayAccount).where(GatewayAccount.id.in_(account_ids)).values(enabled=False))


async def _run(
    settings: Settings, base: str, scenario: Scenario, wish: Wish, pairs: Sequence[tuple[str, str]], code: str
) -> Outcome:
    outcome = Outcome(scenario.name, wish.buyers)
    # One more for each who may be the last with purchases left, so that nobody is missing at the end.
    wanted = wish.buyers + -(-wish.payments // PURCHASES_EACH)
    emails = people.make_buyers(wanted, currency=CURRENCY)
    browsers = await sign_everybody_in(base, emails)
    # Each with what he has bought: who buys more often within an hour is looked at by the rules of risk.
    waiting = deque((browser, 0) for browser in browsers)
    numbers = iter(range(wish.payments))

    async def work() -> None:
        for number in numbers:
            browser, bought = waiting.popleft()
            method = scenario.methods[number % len(scenario.methods)]
            errand = Errand(base, pairs[number % len(pairs)], code, DEPOSIT, MILEAGE, method)
            try:
                outcome.payments.append(await _pay(browser, errand))
            except (WalkError, FormError, BrowserError, OSError, TimeoutError) as error:
                outcome.failures.append(str(error) or repr(error))
            if bought + 1 < PURCHASES_EACH:
                waiting.append((browser, bought + 1))

    try:
        await asyncio.gather(*(work() for _ in range(wish.buyers)))
    finally:
        for browser in browsers:
            browser.close()
    outcome.wrong = await _wrong_at_gateways(settings, [one.number for one in outcome.payments])
    return outcome


async def _pay(browser: Browser, errand: Errand) -> Answered:
    """Press the button, wait for the first truth, do what it asks for, and wait for the end."""
    clicked = await press(browser, errand)
    said = await follow(browser, clicked.address, until=TRUTHS)
    truth_s = time.perf_counter() - clicked.pressed
    first, away_s = said.stage, 0.0
    if said.stage == "continue" and said.leads_to is not None:
        left = time.perf_counter()
        await browser.post(said.leads_to, "do=approve")
        away_s = time.perf_counter() - left
    if said.stage not in ENDS:
        said = await follow(browser, clicked.address, until=ENDS)
    end_s = time.perf_counter() - clicked.pressed - away_s
    number = clicked.address.rpartition("/")[2].partition("?")[0]
    return Answered(number, errand.method, first, said.stage, truth_s, end_s)


async def _wrong_at_gateways(settings: Settings, numbers: Sequence[str]) -> list[str]:
    """Orders of the run whose charges are not what they say, once nothing is under way any more."""
    ends_at = time.perf_counter() + SETTLED_WITHIN_S
    with psycopg.connect(settings.database_owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        while connection.execute(_UNDER_WAY, [list(numbers)]).fetchone() != (0,):
            if time.perf_counter() > ends_at:
                raise StackError("Payments are still open two minutes after the last click: is a worker running?")
            await asyncio.sleep(IDLE_POLL_S)
        owed: dict[str, int] = dict(connection.execute(_OWED, [list(numbers)]).fetchall())
    http = urllib3.PoolManager(retries=False, timeout=30)
    wrong = []
    for number in numbers:
        query = {"order": number, "money": "1"}
        held = http.request("GET", f"{settings.sandbox_url}/sandbox/state", fields=query).json()["charges"]
        if sum(charge["captured"] - charge["refunded"] for charge in held) != owed.get(number):
            wrong.append(number)
    return wrong
