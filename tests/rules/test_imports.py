"""What imported payments cover, and the way of an imported order."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.imports import (
    Dates,
    Fate,
    NoPaymentError,
    PaymentsTooHighError,
    cover,
    path,
    shares,
)
from portal.rules.states import MACHINES, Machine, may_move

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)


def test_payments_that_fit_are_left_as_they_are() -> None:
    found = cover(currency="USD", owed_minor=100, paid=[("gift", 40), ("credit_card", 60)])
    assert (found.amounts, found.difference_minor, found.bearer) == ((40, 60), 0, None)


@pytest.mark.parametrize(
    ("paid", "amounts", "difference", "bearer"),
    [
        ([("gift", 90), ("credit_card", 15)], (90, 10), 5, 1),
        ([("credit_card", 30), ("debit_card", 80)], (30, 70), 10, 1),
        ([("gift", 95)], (100,), -5, 0),
        ([("credit_card", 99)], (100,), -1, 0),
    ],
)
def test_a_difference_falls_on_the_largest_payment_at_a_gateway(
    paid: list[tuple[str, int]], amounts: tuple[int, ...], difference: int, bearer: int
) -> None:
    found = cover(currency="USD", owed_minor=100, paid=paid)
    assert (found.amounts, found.difference_minor, found.bearer) == (amounts, difference, bearer)


def test_an_order_that_nothing_was_paid_for_is_refused() -> None:
    with pytest.raises(NoPaymentError):
        cover(currency="USD", owed_minor=1, paid=[])


@pytest.mark.parametrize(("paid", "fits"), [(199, True), (200, False)])
def test_a_surplus_leaves_something_of_the_payment_that_bears_it(paid: int, fits: bool) -> None:
    payments = [("gift", 100), ("credit_card", paid - 100)]
    if fits:
        assert cover(currency="USD", owed_minor=101, paid=payments).amounts == (100, 1)
    else:
        with pytest.raises(PaymentsTooHighError):
            cover(currency="USD", owed_minor=100, paid=payments)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(sum), st.data())
def test_shares_lose_nothing_by_tender_nor_by_line(to_pay: list[int], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(1, sum(to_pay)), max_size=4)))
    edges = [0, *cuts, sum(to_pay)]
    amounts = [high - low for low, high in pairwise(edges)]
    found = shares(amounts, to_pay)
    assert [sum(part) for part in found] == amounts
    assert [sum(column) for column in zip(*found, strict=True)] == to_pay
    assert min(min(part) for part in found) >= 0


@pytest.mark.req("ORD-12")
@pytest.mark.parametrize("fate", list(Fate))
@pytest.mark.parametrize("machine", [Machine.ORDER, Machine.PART, Machine.PAYMENT, Machine.ATTEMPT])
def test_every_way_begins_at_the_beginning_and_makes_allowed_moves_only(machine: Machine, fate: Fate) -> None:
    dates = Dates(MARCH, MARCH + DAY, MARCH + 2 * DAY, MARCH + 3 * DAY)
    steps = path(machine, fate, dates, closes_after=MONTH, now=MARCH + 365 * DAY)
    assert steps[0].state == next(iter(MACHINES[machine]))
    assert all(may_move(machine, a.state, b.state) for a, b in pairwise(steps))
    assert [step.at for step in steps] == sorted(step.at for step in steps)


@pytest.mark.parametrize(("after", "last"), [(MONTH, "closed"), (MONTH - timedelta(seconds=1), "delivered")])
def test_a_delivered_part_is_closed_when_the_return_period_is_over(after: timedelta, last: str) -> None:
    dates = Dates(MARCH, MARCH, MARCH, MARCH + DAY)
    steps = path(Machine.PART, Fate.DELIVERED, dates, closes_after=MONTH, now=MARCH + DAY + after)
    assert steps[-1].state == last


def test_a_date_before_the_step_it_follows_counts_as_that_steps() -> None:
    dates = Dates(MARCH, MARCH + 3 * DAY, MARCH + DAY, None)
    assert not dates.are_in_order
    steps = path(Machine.ORDER, Fate.DELIVERED, dates, closes_after=MONTH, now=MARCH + 9 * DAY)
    assert [step.at - MARCH for step in steps] == [timedelta(), 3 * DAY, 3 * DAY, 3 * DAY]
