"""What a rule of risk would have done with past decisions, by the features of then (FRD-02)."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from portal.kit.money import Money, round_half_up
from portal.rules.fraud import Outcome, Rule
from portal.rules.fraud_evaluation import ask
from portal.rules.fraud_features import Values

SAMPLE = 20
# A rule that fires this often tells nothing apart.
TOO_MANY_PERCENT = 20


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A decision as it was kept. `label` is True for a fraud, False for a false alarm, None where nobody knows."""

    id: uuid.UUID
    at: datetime
    event: str
    order_number: str | None
    currency: str | None
    values: Values
    outcome: Outcome
    fired: frozenset[str]
    label: bool | None


@dataclass(slots=True)
class Replay:
    """Counts of what the rule hits. `passed` are hits that were let through then; sums are minor units by currency."""

    asked: int = 0
    hits: int = 0
    frauds: int = 0
    false_alarms: int = 0
    passed: int = 0
    unsure: int = 0
    missed_frauds: int = 0
    hit_minor: Counter[str] = field(default_factory=Counter)
    fraud_minor: Counter[str] = field(default_factory=Counter)
    overlaps: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    sample: list[PastDecision] = field(default_factory=list)

    @property
    def unknown(self) -> int:
        """Hits of which nobody knows what they were."""
        return self.hits - self.frauds - self.false_alarms

    @property
    def share_percent(self) -> int:
        """How much of everything it hits."""
        return round_half_up(Fraction(100 * self.hits, self.asked)) if self.asked else 0

    @property
    def is_too_many(self) -> bool:
        return self.asked > 0 and 100 * self.hits >= TOO_MANY_PERCENT * self.asked

    @property
    def is_everything(self) -> bool:
        return self.asked > 0 and self.hits == self.asked

    @property
    def precision_percent(self) -> int | None:
        told = self.frauds + self.false_alarms
        return round_half_up(Fraction(100 * self.frauds, told)) if told else None


def replay(rule: Rule, past: Iterable[PastDecision]) -> Replay:
    """Ask the rule about each of them; nothing of today is looked at."""
    made = Replay()
    for one in past:
        made.asked += 1
        answer = ask(rule.node, one.values, one.currency)
        if answer.holds is None:
            made.unsure += 1
            made.missing.update(answer.missing)
        if not answer.holds:
            made.missed_frauds += one.label is True
            continue
        made.hits += 1
        made.frauds += one.label is True
        made.false_alarms += one.label is False
        made.passed += one.outcome is Outcome.ALLOW
        made.overlaps.update(one.fired - {rule.name})
        amount = one.values.get("amount")
        if isinstance(amount, Decimal) and one.currency:
            made.hit_minor[one.currency] += int(amount)
            made.fraud_minor[one.currency] += int(amount) if one.label else 0
        if len(made.sample) < SAMPLE:
            made.sample.append(one)
    return made


def amounts(minor: Counter[str]) -> Sequence[Money]:
    """Sums as money, without those of nothing."""
    return [Money(total, currency) for currency, total in sorted(minor.items()) if total]
