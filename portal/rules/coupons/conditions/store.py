"""Only for what these stores sell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.rules.coupons.conditions.base import Condition, ids, register
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.pricing import PricedLine


@register("store")
@dataclass(frozen=True, slots=True)
class Store(Condition):
    """`store_ids`: whose products the coupon covers."""

    store_ids: frozenset[int]

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        return cls(ids(params, "store_ids"))

    def covers(self, line: PricedLine) -> bool:
        return line.store_id in self.store_ids

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        if any(self.covers(line) for line in facts.lines):
            return None if covered else reject(Code.WRONG_PRODUCTS)
        return reject(Code.WRONG_STORE)
