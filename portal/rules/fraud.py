"""How risky a payment looks: a few rules over features, with reasons in plain words (FRD-01, FRD-02, ORD-002).

The thresholds are data: an administrator's edit is a new version of the rule. The features are those of the moment and
are kept with the decision, so that it can be explained and replayed later.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from portal.kit.money import Money
from portal.kit.text import N_

SCORE_MAX = 100


class Outcome(StrEnum):
    """What happens to the payment. Review means authorised, neither captured nor fulfilled (PAY-11)."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


class Mode(StrEnum):
    """What a rule that fires does by itself. A monitored one is only noted (FRD-02)."""

    MONITOR = "monitor"
    SCORE = "score"
    REVIEW = "review"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Features:
    """What is known at the moment of a payment. `*_in_window` count over the rule set's window."""

    currency: str
    amount_minor: int
    own_mean_minor: int | None = None
    paid_orders: int = 0
    orders_in_window: int = 0
    attempts_in_window: int = 0
    declines_in_window: int = 0
    coupon_misses_in_window: int = 0
    accounts_on_device: int = 1
    account_age: timedelta | None = None
    # The lists that this buyer, card, device or address stands on (FRD-04).
    blocked_by: tuple[str, ...] = ()
    trusted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it is stored. `name` is a test of this file; `limits` are its thresholds.

    `limits` by amount carry the currency as key; others have the names that the test reads.
    """

    name: str
    version: int = 1
    points: int = 0
    mode: Mode = Mode.SCORE
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired: with which version, for how many points, and why."""

    rule: str
    version: int
    points: int
    mode: Mode
    sentence: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in force and the scores from which they matter. Both bounds are inclusive."""

    rules: tuple[Rule, ...]
    review_from: int = 50
    block_from: int = 90


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, 0 to 100 points, and every rule that fired."""

    outcome: Outcome
    score: int
    fired: tuple[Fired, ...]


Reason = tuple[str, dict[str, object]]
Test = Callable[[Features, Mapping[str, int]], Reason | None]


def _amount_above(features: Features, limits: Mapping[str, int]) -> Reason | None:
    limit = limits.get(features.currency)
    if limit is None or features.amount_minor <= limit:
        return None
    return N_("The amount %(amount)s is above %(limit)s."), {
        "amount": Money(features.amount_minor, features.currency),
        "limit": Money(limit, features.currency),
    }


def _amount_above_own_mean(features: Features, limits: Mapping[str, int]) -> Reason | None:
    mean, times = features.own_mean_minor, limits["times"]
    if not mean or features.paid_orders < limits.get("orders_min", 3) or features.amount_minor <= mean * times:
        return None
    return N_("The amount %(amount)s is more than %(times)s times this buyer's usual %(mean)s."), {
        "amount": Money(features.amount_minor, features.currency),
        "times": times,
        "mean": Money(mean, features.currency),
    }


def _new_account_large_amount(features: Features, limits: Mapping[str, int]) -> Reason | None:
    limit = limits.get(features.currency)
    age = features.account_age
    if limit is None or age is None or age >= timedelta(hours=limits["hours"]) or features.amount_minor <= limit:
        return None
    return N_("The account is younger than %(hours)s hours and the amount %(amount)s is above %(limit)s."), {
        "hours": limits["hours"],
        "amount": Money(features.amount_minor, features.currency),
        "limit": Money(limit, features.currency),
    }


def _count(read: Callable[[Features], int], sentence: str) -> Test:
    def test(features: Features, limits: Mapping[str, int]) -> Reason | None:
        count = read(features)
        return (sentence, {"count": count, "limit": limits["maximum"]}) if count > limits["maximum"] else None

    return test


def _on_blocked_list(features: Features, limits: Mapping[str, int]) -> Reason | None:
    del limits  # Being listed has no threshold.
    if not features.blocked_by:
        return None
    return N_("Stands on a blocked list: %(lists)s."), {"lists": ", ".join(features.blocked_by)}


TESTS: Mapping[str, Test] = {
    "amount_above": _amount_above,
    "amount_above_own_mean": _amount_above_own_mean,
    "new_account_large_amount": _new_account_large_amount,
    "orders_velocity": _count(
        lambda one: one.orders_in_window, N_("%(count)s orders in a short time; more than %(limit)s are unusual.")
    ),
    "attempts_velocity": _count(
        lambda one: one.attempts_in_window,
        N_("%(count)s payment attempts in a short time; more than %(limit)s are unusual."),
    ),
    "declines_velocity": _count(
        lambda one: one.declines_in_window,
        N_("%(count)s declined payments in a short time; more than %(limit)s are unusual."),
    ),
    "coupon_misses_velocity": _count(
        lambda one: one.coupon_misses_in_window,
        N_("%(count)s wrong coupon codes in a short time; more than %(limit)s are unusual."),
    ),
    "accounts_on_device": _count(
        lambda one: one.accounts_on_device,
        N_("%(count)s accounts share this device; more than %(limit)s are unusual."),
    ),
    "on_blocked_list": _on_blocked_list,
}

DEFAULT_RULES = RuleSet(
    rules=(
        Rule("on_blocked_list", points=100, mode=Mode.BLOCK),
        Rule(
            "amount_above",
            points=50,
            mode=Mode.REVIEW,
            limits={"KRW": 3_000_000, "JPY": 300_000, "USD": 250_000, "EUR": 250_000, "KWD": 750_000},
        ),
        Rule("amount_above_own_mean", points=25, limits={"times": 10, "orders_min": 3}),
        Rule(
            "new_account_large_amount",
            points=40,
            limits={"hours": 24, "KRW": 1_000_000, "JPY": 100_000, "USD": 80_000, "EUR": 80_000, "KWD": 250_000},
        ),
        Rule("orders_velocity", points=35, limits={"maximum": 10}),
        Rule("attempts_velocity", points=30, limits={"maximum": 15}),
        Rule("declines_velocity", points=30, limits={"maximum": 4}),
        Rule("coupon_misses_velocity", points=20, limits={"maximum": 10}),
        Rule("accounts_on_device", points=20, limits={"maximum": 4}),
    )
)


def evaluate(features: Features, rules: RuleSet = DEFAULT_RULES) -> Decision:
    """Score a payment. A block beats a review; trust spares the score and a review, never a blocked list.

    Raises KeyError for a rule without its threshold or an unknown test: what is stored is checked when it is saved.
    """
    fired = tuple(_fire(rules.rules, features))
    counted = [one for one in fired if one.mode is not Mode.MONITOR]
    score = min(SCORE_MAX, sum(one.points for one in counted))
    if any(one.mode is Mode.BLOCK for one in counted):
        return Decision(Outcome.BLOCK, score, fired)
    if features.trusted_by:
        return Decision(Outcome.ALLOW, score, fired)
    if score >= rules.block_from:
        return Decision(Outcome.BLOCK, score, fired)
    if score >= rules.review_from or any(one.mode is Mode.REVIEW for one in counted):
        return Decision(Outcome.REVIEW, score, fired)
    return Decision(Outcome.ALLOW, score, fired)


def _fire(rules: Iterable[Rule], features: Features) -> Iterable[Fired]:
    for rule in rules:
        reason = TESTS[rule.name](features, rule.limits)
        if reason:
            yield Fired(rule.name, rule.version, rule.points, rule.mode, *reason)
