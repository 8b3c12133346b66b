"""Only for these products, or not for those."""

from dataclasses import dataclass

from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Group, register
from portal.rules.coupons.conditions.goods import GoodsCondition, in_and_out
from portal.rules.pricing import PricedLine


@register("product")
@dataclass(frozen=True, slots=True)
class Product(GoodsCondition):
    """A product is one with all its variants."""

    title = N_("Product")
    group = Group.GOODS
    fields = in_and_out(
        "product", is_long=True, hint=N_("Numbers, SKUs or names from the address of their pages, one per line.")
    )
    source = "product"

    def ids_of(self, line: PricedLine) -> frozenset[int]:
        return frozenset({line.product_id})
