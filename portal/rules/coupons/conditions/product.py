"""Only for these products, or not for those."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.rules.coupons.conditions.base import Condition, ids, register
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.pricing import PricedLine


@register("product")
@dataclass(frozen=True, slots=True)
class Product(Condition):
    """`included` (empty is all) and `excluded` product ids. Excluded wins."""

    included: frozenset[int]
    excluded: frozenset[int]

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        return cls(ids(params, "included"), ids(params, "excluded"))

    def covers(self, line: PricedLine) -> bool:
        if line.product_id in self.excluded:
            return False
        return not self.included or line.product_id in self.included

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        return None if covered else reject(Code.WRONG_PRODUCTS)
