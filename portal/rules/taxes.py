"""Which rate of tax goods bear: by channel and section, from a moment on (ORD-13). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

# Since when the rate counts with which a channel was made.
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
PERCENT_MAX = Decimal(100)
# Digits behind the point of a percentage.
PERCENT_PLACES = 4


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A channel's rate from a moment on: Decimal("0.1") is 10 %.

    With `section_id` for the goods of that section and of those below it; without one for all goods that no section's
    rate is for, and for shipping. Then `inclusive` says whether prices hold the tax.
    """

    rate: Decimal
    valid_from: datetime
    section_id: int | None = None
    inclusive: bool | None = None


@dataclass(frozen=True, slots=True)
class Taxes:
    """What a channel's goods bear at one moment. `rate` is that of shipping, too."""

    rate: Decimal
    inclusive: bool
    by_section: Mapping[int, Decimal]

    def rate_of(self, lineage: Iterable[int | None]) -> Decimal:
        """The rate of goods of a section; `lineage` is the section and those above it, the nearest first."""
        return next((self.by_section[one] for one in lineage if one is not None and one in self.by_section), self.rate)


def taxes_at(rules: Iterable[TaxRule], now: datetime) -> Taxes:
    """What holds at `now`: of each section, and of the whole channel, the rule that began last."""
    held: dict[int | None, TaxRule] = {}
    for rule in sorted(rules, key=lambda one: one.valid_from):
        if rule.valid_from <= now:
            held[rule.section_id] = rule
    whole = held.get(None)
    return Taxes(
        rate=whole.rate if whole else Decimal(0),
        inclusive=True if whole is None or whole.inclusive is None else whole.inclusive,
        by_section={section: rule.rate for section, rule in held.items() if section is not None},
    )


def rate_of_percent(percent: Decimal) -> Decimal | None:
    """A percentage as a share of the price; None where it is below 0, above 100 or finer than four digits."""
    if not percent.is_finite() or not 0 <= percent <= PERCENT_MAX:
        return None
    exponent = percent.normalize().as_tuple().exponent
    return percent / 100 if isinstance(exponent, int) and exponent >= -PERCENT_PLACES else None
