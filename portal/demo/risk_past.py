"""A past that is played, not recorded: buyers and named patterns of misuse, from which the demo's model learns.

Everybody is played event by event, and the features of each decision are counted from what was played before it, as the
services count them from rows (services/fraud/score_features.py). Nothing of it becomes an order: books, figures and
queues of the demo know nothing of it. Amounts are in won, times in seconds.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np

from portal.learning.decisions import Labelled, Plain

HOUR, DAY = 3_600.0, 86_400.0
DAYS: Final = 120
BUYERS: Final = 520
SEED: Final = 7
CURRENCY: Final = "KRW"


@dataclass(slots=True)
class Person:
    """Somebody with an account: since when, and where he acts from."""

    number: int
    since: float
    device: str
    network: str
    address: str
    card: str
    mean: float = 45_000.0
    refunds: int = 0
    throwaway: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that somebody asked for. `declined` is what the bank says; a top-up is no order."""

    at: float
    who: Person
    amount: float
    device: str
    network: str
    card: str
    is_fraud: bool = False
    declined: bool = False
    is_top_up: bool = False
    coupons: int = 0
    saving: float = 0.0
    misses: int = 0
    pages: int = 12
    session: float = 900.0
    distance: float = 8.0
    travelled: float = 4.0
    datacenter: bool = False


Play = Callable[[random.Random, "Crowd"], Iterator[Act]]


@dataclass(slots=True)
class Crowd:
    """Makes people, each with places of his own."""

    dice: random.Random
    count: int = 0

    def person(self, since: float, *, shared: str | None = None) -> Person:
        """Somebody new; with `shared` on that device, in its network, delivered to its address."""
        self.count += 1
        own = f"{self.count}"
        place = shared or own
        mean = self.dice.lognormvariate(10.6, 0.5)
        return Person(
            self.count, since, place, place, place, own, mean, throwaway=shared is not None and self.dice.random() < 0.5
        )


def ordinary(dice: random.Random, crowd: Crowd) -> Iterator[Act]:
    """Buyers with habits, and what looks odd at times: a new device, a refused card, a journey, a guessed code."""
    for number in range(BUYERS):
        since = dice.uniform(-60, DAYS - 3) * DAY
        who = crowd.person(since, shared=f"home-{number // 3}" if number % 6 < 3 else None)
        who.throwaway, who.card = dice.random() < 0.04, f"card-{who.number}"
        # Most sign up in order to buy.
        first = dice.uniform(150, 3_000) if dice.random() < 0.6 else dice.expovariate(1 / 2) * DAY
        at, pause = max(since, 0) + first, dice.uniform(8, 45)
        while at < DAYS * DAY:
            amount, usual = who.mean * dice.lognormvariate(0, 0.7), _visit(dice)
            device = who.device if dice.random() < 0.93 else f"new-{who.number}-{int(at)}"
            if dice.random() < 0.06:
                yield _act(at - 150, who, amount, device, card=f"old-{who.number}", declined=True, **usual)
            given = dice.choice((0, 0, 0.1, 0.1, 0.3, 0.5)) if dice.random() < 0.5 else 0
            missed = dice.randint(1, 4) if given and dice.random() < 0.1 else 0
            is_top_up = dice.random() < 0.06
            more = {"coupons": int(given > 0), "saving": given * amount, "misses": missed, "is_top_up": is_top_up}
            yield _act(at, who, amount, device, **usual, **more)
            who.refunds += dice.random() < (0.4 if number % 12 == 0 else 0.05)
            # Some come back within the hour for what they forgot.
            at += dice.uniform(300, 3_000) if dice.random() < 0.08 else dice.expovariate(1 / pause) * DAY + HOUR


def _visit(dice: random.Random) -> dict[str, float | int | bool]:
    """How an honest visit looks; one in twelve comes from far away, or from behind a data centre."""
    far = dice.random() < 0.08
    return {
        "pages": dice.randint(2, 30),
        "session": dice.uniform(90, 4_000),
        "distance": dice.uniform(100, 6_000) if far else dice.lognormvariate(2.2, 0.9),
        "travelled": dice.uniform(100, 5_000) if far and dice.random() < 0.5 else dice.lognormvariate(1.0, 1.2),
        "datacenter": dice.random() < 0.05,
    }


