"""What purchases earn: rules of rates and multipliers, resolved in one stated order, with caps (BAL-04).

For each line the rate of the nearest rule counts: of its product before its category (the nearest one first), before
its store, before all goods; of rules equally near the upper one. Where none fits, the channel's own rate counts. Of
the multipliers that fit the highest counts, and the multiplier of the buyer's tier comes on top. Caps lower the whole,
the order's first, then the month's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from portal.kit.money import allocate
from portal.kit.text import N_
from portal.rules.mileage import earned

RULES_MAX = 50
POINTS_MAX = 1_000_000
MULTIPLIER_MAX = Decimal(10)
LIFE_DAYS_MAX = 3_650
NAME_LENGTH_MAX = 60
SOURCES = ("sign_up_points", "review_points", "referrer_points", "referee_points")


@dataclass(frozen=True, slots=True)
class EarnRule:
    """A rate or a multiplier, and for what it counts. A condition that is empty is not asked.

    `percent` says what the points are worth in hundredths of what was paid. `ends_at` is exclusive.
    """

    name: str
    percent: Decimal | None = None
    multiplier: Decimal | None = None
    product_ids: frozenset[int] = frozenset()
    section_ids: frozenset[int] = frozenset()
    store_ids: frozenset[int] = frozenset()
    channel_ids: frozenset[int] = frozenset()
    tiers: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def is_rate(self) -> bool:
        return self.percent is not None

    def fits(self, line: EarnLine, buyer: Earner) -> bool:
        """Whether the rule counts for a line of this buyer at this moment."""
        return (
            (not self.product_ids or line.product_id in self.product_ids)
            and (not self.section_ids or not self.section_ids.isdisjoint(line.section_ids))
            and (not self.store_ids or line.store_id in self.store_ids)
            and (not self.channel_ids or buyer.channel_id in self.channel_ids)
            and (not self.tiers or buyer.tier in self.tiers)
            and (not self.segments or not self.segments.isdisjoint(buyer.segments))
            and (self.starts_at is None or self.starts_at <= buyer.now)
            and (self.ends_at is None or buyer.now < self.ends_at)
        )

    def nearness(self, line: EarnLine) -> tuple[int, int]:
        """How near to a line the rule is: more is nearer."""
        if self.product_ids:
            return (3, 0)
        if self.section_ids:
            return (2, -next(n for n, one in enumerate(line.section_ids) if one in self.section_ids))
        return (1 if self.store_ids else 0, 0)

    @property
    def level(self) -> str:
        """What it is about: product, section, store or all."""
        return (
            "product" if self.product_ids else "section" if self.section_ids else "store" if self.store_ids else "all"
        )


@dataclass(frozen=True, slots=True)
class EarnTerms:
    """A version of the rules. Version 0 has none: each channel's own rate counts, and nothing else is given."""

    version: int = 0
    rules: tuple[EarnRule, ...] = ()
    order_cap: int | None = None
    month_cap: int | None = None
    life_days: int = 365
    sign_up_points: int = 0
    review_points: int = 0
    referrer_points: int = 0
    referee_points: int = 0


NO_TERMS = EarnTerms()


@dataclass(frozen=True, slots=True)
class EarnLine:
    """A line as it is paid. `section_ids` begin with its own category; then the one above, and so on.

    `paid_minor` is what gateway and deposit bear; the tax within `to_pay_minor` earns nothing (rule 6).
    """

    product_id: int
    store_id: int
    section_ids: tuple[int, ...]
    paid_minor: int
    tax_minor: int = 0
    to_pay_minor: int = 0


@dataclass(frozen=True, slots=True)
class Earner:
    """Who buys, where and when. `base_rate` is the channel's own, in points per minor unit; `point_value` in those.

    `segments` are the keys of the mall's own (INC-02).
    """

    now: datetime
    channel_id: int
    base_rate: Fraction
    point_value: Fraction = Fraction(1)
    tier: str | None = None
    tier_multiplier: Decimal = Decimal(1)
    segments: frozenset[str] = frozenset()
    earned_this_month: int = 0


