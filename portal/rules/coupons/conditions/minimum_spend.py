"""Only from some amount on, and up to some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.kit.money import Money
from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Condition, Group, register
from portal.rules.coupons.conditions.fields import Field, FieldError, Kind, amounts_of, only
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.words import Amounts, Phrase
from portal.rules.pricing import PricedLine

MINIMUM = Field("minimum", N_("At least"), Kind.AMOUNTS)
MAXIMUM = Field("maximum", N_("At most"), Kind.AMOUNTS)


@register("minimum_spend")
@dataclass(frozen=True, slots=True)
class MinimumSpend(Condition):
    """`minimum` and `maximum` per currency, in minor units, both inclusive.

    The covered lines count as they cost before any discount: whether a coupon is valid must not depend on which
    other ones are used with it. A bound set in some currency is meant everywhere: where it has none, the coupon is not
    valid.
    """

    minimum: Mapping[str, int]
    maximum: Mapping[str, int]

    title = N_("Spend")
    lead = N_("What the goods that the coupon is valid for cost, before any discount.")
    group = Group.ORDER
    fields = (MINIMUM, MAXIMUM)

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        minimum, maximum = amounts_of(params, MINIMUM), amounts_of(params, MAXIMUM)
        if not (minimum or maximum):
            raise FieldError(MINIMUM.name, N_("Enter an amount."))
        if any(maximum[currency] < least for currency, least in minimum.items() if currency in maximum):
            raise FieldError(MAXIMUM.name, N_("The most is not below the least."))
        return cls(minimum, maximum)

    def words(self) -> Sequence[Phrase]:
        found = []
        if self.minimum:
            found.append(Phrase(N_("from %(amounts)s on"), {"amounts": Amounts(self.minimum)}))
        if self.maximum:
            found.append(Phrase(N_("up to %(amounts)s"), {"amounts": Amounts(self.maximum)}))
        return found

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        if any(bounds and facts.currency not in bounds for bounds in (self.minimum, self.maximum)):
            return reject(Code.WRONG_CURRENCY, currency=facts.currency)
        spent = sum(line.gross_minor for line in covered)
        minimum = self.minimum.get(facts.currency)
        if minimum is not None and spent < minimum:
            return reject(
                Code.MIN_SPEND,
                minimum=Money(minimum, facts.currency),
                missing=Money(minimum - spent, facts.currency),
            )
        maximum = self.maximum.get(facts.currency)
        if maximum is not None and spent > maximum:
            return reject(Code.MAX_SPEND, maximum=Money(maximum, facts.currency))
        return None

    def is_minimum_met(self, currency: str, covered: Sequence[PricedLine]) -> bool:
        return sum(line.gross_minor for line in covered) >= self.minimum.get(currency, 0)
