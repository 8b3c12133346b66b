"""Only for a buyer who has paid for no order yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Condition, Group, register
from portal.rules.coupons.conditions.fields import Field, Kind, only
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.words import Phrase
from portal.rules.pricing import PricedLine


@register("first_order")
@dataclass(frozen=True, slots=True)
class FirstOrder(Condition):
    """Takes no parameters."""

    title = N_("First order")
    group = Group.PEOPLE
    fields = (Field("wanted", N_("Only for a first order"), Kind.FLAG),)

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        return cls()

    def words(self) -> Sequence[Phrase]:
        return (Phrase(N_("on a first order")),)

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        return reject(Code.FIRST_ORDER_ONLY) if facts.paid_orders else None
