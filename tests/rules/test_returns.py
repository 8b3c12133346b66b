"""How much can come back, and what becomes of it: for every order of asking, refunding and exchanging."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.higher_price import more_of
from portal.rules.lower_price import Swap, plan_less
from portal.rules.refund_order import LineFacts, OrderFacts, PartFacts, Share, TenderFacts
from portal.rules.refund_plan import make_plan
from portal.rules.refund_policy import DEFAULT, REASONS, RefundPolicy
from portal.rules.returns import (
    Condition,
    Verdict,
    not_exchangeable,
    return_reasons,
    returnable,
    verdict_missing,
    way_back,
)

pytestmark = pytest.mark.req("ORD-005")

counts = st.integers(0, 20)


@given(quantity=st.integers(1, 20), refunded=counts, sent=counts, open_units=counts, exchanged=counts)
def test_never_more_comes_back_than_was_sent_and_is_kept(
    quantity: int, refunded: int, sent: int, open_units: int, exchanged: int
) -> None:
    left = returnable(quantity=quantity, refunded=refunded, sent=sent, open_units=open_units, exchanged=exchanged)
    assert 0 <= left <= max(0, min(quantity, sent))
    assert left == 0 or left + open_units + exchanged + refunded <= quantity


@given(
    steps=st.lists(st.tuples(st.sampled_from(("ask", "take", "reject", "exchange")), st.integers(1, 5)), max_size=30)
)
def test_whatever_is_asked_in_whatever_order_no_unit_comes_back_twice(steps: list[tuple[str, int]]) -> None:
    quantity, refunded, asked, exchanged = 8, 0, 0, 0
    for step, count in steps:
        if step == "ask":
            asked += min(
                count,
                returnable(quantity=quantity, refunded=refunded, sent=quantity, open_units=asked, exchanged=exchanged),
            )
            continue
        count = min(count, asked)
        asked -= count
        refunded += count if step == "take" else 0
        exchanged += count if step == "exchange" else 0
        assert refunded + asked + exchanged <= quantity


@pytest.mark.parametrize("condition", [*Condition, None])
@pytest.mark.parametrize("accepted", [True, False])
def test_only_what_was_taken_and_is_whole_goes_back_on_the_shelf(accepted: bool, condition: Condition | None) -> None:
    whole = condition in {Condition.NEW, Condition.OPENED}
    assert Verdict(accepted, condition, True).goes_on_shelf == (accepted and whole)
    assert not Verdict(accepted, condition, False).goes_on_shelf


def test_the_strictest_rule_of_all_lines_counts() -> None:
    strict = RefundPolicy(return_reasons=["damaged"], way_back="store", exchangeable=False)
    assert return_reasons([DEFAULT, strict]) == ("damaged",)
    assert set(return_reasons([DEFAULT])) <= set(REASONS)
    assert "goodwill" not in return_reasons([DEFAULT])
    assert way_back([DEFAULT], "changed_mind") == "buyer"
    assert way_back([DEFAULT], "damaged") == way_back([DEFAULT, strict], "changed_mind") == "store"
    assert not_exchangeable([DEFAULT]) is None
    assert not_exchangeable([DEFAULT, strict]) is not None


def test_each_unit_that_came_needs_a_verdict_and_no_other() -> None:
    one, two = uuid4(), uuid4()
    verdict = Verdict(True, Condition.NEW)
    assert not verdict_missing({one}, {one: verdict})
    assert verdict_missing({one, two}, {one: verdict})
    assert verdict_missing({one}, {one: verdict, two: verdict})


@given(
    quantity=st.integers(1, 6),
    paid=st.lists(st.integers(0, 100_000), min_size=1, max_size=3),
    was=st.integers(1, 10_000),
    now=st.integers(0, 10_000),
    data=st.data(),
)
def test_what_comes_back_for_something_cheaper_and_for_all_units_later_is_what_was_paid(
    quantity: int, paid: list[int], was: int, now: int, data: st.DataObject
) -> None:
    swapped = data.draw(st.integers(1, quantity))
    tenders = [TenderFacts(uuid4(), "deposit", amount, None) for amount in paid]
    shares = tuple(Share(n, one.id, one.amount_minor, 0) for n, one in enumerate(tenders))
    part = PartFacts(uuid4(), 1, "delivered", False, 0, ())
    line = LineFacts(
        uuid4(), part.id, quantity, 0, sum(paid), sum(paid) // 7, 0, shares, quantity, tax_minor=sum(paid) // 11
    )
    facts = OrderFacts("KRW", (part,), (line,), tuple(tenders), ())
    less = plan_less(facts, {line.id: Swap(swapped, was, now)}, otherwise="deposit")
    assert 0 <= less.total_minor <= sum(paid)
    assert bool(less.lines) == bool(less.total_minor)
    for planned in less.lines:
        assert now < was
        assert 0 <= planned.tax_minor <= planned.amount_minor
        back = dict(planned.shares)
        line = replace(
            line,
            shares=tuple(replace(one, refunded_minor=back[one.id], less_minor=back[one.id]) for one in shares),
            tax_less=planned.tax_minor,
            platform_less=planned.platform_minor,
        )
    gone, platform = less.total_minor, less.platform_minor
    for units in split(quantity, data):
        plan = make_plan(
            replace(facts, lines=(line,)), {line.id: units}, faulty=(), otherwise="deposit", now=datetime.now(UTC)
        )
        [planned] = plan.lines
        back = dict(planned.shares)
        line = replace(
            line,
            units_gone=line.units_gone + units,
            shares=tuple(replace(one, refunded_minor=one.refunded_minor + back[one.id]) for one in line.shares),
        )
        gone, platform = gone + plan.total_minor, platform + plan.platform_minor
    assert (gone, platform) == (sum(paid), sum(paid) // 7)


def split(quantity: int, data: st.DataObject) -> list[int]:
    """A number as some that add up to it."""
    steps = []
    while quantity:
        steps.append(data.draw(st.integers(1, quantity)))
        quantity -= steps[-1]
    return steps


@given(
    was=st.integers(0, 10**9),
    difference=st.integers(-(10**6), 10**9),
    rate=st.decimals(0, 1, places=4),
    tax_inclusive=st.booleans(),
    units=st.integers(1, 20),
)
def test_what_costs_more_is_its_difference_and_its_tax_to_the_unit(
    was: int, difference: int, rate: Decimal, tax_inclusive: bool, units: int
) -> None:
    swap = Swap(units, was, max(0, was + difference))
    more = more_of(swap, tax_rate=rate, tax_inclusive=tax_inclusive)
    assert more.amount_minor - more.tax_minor == max(0, swap.is_minor - was)
    assert more.tax_minor == 0 or not tax_inclusive
    assert abs(more.tax_minor - (more.amount_minor - more.tax_minor) * rate * (not tax_inclusive)) <= Decimal("0.5")
    assert not (swap.is_dearer and swap.is_cheaper)