@dataclass(frozen=True, slots=True)
class Earned:
    """What an order earns: points by line, and by place from 1 which rules decided. `cap` is order, month or None."""

    points: tuple[int, ...]
    rate_rules: tuple[int | None, ...]
    multiplier_rules: tuple[int | None, ...]
    cap: str | None = None

    @property
    def total(self) -> int:
        return sum(self.points)


def earn(terms: EarnTerms, lines: Sequence[EarnLine], buyer: Earner) -> Earned:
    """Return what the lines of one order earn, in points; whole points by line, rounded down (rule 6)."""
    points: list[int] = []
    rates: list[int | None] = []
    multipliers: list[int | None] = []
    for line in lines:
        rate, rate_rule, multiplier_rule = rate_of(terms, line, buyer)
        rates.append(rate_rule)
        multipliers.append(multiplier_rule)
        points.append(
            earned(
                rate,
                gateway_minor=line.paid_minor,
                deposit_minor=0,
                tax_minor=line.tax_minor,
                to_pay_minor=line.to_pay_minor,
            )
        )
    cap = None
    for name, most in (
        ("order", terms.order_cap),
        ("month", None if terms.month_cap is None else max(0, terms.month_cap - buyer.earned_this_month)),
    ):
        if most is not None and sum(points) > most:
            points, cap = allocate(most, points), name
    return Earned(tuple(points), tuple(rates), tuple(multipliers), cap)


def rate_of(terms: EarnTerms, line: EarnLine, buyer: Earner) -> tuple[Fraction, int | None, int | None]:
    """Return the points per minor unit of a line, with the places of the rate's and the multiplier's rule."""
    fitting = [(n, rule) for n, rule in enumerate(terms.rules, start=1) if rule.fits(line, buyer)]
    rates = [(rule.nearness(line), -n, rule) for n, rule in fitting if rule.is_rate]
    rate, rate_rule = buyer.base_rate, None
    if rates:
        _, place, found = max(rates, key=lambda one: one[:2])
        rate, rate_rule = Fraction(found.percent or 0) / 100 / buyer.point_value, -place
    highest = max(((rule.multiplier, -n) for n, rule in fitting if rule.multiplier is not None), default=None)
    if highest is not None:
        rate *= Fraction(highest[0])
    return rate * Fraction(buyer.tier_multiplier), rate_rule, -highest[1] if highest else None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rules, by their places from 1, that may fit the same goods: of rates `upper` counts, else the higher."""

    upper: int
    lower: int
    is_rate: bool


def overlaps(rules: Sequence[EarnRule]) -> list[Overlap]:
    """Return the pairs of rules between which the stated order will have to decide, where nearness does not."""
    return [
        Overlap(n, m, one.is_rate)
        for n, one in enumerate(rules, start=1)
        for m, other in enumerate(rules[n:], start=n + 1)
        if one.is_rate == other.is_rate and (not one.is_rate or one.level == other.level) and _meet(one, other)
    ]


def _meet(one: EarnRule, other: EarnRule) -> bool:
    pairs = (
        (one.product_ids, other.product_ids),
        (one.section_ids, other.section_ids),
        (one.store_ids, other.store_ids),
        (one.channel_ids, other.channel_ids),
        (one.tiers, other.tiers),
        # Who is in two segments meets both rules: segments keep nothing apart.
    )
    starts = [at for at in (one.starts_at, other.starts_at) if at is not None]
    ends = [at for at in (one.ends_at, other.ends_at) if at is not None]
    in_time = not starts or not ends or max(starts) < min(ends)
    return in_time and all(not a or not b or a & b for a, b in pairs)


def rule_faults(rule: EarnRule, known: Known) -> dict[str, str]:
    """What cannot be so in a rule: a sentence by the field's name; nothing for a sound one."""
    faults: dict[str, str] = {}
    if not 0 < len(rule.name.strip()) <= NAME_LENGTH_MAX:
        faults["name"] = N_("Name the rule, with at most 60 characters.")
    if (rule.percent is None) == (rule.multiplier is None):
        faults["amount"] = N_("A rule has a rate or a multiplier.")
    elif rule.percent is not None and not (rule.percent.is_finite() and 0 <= rule.percent <= 100):
        faults["amount"] = N_("The rate is between 0 and 100 percent.")
    elif rule.multiplier is not None and not (rule.multiplier.is_finite() and 0 < rule.multiplier <= MULTIPLIER_MAX):
        faults["amount"] = N_("The multiplier is above 0 and at most 10.")
    for name, wanted, there in (
        ("products", rule.product_ids, known.product_ids),
        ("sections", rule.section_ids, known.section_ids),
        ("stores", rule.store_ids, known.store_ids),
        ("channels", rule.channel_ids, known.channel_ids),
        ("tiers", rule.tiers, known.tiers),
        ("segments", rule.segments, known.segments),
    ):
        if not set(wanted) <= set(there):
            faults[name] = N_("Something of this there is not (any more). Choose again.")
    if rule.starts_at is not None and rule.ends_at is not None and rule.ends_at <= rule.starts_at:
        faults["period"] = N_("The end is after the beginning.")
    return faults


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may name."""

    product_ids: Collection[int] = ()
    section_ids: Collection[int] = ()
    store_ids: Collection[int] = ()
    channel_ids: Collection[int] = ()
    tiers: Collection[str] = ()
    segments: Collection[str] = ()


def terms_faults(terms: EarnTerms, known: Known) -> dict[tuple[int, str], str]:
    """What cannot be so in a version: a sentence by the rule's place, from 1 (0 for the whole), and the field."""
    faults: dict[tuple[int, str], str] = {}
    if len(terms.rules) > RULES_MAX:
        faults[RULES_MAX + 1, "name"] = N_("A version has at most 50 rules.")
    for n, rule in enumerate(terms.rules, start=1):
        faults |= {(n, name): sentence for name, sentence in rule_faults(rule, known).items()}
    for name in ("order_cap", "month_cap"):
        cap = getattr(terms, name)
        if cap is not None and not 1 <= cap <= POINTS_MAX:
            faults[0, name] = N_("A cap is between 1 and 1,000,000 points; leave it empty for none.")
    for name in SOURCES:
        if not 0 <= getattr(terms, name) <= POINTS_MAX:
            faults[0, name] = N_("Give between 0 and 1,000,000 points.")
    if not 1 <= terms.life_days <= LIFE_DAYS_MAX:
        faults[0, "life_days"] = N_("Points live between 1 and 3,650 days.")
    return faults


