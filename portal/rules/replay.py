"""Past decisions of the router made anew by other rules: what would go elsewhere (PAY-04). Nothing is written."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.kit.money import Money
from portal.rules.health import Health
from portal.rules.route_rules import RuleSet
from portal.rules.routing import GatewayAccount, MethodRange, RouteRequest, route

SAMPLE_MAX = 20


@dataclass(frozen=True, slots=True)
class PastCandidate:
    """An account as a decision knew it. One that was dropped then could not have taken the payment by any rule."""

    account_id: int
    priority: int
    is_kept: bool
    health: Health = Health.CLOSED
    score: int | None = None


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """A try at a gateway, and all that its decision went by. `unable` could not take it for want of card fields."""

    payment_id: uuid.UUID
    at: datetime
    account_id: int
    channel_id: int
    method: str
    amount: Money
    country: str | None
    locale: str | None
    buyer: str | None
    candidates: tuple[PastCandidate, ...]
    explores: bool = False
    unable: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A payment that would have gone to another account, or to none; `rule` is the place of the rule that says so."""

    past: PastAttempt
    account_id: int | None
    rule: int | None


@dataclass(frozen=True, slots=True)
class Shift:
    """How many payments would go from one account to another, or to none, with their sums by currency."""

    from_id: int
    to_id: int | None
    count: int
    amounts: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """What other rules would have done. `by_rule` counts decisions by the place of the rule, None where none fits."""

    asked: int
    shifts: tuple[Shift, ...]
    sample: tuple[Elsewhere, ...]
    by_rule: Mapping[int | None, int]

    @property
    def moved(self) -> int:
        """How many would have gone to another account."""
        return sum(one.count for one in self.shifts if one.to_id is not None)

    @property
    def nowhere(self) -> int:
        """How many would have had no account at all."""
        return sum(one.count for one in self.shifts if one.to_id is None)

    @property
    def same(self) -> int:
        return self.asked - self.moved - self.nowhere


def replay(past: Iterable[PastAttempt], rules: RuleSet) -> Replay:
    """Decide each attempt anew by `rules`, everything else as it was."""
    asked, by_rule, elsewhere = 0, Counter[int | None](), list[Elsewhere]()
    for one in past:
        account_id, rule = _decide(one, rules)
        asked += 1
        by_rule[rule] += 1
        if account_id != one.account_id:
            elsewhere.append(Elsewhere(one, account_id, rule))
    return Replay(asked, _shifts(elsewhere), tuple(elsewhere[:SAMPLE_MAX]), dict(by_rule))


def _decide(past: PastAttempt, rules: RuleSet) -> tuple[int | None, int | None]:
    """The account that the rules name for an attempt, and the place of the rule."""
    request = RouteRequest(
        past.channel_id,
        past.method,
        past.amount,
        past.country,
        explores=past.explores,
        locale=past.locale,
        buyer=past.buyer,
    )
    ranges = (MethodRange(past.method, past.amount.currency),)
    accounts = [
        GatewayAccount(one.account_id, "", "", ranges, one.priority, health=one.health, score=one.score)
        for one in past.candidates
        if one.is_kept and one.account_id not in past.unable
    ]
    made = route(request, accounts, rules)
    return made.first, made.rule


def _shifts(elsewhere: Iterable[Elsewhere]) -> tuple[Shift, ...]:
    """The largest first; those to nowhere before all others."""
    found: dict[tuple[int, int | None], list[Money]] = {}
    for one in elsewhere:
        found.setdefault((one.past.account_id, one.account_id), []).append(one.past.amount)
    shifts = [Shift(start, end, len(amounts), _sums(amounts)) for (start, end), amounts in found.items()]
    return tuple(sorted(shifts, key=lambda one: (one.to_id is not None, -one.count, one.from_id, one.to_id or 0)))


def _sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    sums: dict[str, int] = {}
    for one in amounts:
        sums[one.currency] = sums.get(one.currency, 0) + one.minor
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))