def card_testing(dice: random.Random, crowd: Crowd) -> Iterator[Act]:
    """A fresh account tries stolen cards with small amounts until some are taken; every other one takes its time."""
    for number in range(14):
        at = dice.uniform(5, DAYS - 2) * DAY
        who = crowd.person(at - dice.lognormvariate(1, 2) * HOUR, shared=f"tester-{number}")
        for card in range(dice.randint(4, 12)):
            declined = dice.random() < 0.85
            yield _act(
                at, who, dice.uniform(3_000, 15_000), who.device, card=f"stolen-{number}-{card}", declined=declined,
                is_fraud=True, **_visit(dice) | {"datacenter": dice.random() < 0.4, "pages": dice.randint(2, 9)},
            )  # fmt: skip
            at += dice.uniform(60, 240) if number % 2 else dice.uniform(400, 1_500)


def account_farm(dice: random.Random, crowd: Crowd) -> Iterator[Act]:
    """Many accounts on one device take the coupon for new buyers, once each."""
    for number in range(10):
        at = dice.uniform(5, DAYS - 4) * DAY
        for _account in range(dice.randint(3, 7)):
            who = crowd.person(at - dice.lognormvariate(7, 2), shared=f"farm-{number}")
            amount = dice.uniform(12_000, 30_000)
            yield _act(
                at, who, amount, who.device, is_fraud=True, coupons=1, saving=0.45 * amount, pages=3, session=200
            )
            at += dice.uniform(0.2, 5) * HOUR


def coupon_leak(dice: random.Random, crowd: Crowd) -> Iterator[Act]:
    """Codes are guessed until one is good, and then used up."""
    for _number in range(16):
        at = dice.uniform(5, DAYS - 1) * DAY
        who = crowd.person(at - dice.uniform(0.5, 200) * HOUR)
        for _use in range(dice.randint(1, 3)):
            amount = dice.uniform(30_000, 90_000)
            yield _act(
                at, who, amount, who.device, is_fraud=True, coupons=1, saving=0.5 * amount, misses=dice.randint(2, 9),
                **_visit(dice),
            )  # fmt: skip
            at += dice.uniform(300, 2_500)


def stolen_account(dice: random.Random, crowd: Crowd) -> Iterator[Act]:
    """An old account from a new device far away buys dear goods with a card it never had."""
    for number in range(18):
        at = dice.uniform(20, DAYS - 1) * DAY
        who = crowd.person(-dice.uniform(60, 500) * DAY)
        for day in range(1, 5):
            yield _act(at - 4 * day * DAY, who, who.mean * dice.lognormvariate(0, 0.4), who.device, **_visit(dice))
        for n in range(dice.randint(1, 3)):
            yield _act(
                at + n * 700, who, who.mean * dice.uniform(2, 9), f"thief-{number}", card=f"taken-{number}-{n}",
                network=f"far-{number}", is_fraud=True,
                **_visit(dice) | {"travelled": dice.lognormvariate(5, 2), "datacenter": dice.random() < 0.3},
            )  # fmt: skip


def top_up_laundering(dice: random.Random, crowd: Crowd) -> Iterator[Act]:
    """Money of others is brought in by many steps below every limit."""
    for number in range(8):
        at = dice.uniform(5, DAYS - 6) * DAY
        who = crowd.person(at - dice.uniform(1, 20) * DAY)
        for step in range(dice.randint(8, 16)):
            card = f"mule-{number}-{step % 3}"
            amount = dice.uniform(40_000, 95_000)
            yield _act(at, who, amount, who.device, card=card, is_fraud=step > 2, is_top_up=True, **_visit(dice))
            at += dice.uniform(2, 9) * HOUR


def refund_abuse(dice: random.Random, crowd: Crowd) -> Iterator[Act]:
    """Bought to be worn and sent back, again and again."""
    for _number in range(10):
        who = crowd.person(-dice.uniform(10, 90) * DAY)
        at = dice.uniform(5, 40) * DAY
        for bought in range(dice.randint(7, 12)):
            yield _act(at, who, dice.uniform(40_000, 200_000), who.device, is_fraud=bought > 3, **_visit(dice))
            who.refunds += 1
            at += dice.uniform(2, 6) * DAY


PATTERNS: Final[tuple[Play, ...]] = (
    ordinary,
    card_testing,
    account_farm,
    coupon_leak,
    stolen_account,
    top_up_laundering,
    refund_abuse,
)


