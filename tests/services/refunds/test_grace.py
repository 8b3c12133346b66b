"""A coupon's grace after its end: what a refund gives back within it can be used again, and after it no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_coupon, make_order
from tests.factories.refund import ask_refund, lines_of, plan, rows

GRACE = timedelta(hours=24)
MOMENT = timedelta(seconds=1)


@pytest.mark.req("CPN-11", "REF-02")
@pytest.mark.parametrize(
    ("after_its_end", "why", "status"),
    [(-MOMENT, "back", "released"), (GRACE - MOMENT, "back", "released"), (GRACE, "expired", "redeemed")],
)
def test_a_refund_gives_a_coupon_back_until_its_grace_is_over(
    books: None, after_its_end: timedelta, why: str, status: str
) -> None:
    mall, bea = make_mall(), make_person("bea")
    ends_at = clock.now() + timedelta(hours=1)
    make_coupon("GRACE", valid_until=ends_at, grace_hours=24, per_user_cap=1)
    variant = make_variant(mall, krw=10_000)
    order = make_order(bea, mall, {variant: 1}, codes=["GRACE"])
    assert rows("SELECT status FROM coupon_use") == [("redeemed",)]

    with clock.frozen(ends_at + after_its_end):
        assert [one.why for one in plan(order).plan.coupons] == [why]
        ask_refund(order)
        assert rows("SELECT status FROM coupon_use") == [(status,)]
        again = make_order(bea, mall, {variant: 1}, codes=["GRACE"])
    discounts = rows("SELECT discount_minor FROM order_line WHERE order_id = :id", id=again.id)
    assert discounts == [(1_000 if why == "back" else 0,)]


@pytest.mark.req("CPN-11", "REF-05")
def test_a_part_of_what_a_coupon_was_used_for_does_not_bring_it_back_though_the_grace_lasts(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    ends_at = clock.now() + timedelta(hours=1)
    make_coupon("GRACE", valid_until=ends_at, grace_hours=24)
    order = make_order(bea, mall, {make_variant(mall, krw=10_000): 2}, codes=["GRACE"])
    with clock.frozen(ends_at + GRACE - MOMENT):
        ask_refund(order, {lines_of(order)[0]: 1})
        assert rows("SELECT status FROM coupon_use") == [("redeemed",)]
        ask_refund(order)
        assert rows("SELECT status FROM coupon_use") == [("released",)]
