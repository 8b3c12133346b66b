"""Who must agree, what is refused and why, and what happens when two decide at once (REF-01)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError
from portal.models import RefundRule
from portal.rules.refund_policy import Party
from portal.rules.refunds import RefundUnitsError
from portal.services.refunds.decide_refund import (
    RefundDecidedError,
    RefundOutdatedError,
    RefundUnknownError,
    RefusalReasonError,
    approve_refund,
    refuse_refund,
    withdraw_refund,
)
from portal.services.refunds.plan_refund import RefundOrderUnknownError, RefundReasonError, RefundWaitingError
from portal.services.refunds.request_refund import RefundChangedError
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.refund import answer_legs, ask_refund, lines_of, plan, rows, status_of

pytestmark = pytest.mark.req("REF-01")


class Case:
    """Bea's order of two stores, their sellers and an administrator."""

    def __init__(self, mall: Mall | None = None) -> None:
        self.mall = mall or make_mall()
        self.bea = make_person("bea")
        self.sam = make_person("sam", roles=("buyer", "seller"), store_ids=(self.mall.store_ids[0],))
        self.sue = make_person("sue", roles=("buyer", "seller"), store_ids=(self.mall.store_ids[1],))
        self.ada = make_person("ada", roles=("buyer", "admin"))
        goods = {make_variant(self.mall, krw=12_000): 3, make_variant(self.mall, store=1, krw=5_500): 1}
        self.order: MadeOrder = make_order(self.bea, self.mall, goods)


@pytest.fixture
def case(books: None) -> Case:
    return Case()


def move_part(order: MadeOrder, *path: str, part: int = 0) -> None:
    """What fulfilment does, move by move."""
    was = str(rows("SELECT status FROM order_part WHERE id = :id", id=order.part_ids[part])[0][0])
    with transaction() as session:
        for state in path:
            session.execute(
                text(
                    "INSERT INTO transition (subject, subject_id, order_id, from_state, to_state, actor, at)"
                    " VALUES ('part', :id, :order, :was, :state, 'system', :now)"
                ),
                {"id": str(order.part_ids[part]), "order": order.id, "was": was, "state": state, "now": clock.now()},
            )
            session.execute(
                text(
                    "UPDATE order_part SET status = :state,"
                    " shipped_at = CASE WHEN :state = 'shipped' THEN :now ELSE shipped_at END,"
                    " delivered_at = CASE WHEN :state = 'delivered' THEN :now ELSE delivered_at END WHERE id = :id"
                ).bindparams(),
                {"id": order.part_ids[part], "state": state, "now": clock.now()},
            )
            was = state


def approve(refund_id: uuid.UUID, by: Person) -> str:
    return atomically(lambda s: approve_refund(s, refund_id=refund_id, actor=by.actor, reason="", now=clock.now()))


def refuse(refund_id: uuid.UUID, by: Person, reason: str = "It was used.") -> None:
    atomically(lambda s: refuse_refund(s, refund_id=refund_id, actor=by.actor, reason=reason, now=clock.now()))


def test_after_packing_the_store_agrees_before_anything_moves(case: Case) -> None:
    move_part(case.order, "accepted", "packed")
    asked = ask_refund(case.order, part_id=case.order.part_ids[0])
    assert asked.status == "requested"
    assert rows("SELECT count(*) FROM refund_leg") == [(0,)]
    with pytest.raises(RefundWaitingError):
        plan(case.order, part_id=case.order.part_ids[0])
    with pytest.raises(RefundUnknownError):
        approve(asked.refund_id, case.sue)  # Another store's.
    assert approve(asked.refund_id, case.sam) == "approved"
    assert answer_legs(asked.refund_id) == "succeeded"
    with pytest.raises(RefundDecidedError):
        approve(asked.refund_id, case.sam)


def test_a_refusal_needs_a_reason_and_moves_nothing(case: Case) -> None:
    move_part(case.order, "accepted", "packed")
    asked = ask_refund(case.order, part_id=case.order.part_ids[0])
    with pytest.raises(RefusalReasonError):
        refuse(asked.refund_id, case.sam, "  ")
    refuse(asked.refund_id, case.sam)
    assert status_of(asked.refund_id) == "refused"
    assert rows("SELECT sum(refunded_quantity)::int FROM order_line") == [(0,)]
    assert ask_refund(case.order, part_id=case.order.part_ids[1]).status == "approved"


