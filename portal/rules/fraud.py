"""How risky an event looks: rules over features, each with its version and what it saw (FRD-01, FRD-02, ORD-002).

Rules are data: conditions in the language of fraud_language.py. Those that a new mall has are in SHIPPED; an
administrator's edit is a new version. A rule whose condition cannot be answered, as a feature is missing, does not fire
and says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from portal.kit.text import N_
from portal.rules.fraud_evaluation import ask
from portal.rules.fraud_features import Values, to_json
from portal.rules.fraud_language import Node, names_in, parse

SCORE_MAX = 100
POINTS_MAX = 100
SIGN_IN = "sign_in"
# A paid order is to go elsewhere than was looked at.
ADDRESS_CHANGE = "address_change"


class Outcome(StrEnum):
    """What happens to the event. Review means authorised, neither captured nor fulfilled (PAY-11)."""

    ALLOW = "allow"
    STEP_UP = "step_up"
    REVIEW = "review"
    BLOCK = "block"


class Mode(StrEnum):
    """What a rule that fires does by itself. A monitored one is only noted (FRD-02)."""

    MONITOR = "monitor"
    SCORE = "score"
    STEP_UP = "step_up"
    REVIEW = "review"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule in one version. `source` is its condition as it was written. Raises ExpressionError."""

    name: str
    source: str
    version: int = 1
    points: int = 0
    mode: Mode = Mode.SCORE
    node: Node = field(init=False, repr=False, compare=False)
    asks: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "node", parse(self.source))
        object.__setattr__(self, "asks", names_in(self.node))


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired, and the values that it asked about.

    A `shadow` is a version that is only tried beside the one in force; `snoozed` one that was told to be quiet here.
    """

    rule: Rule
    values: Mapping[str, object]
    shadow: bool = False
    snoozed: bool = False

    @property
    def counts(self) -> bool:
        """Whether it has a say in the outcome."""
        return not self.shadow and not self.snoozed and self.rule.mode is not Mode.MONITOR


@dataclass(frozen=True, slots=True)
class Unsure:
    """A rule whose condition could not be answered, and what was missing."""

    rule: Rule
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in force, those in shadow, and the scores from which they matter. Both bounds are inclusive."""

    rules: tuple[Rule, ...]
    shadows: tuple[Rule, ...] = ()
    stamp: int = 0
    review_from: int = 50
    block_from: int = 90

    @property
    def versions(self) -> dict[str, int]:
        return {rule.name: rule.version for rule in self.rules}


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, 0 to 100 points, every rule that fired, and every one that could not be asked."""

    outcome: Outcome
    score: int
    fired: tuple[Fired, ...] = ()
    unsure: tuple[Unsure, ...] = ()
    # The row that is kept of it.
    row: Mapping[str, object] | None = field(default=None, compare=False, repr=False)


# What a new mall goes by. Each is version 1 of its rule; the words are what it is called.
SHIPPED: Mapping[str, Rule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            Rule("on_blocked_list", "count(blocked_by) > 0", points=100, mode=Mode.BLOCK),
            Rule(
                "amount_above",
                "amount > 3_000_000 KRW | 300_000 JPY | 2500 USD | 2500 EUR | 750 KWD",
                points=50,
                mode=Mode.REVIEW,
            ),
            Rule("amount_above_own_mean", "paid_orders >= 3 and amount / own_mean > 10", points=25),
            Rule(
                "new_account_large_amount",
                "account_age < 24 h and amount > 1_000_000 KRW | 100_000 JPY | 800 USD | 800 EUR | 250 KWD",
                points=40,
            ),
            Rule("orders_velocity", "orders_1h > 10", points=35),
            Rule("attempts_velocity", "attempts_1h > 15", points=30),
            Rule("declines_velocity", "declines_1h > 4", points=30),
            Rule("coupon_misses_velocity", "coupon_misses_1h > 10", points=20),
            Rule("accounts_on_device", "accounts_on_device > 4", points=20),
            # Without tables of addresses these say nothing, and need not say so of every event.
            Rule(
                "impossible_travel",
                "not missing(travel_speed) and travel_distance > 500 and travel_speed > 1_000",
                points=30,
            ),
            Rule("from_datacenter", "not missing(datacenter) and datacenter", points=15),
            Rule("card_testing", "declines_1h >= 10", points=60, mode=Mode.BLOCK),
            # Card networks charge for a card that is tried again more than 10 times a day or 15 to 35 times a month:
            # whoever fails oftener, and hardly ever pays, tries other people's.
            Rule(
                "slow_card_testing",
                "declines_24h >= 10 or declines_30d >= 25 and declines_30d > 3 * paid_orders",
                points=60,
                mode=Mode.BLOCK,
            ),
            Rule("account_farm", "accounts_on_device >= 5 and account_age < 24 h", points=50, mode=Mode.REVIEW),
            Rule("coupon_farm", "accounts_on_device >= 5 and coupons > 0", points=50, mode=Mode.REVIEW),
            Rule("mileage_mules", 'event = "mileage_gift" and accounts_on_device >= 4', points=60, mode=Mode.BLOCK),
            Rule("top_up_velocity", 'event = "top_up" and attempts_24h >= 8', points=50, mode=Mode.REVIEW),
            # Deposit is there to buy with: who only fills and empties it, in whatever steps, is looked at.
            Rule(
                "top_up_steps",
                'event = "top_up" and top_ups_7d >= 12 and topped_up_7d > 2 * spent_7d',
                points=50,
                mode=Mode.REVIEW,
            ),
            Rule(
                "pass_through",
                'event = "withdrawal" and withdrawn_30d + amount > 2_000_000 KRW | 200_000 JPY | 1600 USD | 1500 EUR'
                " and withdrawn_30d + amount > 2 * spent_30d",
                points=50,
                mode=Mode.REVIEW,
            ),
            Rule("refund_habit", "refunds_90d >= 5 and refunds_90d * 2 > paid_orders", points=50, mode=Mode.REVIEW),
        )
    }
)
TITLES: Mapping[str, str] = MappingProxyType(
    {
        "on_blocked_list": N_("Stands on a blocked list"),
        "amount_above": N_("Large amount"),
        "amount_above_own_mean": N_("Far above this buyer's usual amount"),
        "new_account_large_amount": N_("Large amount from a new account"),
        "orders_velocity": N_("Many orders in a short time"),
        "attempts_velocity": N_("Many payment attempts in a short time"),
        "declines_velocity": N_("Many declined payments in a short time"),
        "coupon_misses_velocity": N_("Many wrong coupon codes in a short time"),
        "accounts_on_device": N_("Many accounts on one device"),
        "impossible_travel": N_("Farther from the event before than anybody flies"),
        "from_datacenter": N_("Comes from a data centre"),
        "card_testing": N_("Cards are tried one after another"),
        "slow_card_testing": N_("Cards are tried one after another, slowly"),
        "account_farm": N_("A new account on a device of many accounts"),
        "coupon_farm": N_("Coupons used by many accounts on one device"),
        "mileage_mules": N_("Points sent on from a device of many accounts"),
        "top_up_velocity": N_("Many top-ups in a day"),
        "top_up_steps": N_("Many top-ups in a week, and little is bought"),
        "pass_through": N_("More is withdrawn than bought"),
        "refund_habit": N_("Most orders are given back"),
    }
)
DEFAULT_RULES = RuleSet(tuple(SHIPPED.values()))


def evaluate(
    values: Values, currency: str | None, rules: RuleSet = DEFAULT_RULES, *, snoozed: Collection[str] = ()
) -> Decision:
    """Score an event. A block beats a review, a review a step-up; trust spares all of it, never a rule that blocks.

    A sign-in moves no money: only rules that ask for `event` are asked about it.
    """
    fired: list[Fired] = []
    unsure: list[Unsure] = []
    for rule, shadow in [*((one, False) for one in rules.rules), *((one, True) for one in rules.shadows)]:
        if values.get("event") == SIGN_IN and "event" not in rule.asks:
            continue
        answer = ask(rule.node, values, currency)
        if answer.holds:
            seen = to_json({name: values.get(name) for name in sorted(rule.asks)})
            fired.append(Fired(rule, seen, shadow, snoozed=rule.name in snoozed))
        elif answer.holds is None:
            unsure.append(Unsure(rule, answer.missing))
    counted = [one.rule for one in fired if one.counts]
    score = min(SCORE_MAX, sum(rule.points for rule in counted))
    outcome = _outcome(counted, score, rules, is_trusted=bool(values.get("trusted_by")))
    return Decision(outcome, score, tuple(fired), tuple(unsure))


def _outcome(counted: Sequence[Rule], score: int, rules: RuleSet, *, is_trusted: bool) -> Outcome:
    modes = {rule.mode for rule in counted}
    if Mode.BLOCK in modes:
        return Outcome.BLOCK
    if is_trusted:
        return Outcome.ALLOW
    if score >= rules.block_from:
        return Outcome.BLOCK
    if score >= rules.review_from or Mode.REVIEW in modes:
        return Outcome.REVIEW
    return Outcome.STEP_UP if Mode.STEP_UP in modes else Outcome.ALLOW
