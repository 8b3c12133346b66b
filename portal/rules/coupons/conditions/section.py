"""Only for products of these sections, or not for those."""

from dataclasses import dataclass

from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Group, register
from portal.rules.coupons.conditions.goods import GoodsCondition, in_and_out
from portal.rules.pricing import PricedLine


@register("section")
@dataclass(frozen=True, slots=True)
class Section(GoodsCondition):
    """A section is one with everything on its shelves."""

    title = N_("Section")
    group = Group.GOODS
    fields = in_and_out("section")
    source = "section"

    def ids_of(self, line: PricedLine) -> frozenset[int]:
        return line.section_ids