def played_past(*, now: datetime, seed: int = SEED) -> Labelled:
    """Decisions of DAYS days until `now`, in the order of time, with what each was."""
    dice = random.Random(seed)  # noqa: S311  # A play, the same in every demo.
    crowd = Crowd(dice)
    told = [(act, act.who.refunds) for play in PATTERNS for act in play(dice, crowd)]
    told = sorted(((act, refunds) for act, refunds in told if act.at < DAYS * DAY), key=lambda one: one[0].at)
    memory = _Memory()
    rows = [memory.look(act, refunds) for act, refunds in told]
    begins = now.timestamp() - DAYS * DAY
    return Labelled(
        at_s=np.array([begins + act.at for act, _ in told]),
        label=np.array([float(act.is_fraud) for act, _ in told]),
        customer=np.array([act.who.number for act, _ in told], dtype=np.int64),
        rows=rows,
        currencies=[CURRENCY] * len(told),
    )


def _act(at: float, who: Person, amount: float, device: str, **more: float | str | bool) -> Act:
    told: dict[str, float | str | bool] = {"network": who.network, "card": who.card, **more}
    return Act(at, who, round(amount), device, **told)  # type: ignore[arg-type]  # By the names of its fields.


@dataclass(slots=True)
class _Memory:
    """What was played so far, by person, device, network, card and address."""

    acts: dict[int, list[Act]] = field(default_factory=lambda: defaultdict(list))
    on_device: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    on_network: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    at_address: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    on_card: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def look(self, act: Act, refunds: int) -> Plain:
        """The features of this act as they stand before it; then it is remembered."""
        who, past = act.who, self.acts[act.who.number]
        self.on_device[act.device].setdefault(who.number, act.at)
        self.on_card[act.card].add(who.number)
        for places, place in ((self.on_network, act.network), (self.at_address, who.address)):
            places[place].append((act.at, who.number))
        found = {**_of_act(act), **self._of_past(act, past), **self._of_places(act)}
        found["refunds_90d"] = float(refunds)
        past.append(act)
        return found

    def _of_past(self, act: Act, past: list[Act]) -> Mapping[str, float | None]:
        bought = [one for one in past if not one.is_top_up]
        paid = [one for one in bought if not one.declined]
        found: dict[str, float | None] = {
            "paid_orders": float(len(paid)),
            "own_mean": sum(one.amount for one in paid) / len(paid) if paid else None,
            "cards_24h": float(len({one.card for one in past if one.at > act.at - DAY})),
            "cards_30d": float(len({one.card for one in past if one.at > act.at - 30 * DAY})),
            "declines_30d": float(sum(one.declined for one in past if one.at > act.at - 30 * DAY)),
            "top_ups_7d": float(sum(one.is_top_up for one in past if one.at > act.at - 7 * DAY)),
            "topped_up_7d": sum(one.amount for one in past if one.is_top_up and one.at > act.at - 7 * DAY),
            "withdrawn_30d": 0.0,
        }
        for name, span in (("1h", HOUR), ("24h", DAY), ("7d", 7 * DAY), ("30d", 30 * DAY)):
            lately = [one for one in bought if one.at > act.at - span]
            found[f"orders_{name}"], found[f"spent_{name}"] = float(len(lately)), sum(one.amount for one in lately)
            if name in {"1h", "24h"}:
                tried = [one for one in past if one.at > act.at - span]
                found[f"attempts_{name}"] = float(len(tried))
                found[f"declines_{name}"] = float(sum(one.declined for one in tried))
        return found

    def _of_places(self, act: Act) -> Mapping[str, float]:
        here, delivered = self.on_network[act.network], self.at_address[act.who.address]
        today = {who for at, who in here if at > act.at - DAY}
        cards = {one.card for one in self.acts[act.who.number] if one.at > act.at - 30 * DAY}
        return {
            "accounts_on_device": float(len(self.on_device[act.device])),
            "device_age": act.at - min(self.on_device[act.device].values()),
            "events_on_ip_1h": float(sum(at > act.at - HOUR for at, _who in here)),
            "accounts_on_ip_24h": float(len(today)),
            "accounts_on_network_24h": float(len(today)),
            "accounts_on_address_30d": float(len({who for at, who in delivered if at > act.at - 30 * DAY})),
            "accounts_on_cards_30d": float(len(set().union(*(self.on_card[card] for card in cards)))) if cards else 0.0,
        }


def _of_act(act: Act) -> dict[str, float | None]:
    return {
        "amount": act.amount,
        "coupons": float(act.coupons),
        "saving": act.saving,
        "hour": float(int(act.at % DAY // HOUR)),
        "account_age": act.at - act.who.since,
        "session_age": act.session,
        "pages_seen": float(act.pages),
        "coupon_misses_1h": float(act.misses),
        "delivery_distance": act.distance,
        "travel_distance": act.travelled,
        "travel_speed": act.travelled,
        "datacenter": float(act.datacenter),
        "throwaway_mail": float(act.who.throwaway),
        "crawler": 0.0,
    }
