"""Only from some number of items on, and up to some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Condition, Group, register
from portal.rules.coupons.conditions.fields import Field, FieldError, Kind, only, whole_of
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Refusal, reject
from portal.rules.coupons.words import Phrase
from portal.rules.pricing import PricedLine

MINIMUM = Field("minimum", N_("Items at least"), Kind.WHOLE, maximum=9_999)
MAXIMUM = Field("maximum", N_("Items at most"), Kind.WHOLE, maximum=9_999)
TOO_FEW = Refusal(
    "COUPON_TOO_FEW_ITEMS",
    N_("This coupon is valid from %(minimum)s items on."),
    N_("Add %(missing)s more."),
)
TOO_MANY = Refusal("COUPON_TOO_MANY_ITEMS", N_("This coupon is valid for up to %(maximum)s items."))


@register("quantity")
@dataclass(frozen=True, slots=True)
class Quantity(Condition):
    """`minimum` and `maximum` number of units among the covered lines, both inclusive; None is no bound."""

    minimum: int | None
    maximum: int | None

    title = N_("Quantity")
    lead = N_("How many pieces of what the coupon is valid for.")
    group = Group.ORDER
    fields = (MINIMUM, MAXIMUM)

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        minimum, maximum = whole_of(params, MINIMUM), whole_of(params, MAXIMUM)
        if minimum is None and maximum is None:
            raise FieldError(MINIMUM.name, N_("Enter a number."))
        if minimum is not None and maximum is not None and maximum < minimum:
            raise FieldError(MAXIMUM.name, N_("The most is not below the least."))
        return cls(minimum, maximum)

    def words(self) -> Sequence[Phrase]:
        found = []
        if self.minimum is not None:
            found.append(Phrase(N_("from %(count)s items on"), {"count": self.minimum}))
        if self.maximum is not None:
            found.append(Phrase(N_("up to %(count)s items"), {"count": self.maximum}))
        return found

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        units = sum(line.quantity for line in covered)
        if self.minimum is not None and units < self.minimum:
            return reject(TOO_FEW, minimum=self.minimum, missing=self.minimum - units)
        if self.maximum is not None and units > self.maximum:
            return reject(TOO_MANY, maximum=self.maximum)
        return None

    def is_minimum_met(self, currency: str, covered: Sequence[PricedLine]) -> bool:
        return sum(line.quantity for line in covered) >= (self.minimum or 0)
