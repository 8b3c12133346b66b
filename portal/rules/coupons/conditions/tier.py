"""Only for members of these loyalty tiers."""

from dataclasses import dataclass

from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Group, register
from portal.rules.coupons.conditions.fields import Field, Kind
from portal.rules.coupons.conditions.people import PeopleCondition
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Refusal


@register("tier")
@dataclass(frozen=True, slots=True)
class Tier(PeopleCondition):
    """The tier that the buyer has when he orders."""

    title = N_("Loyalty tier")
    group = Group.PEOPLE
    fields = (Field("any_of", N_("Tiers"), Kind.KEYS, source="tier"),)
    source = "tier"
    # It stands beside his balances, which every quote reads.
    asks_about_person = False
    refusal = Refusal(
        "COUPON_WRONG_TIER", N_("This coupon is for members of another tier."), N_("It is for %(people)s.")
    )

    def held(self, facts: Facts) -> frozenset[str]:
        return frozenset({facts.tier} if facts.tier else ())
