"""Only from some amount on, and up to some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.kit.money import Money
from portal.rules.coupons.conditions.base import Condition, register
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.pricing import PricedLine


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

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        minimum, maximum = dict(params.get("minimum", {})), dict(params.get("maximum", {}))
        if any(type(amount) is not int or amount < 0 for amount in (*minimum.values(), *maximum.values())):
            raise ValueError("amounts are whole minor units")
        return cls(minimum, maximum)

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
