"""An order that is to go elsewhere is looked at once more: what alarms waits for a reviewer (PAY-11, ORD-002)."""

from __future__ import annotations

import pytest

from portal.db import atomically
from portal.kit import clock
from portal.services.cases.open_cases import open_cases
from portal.services.orders.part_holds import PartOnHoldError
from portal.services.orders.review_order import Decision, review_order
from tests.factories.parcel import send
from tests.factories.refund import rows
from tests.factories.returns import Case
from tests.services.fraud.rules import make_reviewer, place, write
from tests.services.orders.test_amend_order import ELSEWHERE, move, to

pytestmark = pytest.mark.req("PAY-11", "ORD-002", "ORD-06")


@pytest.fixture
def case(books: None) -> Case:
    return Case(sent=False)


def decisions() -> list[tuple[object, ...]]:
    return rows("SELECT event, outcome, order_id IS NOT NULL FROM risk_decision ORDER BY decided_at")


def test_another_address_that_alarms_nobody_is_noted_and_the_order_goes_on(case: Case) -> None:
    move(case, "accepted")
    assert to(case)
    assert decisions() == [("order", "allow", True), ("address_change", "allow", True)]
    assert rows("SELECT count(*) FROM order_hold") == [(0,)]
    assert case.part() == "accepted"


@pytest.mark.parametrize("mode", ["review", "block"])
def test_another_address_that_alarms_holds_the_order_until_somebody_has_cleared_it(case: Case, mode: str) -> None:
    rita = make_reviewer()
    write(rita, 'event = "address_change"', mode=mode)
    place(rita, 1)
    move(case, "accepted")
    assert to(case, by=case.ada, reason="The buyer called.")
    assert decisions()[1] == ("address_change", mode, True)
    assert rows("SELECT kind, reason, released_at FROM order_hold") == [("fraud", "high_risk", None)]
    assert case.part() == "held"
    with pytest.raises(PartOnHoldError):
        send(case.part_id, case.sam)
    assert rows("SELECT count(*) FROM outbox_event WHERE kind = 'order.review_wanted'") == [(1,)]
    # Once more is looked at once more, and is held once.
    assert to(case, {**ELSEWHERE, "line2": "101"}, by=case.ada, reason="Once more.")
    assert rows("SELECT count(*) FROM order_hold") == [(1,)]
    atomically(lambda s: open_cases(s, now=clock.now()))
    assert rows("SELECT stake_minor = (SELECT payable_minor FROM orders) FROM risk_case") == [(True,)]
    atomically(
        lambda s: review_order(
            s, order_id=case.order.id, decision=Decision.CLEAR, reason="Known", actor=case.ada.actor, now=clock.now()
        )
    )
    assert case.part() == "accepted"
    send(case.part_id, case.sam)
