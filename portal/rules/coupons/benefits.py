"""What an applicable coupon takes off, as a discount for the pricing."""

from collections.abc import Sequence

from portal.rules.coupons.facts import Facts
from portal.rules.coupons.terms import UNLIMITED, CouponTerms, Standing
from portal.rules.pricing import Discount, Kind, PricedLine, Target


def is_in_currency(terms: CouponTerms, currency: str) -> bool:
    """Say whether the coupon has amounts in this currency.

    A percentage needs none, but bounds set in some currency are meant everywhere: without them here the coupon
    would be unlimited abroad.
    """
    if terms.kind is Kind.FIXED and currency not in terms.amounts:
        return False
    return not terms.max_discount or currency in terms.max_discount


def discount_of(
    terms: CouponTerms, facts: Facts, covered: Sequence[PricedLine], standing: Standing = UNLIMITED
) -> Discount:
    """Make the discount of a coupon on the covered lines, or on the fees of their stores.

    What is left of the budget is a maximum like any other.
    """
    caps = [cap for cap in (terms.max_discount.get(facts.currency), standing.budget_left_minor) if cap is not None]
    on_shipping = terms.target is Target.SHIPPING
    return Discount(
        key=terms.key,
        campaign_id=terms.campaign_id,
        name=terms.name,
        kind=terms.kind,
        target=terms.target,
        priority=terms.priority,
        issued_at=terms.issued_at,
        line_keys=frozenset() if on_shipping else frozenset(line.key for line in covered),
        store_ids=frozenset(line.store_id for line in covered) if on_shipping else frozenset(),
        percent=terms.percent,
        amount_minor=terms.amounts.get(facts.currency),
        max_discount_minor=min(caps) if caps else None,
        funded_by_store_id=terms.store_id,
    )
