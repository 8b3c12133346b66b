"""Only for a buyer who has paid for no order yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.rules.coupons.conditions.base import Condition, register
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.pricing import PricedLine


@register("first_order")
@dataclass(frozen=True, slots=True)
class FirstOrder(Condition):
    """Takes no parameters."""

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        if params:
            raise ValueError("this condition has no parameters")
        return cls()

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        return reject(Code.FIRST_ORDER_ONLY) if facts.paid_orders else None
