"""Points of a purchase whose dispute was lost (REF-06, STR-05)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.gateways.base import DisputeState
from portal.kit import clock
from portal.services.orders.mature_mileage import mature_mileage
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.dispute import make_dispute
from tests.factories.order import MadeOrder, give_mileage, make_order
from tests.factories.refund import rows
from tests.factories.top_up import work_off_events
from tests.services.refunds.test_decisions import move_part
from tests.services.refunds.test_hard_cases import balance, mall_again

pytestmark = pytest.mark.req("REF-06", "STR-05")


@pytest.fixture
def mall(books: None) -> Mall:
    made = make_mall()
    with transaction() as session:
        session.execute(text("""UPDATE channel SET policy = '{"mileage": {"earn_rate": "0.01"}}'"""))
    return mall_again(made)


@pytest.fixture
def bea(mall: Mall) -> Person:
    bea = make_person("bea")
    give_mileage(bea, 500)
    return bea


def delivered(mall: Mall, bea: Person) -> tuple[MadeOrder, int]:
    order = make_order(bea, mall, {make_variant(mall, krw=100_000): 1})
    move_part(order, "shipped", "delivered")
    promised = rows("SELECT mileage_promised::int FROM orders WHERE id = :id", id=order.id)[0][0]
    assert promised > 0
    return order, promised


def decide(order: MadeOrder, state: DisputeState, *, after: int = 1, amount: int | None = None) -> None:
    make_dispute(order, state=state, now=clock.now() + timedelta(seconds=after), amount_minor=amount)
    work_off_events()
    work_off_events()


def test_pending_points_go_and_those_of_other_purchases_stay(mall: Mall, bea: Person) -> None:
    order, promised = delivered(mall, bea)
    assert balance("mileage_pending") == promised
    decide(order, DisputeState.LOST)
    assert (balance("mileage_pending"), balance("mileage"), balance("mileage_owed")) == (0, 500, 0)
    decide(order, DisputeState.WON, after=5)
    assert balance("mileage") == 500 + promised
    decide(order, DisputeState.WON, after=6)
    assert balance("mileage") == 500 + promised


@pytest.mark.parametrize("part", [1, 2])
def test_matured_points_are_taken_in_proportion_to_what_was_lost(mall: Mall, bea: Person, part: int) -> None:
    order, promised = delivered(mall, bea)
    atomically(lambda s: mature_mileage(s, part_id=order.part_ids[0], now=clock.now() + timedelta(days=99)))
    assert balance("mileage") == 500 + promised
    decide(order, DisputeState.LOST, amount=order.gateway_minor // part)
    taken = 500 + promised - balance("mileage")
    assert (taken, balance("mileage_owed")) == ((promised * 2 // part + 1) // 2, 0)


def test_a_bank_that_thinks_again_takes_and_gives_them_each_time(mall: Mall, bea: Person) -> None:
    order, promised = delivered(mall, bea)
    with_them, without = 500 + promised, 500
    verdicts = [DisputeState.LOST, DisputeState.WON, DisputeState.LOST, DisputeState.LOST, DisputeState.WON]
    had = []
    for turn, verdict in enumerate(verdicts):
        decide(order, verdict, after=1 + turn)
        had.append(balance("mileage"))
    assert had == [without, with_them, without, without, with_them]
    decide(order, DisputeState.LOST, after=9)
    assert (balance("mileage"), balance("mileage_owed"), balance("mileage_pending")) == (without, 0, 0)
