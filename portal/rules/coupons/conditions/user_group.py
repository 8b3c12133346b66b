"""Only for these groups of people: customers, sellers, staff."""

from dataclasses import dataclass

from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Group, register
from portal.rules.coupons.conditions.fields import Field, Kind
from portal.rules.coupons.conditions.people import PeopleCondition
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Refusal


@register("user_group")
@dataclass(frozen=True, slots=True)
class UserGroup(PeopleCondition):
    """What somebody is here, by the roles of his account."""

    title = N_("Group of people")
    group = Group.PEOPLE
    fields = (Field("any_of", N_("Groups"), Kind.KEYS, source="group"),)
    source = "group"
    refusal = Refusal("COUPON_WRONG_GROUP", N_("This coupon is not for your account."), N_("It is for %(people)s."))

    def held(self, facts: Facts) -> frozenset[str]:
        return facts.groups
