"""How much can come back, and what becomes of it: for every order of asking, refunding and exchanging."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