def test_a_request_can_be_withdrawn_until_it_is_decided(case: Case) -> None:
    move_part(case.order, "accepted", "packed")
    asked = ask_refund(case.order, part_id=case.order.part_ids[0])
    with pytest.raises(RefundUnknownError):
        atomically(lambda s: withdraw_refund(s, refund_id=asked.refund_id, actor=case.sam.actor, now=clock.now()))
    atomically(lambda s: withdraw_refund(s, refund_id=asked.refund_id, actor=case.bea.actor, now=clock.now()))
    assert status_of(asked.refund_id) == "cancelled"
    with pytest.raises(RefundDecidedError):
        approve(asked.refund_id, case.sam)


def test_what_was_sent_meanwhile_is_not_given_back_at_other_amounts(case: Case) -> None:
    move_part(case.order, "accepted", "packed")
    asked = ask_refund(case.order, part_id=case.order.part_ids[0])  # With the shipping fee.
    move_part(case.order, "shipped")
    with pytest.raises(RefundOutdatedError):
        approve(asked.refund_id, case.sam)
    assert status_of(asked.refund_id) == "requested"


def test_a_large_amount_waits_for_an_administrator(case: Case) -> None:
    with transaction() as session:
        session.add(RefundRule(channel_id=case.mall.kr.id, approve_above={"KRW": 10_000}))
    asked = ask_refund(case.order)
    assert asked.status == "requested"
    assert rows("SELECT approver, why FROM refund_approval") == [("admin", "amount")]
    with pytest.raises(RefundUnknownError):
        approve(asked.refund_id, case.sam)
    assert approve(asked.refund_id, case.ada) == "approved"
    small = plan(make_order(case.bea, case.mall, {make_variant(case.mall, krw=5_000): 1}), None)
    assert small.consents == ()


def test_the_rules_of_a_section_say_what_cannot_come_back_and_how_long(case: Case) -> None:
    with transaction() as session:
        session.add(RefundRule(section_id=case.mall.section_id, returnable=False))
        session.add(RefundRule(channel_id=case.mall.kr.id, window_days=7))
    move_part(case.order, "shipped", "delivered")
    with pytest.raises(RejectedError) as refused:
        plan(case.order, part_id=case.order.part_ids[0])
    assert refused.value.code == "NOT_RETURNABLE"
    assert plan(case.order, part_id=case.order.part_ids[0], reason="damaged").consents
    with pytest.raises(RejectedError) as late:
        plan(case.order, part_id=case.order.part_ids[0], reason="damaged", now=clock.now() + timedelta(days=7))
    assert late.value.code == "REFUND_WINDOW_CLOSED"


def test_nobody_asks_for_what_is_not_his(case: Case) -> None:
    max_ = make_person("max")
    first = lines_of(case.order)[0]
    tries: list[tuple[type[PortalError], dict[str, object]]] = [
        (RefundOrderUnknownError, {"actor": max_.actor}),
        (RefundOrderUnknownError, {"actor": max_.actor, "party": Party.ADMIN}),
        (RefundOrderUnknownError, {"actor": max_.actor, "party": Party.SELLER, "reason": "out_of_stock"}),
        (RefundReasonError, {"reason": "goodwill"}),
        (RefundReasonError, {"reason": "no such reason"}),
    ]
    for error, how in tries:
        with pytest.raises(error):
            plan(case.order, **how)  # type: ignore[arg-type]  # As it takes them.
    with pytest.raises(RefundUnitsError):
        plan(case.order, {first: 4})
    with pytest.raises(RefundOrderUnknownError):
        plan(case.order, {uuid.uuid4(): 1})
    with pytest.raises(RejectedError):
        plan(case.order, {lines_of(case.order)[1]: 1}, actor=case.sam.actor, party=Party.SELLER, reason="out_of_stock")


def test_a_store_gives_its_own_part_back_with_the_shipping_fee_where_it_is_at_fault(case: Case) -> None:
    first = lines_of(case.order)[0]
    shown = plan(case.order, {first: 1}, actor=case.sam.actor, party=Party.SELLER, reason="out_of_stock")
    assert shown.plan.total_minor == 12_000 + 3_000
    asked = ask_refund(case.order, {first: 1}, actor=case.sam.actor, party=Party.SELLER, reason="out_of_stock")
    assert answer_legs(asked.refund_id) == "succeeded"
    rest = plan(case.order)
    assert rest.plan.total_minor == 24_000 + 5_500 + 3_000  # The fee of the first store is gone already.


def test_another_plan_than_the_one_shown_is_not_carried_out(case: Case) -> None:
    shown = plan(case.order).plan.mark
    ask_refund(case.order, {lines_of(case.order)[0]: 1})
    with pytest.raises(RefundChangedError):
        ask_refund(case.order, shown=shown)
