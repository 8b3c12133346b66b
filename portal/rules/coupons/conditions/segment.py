"""Only for these kinds of buyers, by what they have bought."""

from dataclasses import dataclass

from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Group, register
from portal.rules.coupons.conditions.fields import Field, Kind
from portal.rules.coupons.conditions.people import PeopleCondition
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Refusal


@register("segment")
@dataclass(frozen=True, slots=True)
class Segment(PeopleCondition):
    """Segments are worked out from paid orders at the moment of the order (segments.py)."""

    title = N_("Segment")
    group = Group.PEOPLE
    fields = (Field("any_of", N_("Segments"), Kind.KEYS, source="segment"),)
    source = "segment"
    refusal = Refusal("COUPON_WRONG_SEGMENT", N_("This coupon is not for your account."), N_("It is for %(people)s."))

    def held(self, facts: Facts) -> frozenset[str]:
        return facts.segments
