"""Only for orders that are sent to these countries."""

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

COUNTRIES = Field("countries", N_("Countries of delivery"), Kind.KEYS, source="country")
WRONG_REGION = Refusal(
    "COUPON_WRONG_REGION",
    N_("This coupon is not valid for this delivery address."),
    N_("It is valid for deliveries to %(countries)s."),
)


@register("region")
@dataclass(frozen=True, slots=True)
class Region(Condition):
    """`countries`: two letters each, of the delivery address. Without an address the coupon waits for one."""

    countries: frozenset[str]

    title = N_("Region")
    group = Group.PLACE
    fields = (COUNTRIES,)

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        found = list_of(params, COUNTRIES)
        if not found or any(not (len(one) == 2 and one.isascii() and one.isupper()) for one in found):
            raise FieldError(COUNTRIES.name, N_("Choose at least one country."))
        return cls(found)

    def words(self) -> Sequence[Phrase]:
        return (Phrase(N_("for deliveries to %(countries)s"), {"countries": Named.of("country", self.countries)}),)

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        if facts.country in self.countries:
            return None
        return reject(WRONG_REGION, countries=Named.of("country", self.countries))