_NUMBERS = tuple(one.name for one in fields(EarnTerms) if one.name not in {"version", "rules"})


def to_json(terms: EarnTerms) -> dict[str, Any]:
    """A version as it is stored, without its number; what a rule does not ask is absent."""
    rules = [
        {
            one.name: _stored(value)
            for one in fields(EarnRule)
            if (value := getattr(rule, one.name)) not in (None, frozenset())
        }
        for rule in terms.rules
    ]
    return {"rules": rules} | {name: getattr(terms, name) for name in _NUMBERS}


def from_json(version: int, stored: Mapping[str, Any]) -> EarnTerms:
    """A version as it was stored."""
    return EarnTerms(
        version,
        tuple(_rule(one) for one in stored["rules"]),
        **{name: stored[name] for name in _NUMBERS if name in stored},
    )


def _stored(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else value


def _rule(stored: Mapping[str, Any]) -> EarnRule:
    def ids(name: str) -> frozenset[Any]:
        found: Iterable[Any] = stored.get(name, ())
        return frozenset(found)

    return EarnRule(
        name=stored["name"],
        percent=Decimal(stored["percent"]) if "percent" in stored else None,
        multiplier=Decimal(stored["multiplier"]) if "multiplier" in stored else None,
        product_ids=ids("product_ids"),
        section_ids=ids("section_ids"),
        store_ids=ids("store_ids"),
        channel_ids=ids("channel_ids"),
        tiers=ids("tiers"),
        segments=ids("segments"),
        starts_at=datetime.fromisoformat(stored["starts_at"]) if "starts_at" in stored else None,
        ends_at=datetime.fromisoformat(stored["ends_at"]) if "ends_at" in stored else None,
    )
