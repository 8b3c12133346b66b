"""Only when it is paid in one of these ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Condition, Group, register
from portal.rules.coupons.conditions.fields import Field, FieldError, Kind, list_of, only
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Refusal, reject
from portal.rules.coupons.words import Named, Phrase
from portal.rules.pricing import PricedLine

METHODS = Field("methods", N_("Ways of paying"), Kind.KEYS, source="method")
WRONG_METHOD = Refusal(
    "COUPON_WRONG_METHOD",
    N_("This coupon is not valid for this way of paying."),
    N_("It is valid when you pay by %(methods)s."),
)


@register("payment_method")
@dataclass(frozen=True, slots=True)
class PaymentMethod(Condition):
    """`methods`: by their names in the gateways' list. Judged anew whenever the buyer chooses another one."""

    methods: frozenset[str]

    title = N_("Way of paying")
    group = Group.ORDER
    fields = (METHODS,)

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        found = list_of(params, METHODS)
        if not found:
            raise FieldError(METHODS.name, N_("Choose at least one way of paying."))
        return cls(found)

    def words(self) -> Sequence[Phrase]:
        return (Phrase(N_("when paid by %(methods)s"), {"methods": Named.of("method", self.methods)}),)

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        if facts.method in self.methods:
            return None
        return reject(WRONG_METHOD, methods=Named.of("method", self.methods))
