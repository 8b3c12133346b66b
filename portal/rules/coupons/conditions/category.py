"""Only for products of these categories, the shelves within a section, or not for those."""

from dataclasses import dataclass

from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Group, register
from portal.rules.coupons.conditions.goods import GoodsCondition, in_and_out
from portal.rules.pricing import PricedLine


@register("category")
@dataclass(frozen=True, slots=True)
class Category(GoodsCondition):
    """Categories are sections of the second level."""

    title = N_("Category")
    group = Group.GOODS
    fields = in_and_out("category")
    source = "category"

    def ids_of(self, line: PricedLine) -> frozenset[int]:
        return line.section_ids
