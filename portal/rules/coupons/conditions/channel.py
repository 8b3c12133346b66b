"""Only on these channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.rules.coupons.conditions.base import Condition, ids, register
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.pricing import PricedLine


@register("channel")
@dataclass(frozen=True, slots=True)
class Channel(Condition):
    """`channel_ids`: where the coupon is valid."""

    channel_ids: frozenset[int]

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        return cls(ids(params, "channel_ids"))

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        return None if facts.channel_id in self.channel_ids else reject(Code.WRONG_CHANNEL)
