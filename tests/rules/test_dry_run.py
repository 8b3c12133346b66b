"""A campaign over past orders: limits and sharing as they would have been, and nothing of its schedule (CPN-12)."""

import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from portal.rules.coupons.dry_run import PastOrder, replay
from portal.rules.coupons.funding import Funder, Funding
from portal.rules.coupons.terms import Limits
from tests.rules.carts import STORE_A, STORE_B
from tests.rules.test_coupons import CART, coupon, limited

pytestmark = pytest.mark.req("CPN-12")


def past(n: int, *, buyer: int = 1, day: int = 0, used: tuple[int, ...] = (), **facts: Any) -> PastOrder:
    """An order of 25,000: 20,000 at store A and 5,000 at store B."""
    now = CART.now - timedelta(days=400 - day)
    return PastOrder(UUID(int=n), UUID(int=buyer), dataclasses.replace(CART, now=now, **facts), now.date(), used)


def test_who_would_have_qualified_and_what_it_would_have_cost() -> None:
    orders = [past(1), past(2, buyer=2, day=1, used=(7,)), past(3, buyer=2, day=1, channel_id=9)]
    found = replay(limited("channel", channel_ids=[1]), Limits(), Funding(), orders)
    assert (found.looked_at, found.qualified, found.people) == (3, 2, 2)
    run = found.by_currency["KRW"]
    assert (run.cost_minor, run.sales_minor, run.average_minor, run.platform_minor) == (5_000, 50_000, 2_500, 5_000)
    assert {store: cost.cost_minor for store, cost in run.stores.items()} == {STORE_A: 4_000, STORE_B: 1_000}
    assert [day.cost_minor for day in run.days.values()] == [2_500, 2_500]
    assert found.reasons == [("channel", 1)]
    assert found.overlap == {7: 1}


def test_what_stores_would_have_borne() -> None:
    funding = Funding(Funder.SHARED, {STORE_A: Decimal(40)})
    run = replay(coupon(), Limits(), funding, [past(1)]).by_currency["KRW"]
    assert (run.platform_minor, run.stores[STORE_A].store_minor, run.stores[STORE_B].store_minor) == (1_700, 800, 0)


@pytest.mark.parametrize(
    ("limits", "cost", "limited_by"),
    [
        (Limits(total=2), 5_000, {"total": 2}),
        (Limits(per_user=1), 5_000, {"per_user": 2}),
        (Limits(per_day=1), 5_000, {"per_day": 2}),
        (Limits(budgets={"KRW": 6_000}), 6_000, {"budget": 1}),
        (Limits(budgets={"USD": 1}), 10_000, {}),
    ],
)
def test_limits_are_used_up_in_the_order_of_time(limits: Limits, cost: int, limited_by: dict[str, int]) -> None:
    orders = [past(1), past(2, day=1), past(3, buyer=2), past(4, buyer=2, day=1)]
    found = replay(coupon(), limits, Funding(), orders)
    assert found.by_currency["KRW"].cost_minor == cost
    assert found.limited == limited_by


def test_a_maximum_holds() -> None:
    assert (
        replay(coupon(max_discount={"KRW": 999}), Limits(), Funding(), [past(1)]).by_currency["KRW"].cost_minor == 999
    )
