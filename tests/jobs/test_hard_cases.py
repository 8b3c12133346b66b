"""Failures that other shops had with orders under way, each shown not to happen here."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from portal.db import transaction
from portal.jobs.outbox import handle_events
from portal.jobs.payments import capture_attempt, charge_attempt, look_up_attempt, reverse_attempt
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.services.catalogue.errors import StockReservedError
from portal.services.catalogue.set_stock import set_stock
from portal.services.checkout.expire_orders import expire_order
from portal.services.checkout.place_order import Placed
from portal.services.orders.review_order import Decision, review_order
from portal.services.outbox import Event, emit
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import REVIEWED_KRW, make_coupon
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.test_payments import buy, charges, state

ASKS = "4000002500003155"  # The bank asks the buyer.


@pytest.mark.req("CPN-04", "CPN-09")
def test_a_single_use_code_waits_with_a_buyer_at_his_bank_and_is_free_when_his_time_is_over(world: World) -> None:
    make_coupon("ONCE", percent=10, cap=1)
    shelf = make_variant(world.mall, krw=20_000)
    ann, ben = make_person("ann"), make_person("ben")
    card = world.sandbox.card("4242424242424242")
    press = ready_to_buy(ben, world.mall.kr, {shelf: 1}, codes=["ONCE"], token=card)
    first = ready_to_buy(ann, world.mall.kr, {shelf: 1}, codes=["ONCE"], token=world.sandbox.card(ASKS))()
    assert isinstance(first, Placed)
    charge_attempt(str(first.attempt_id))
    assert state(first) == ("pending", "requires_action")
    with pytest.raises(PortalError) as refused:
        press()
    assert refused.value.code == "changed_since_shown"
    assert rows("SELECT count(*) FROM payment_attempt") == [(1,)]
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        with transaction() as session:
            assert expire_order(session, order_id=first.order_id, now=clock.now())
        card = world.sandbox.card("4242424242424242")
        second = ready_to_buy(ben, world.mall.kr, {}, codes=["ONCE"], token=card)()
        assert isinstance(second, Placed)
        charge_attempt(str(second.attempt_id))
        reverse_attempt(str(first.attempt_id))
    assert state(second) == ("paid", "captured")
    assert rows("SELECT status, order_id FROM coupon_use ORDER BY id") == [
        ("released", first.order_id),
        ("redeemed", second.order_id),
    ]
    assert charges(world, first) == 0


@pytest.mark.req("ORD-14", "PAY-08")
def test_what_a_buyer_is_paying_for_cannot_be_counted_away(world: World) -> None:
    shelf = make_variant(world.mall, krw=20_000, on_hand=3)
    placed = ready_to_buy(world.bea, world.mall.kr, {shelf: 2}, token=world.sandbox.card("4242424242424242"))()
    assert isinstance(placed, Placed)
    with pytest.raises(StockReservedError), transaction() as session:
        set_stock(session, actor=SYSTEM, variant_id=shelf, on_hand=1, now=clock.now())
    with transaction() as session:
        set_stock(session, actor=SYSTEM, variant_id=shelf, on_hand=2, now=clock.now())
    charge_attempt(str(placed.attempt_id))
    assert state(placed) == ("paid", "captured")
    assert rows("SELECT on_hand, reserved FROM stock WHERE variant_id = :id", id=shelf) == [(0, 0)]


@pytest.mark.req("ORD-14", "PAY-06", "PAY-09")
def test_money_that_comes_after_the_last_unit_went_to_somebody_else_goes_back_and_says_so(world: World) -> None:
    shelf = make_variant(world.mall, krw=20_000, on_hand=1)
    late = ready_to_buy(world.bea, world.mall.kr, {shelf: 1}, token=world.sandbox.card(ASKS))()
    assert isinstance(late, Placed)
    charge_attempt(str(late.attempt_id))
    intent = rows("SELECT gateway_ref FROM payment_attempt")[0][0]
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        with transaction() as session:
            assert expire_order(session, order_id=late.order_id, now=clock.now())
        card = world.sandbox.card("4242424242424242")
        other = ready_to_buy(make_person("ben"), world.mall.kr, {shelf: 1}, token=card)()
        assert isinstance(other, Placed)
        charge_attempt(str(other.attempt_id))
        # The bank's page was still open, and the buyer has confirmed before we could close it.
        world.sandbox.authenticate(intent, passed=True)
        assert charges(world, late) == 1
        reverse_attempt(str(late.attempt_id))
    assert state(other) == ("paid", "captured")
    assert state(late)[0] == "expired"
    assert rows("SELECT reversal FROM payment_attempt WHERE id = :id", id=late.attempt_id) == [("done",)]
    held = world.sandbox.charges(order=late.number, money=True)
    assert sum(charge["captured"] - charge["refunded"] for charge in held) == 0
    assert rows("SELECT on_hand, reserved FROM stock WHERE variant_id = :id", id=shelf) == [(0, 0)]


@pytest.mark.req("PAY-06", "PAY-11")
@pytest.mark.parametrize("trouble", ["reset_after", "error_after", "reset_before"])
def test_a_capture_whose_answer_was_lost_takes_the_amount_once(world: World, trouble: str) -> None:
    placed = buy(world, krw=REVIEWED_KRW)
    charge_attempt(str(placed.attempt_id))
    ada = Actor(user_id=uuid.UUID(int=7), roles=frozenset({Role.ADMIN}))
    with transaction() as session:
        review_order(
            session, order_id=placed.order_id, decision=Decision.CLEAR, reason="called", actor=ada, now=clock.now()
        )
    world.sandbox.fault(kind=trouble, on="capture", order=placed.number)
    capture_attempt(str(placed.attempt_id))
    # What did happen is seen at once; what did not is done by the next one, with the same key.
    assert state(placed)[0] == ("pending" if trouble == "reset_before" else "paid")
    for _ in range(2):
        capture_attempt(str(placed.attempt_id))
    assert state(placed) == ("paid", "captured")
    (charge,) = world.sandbox.charges(order=placed.number, money=True)
    assert charge["captured"] == rows("SELECT amount_minor FROM payment")[0][0]
    assert rows("SELECT count(*) FROM ledger_entry") == [(1,)]


@pytest.mark.req("PAY-06", "PAY-09")
@pytest.mark.parametrize("trouble", ["reset_after", "error_after", "reset_before"])
def test_a_void_whose_answer_was_lost_lets_the_amount_go_once(world: World, trouble: str) -> None:
    placed = buy(world, krw=REVIEWED_KRW)
    charge_attempt(str(placed.attempt_id))
    assert charges(world, placed) == 1
    with clock.frozen(clock.now() + timedelta(days=7)), transaction() as session:
        assert expire_order(session, order_id=placed.order_id, now=clock.now())
    world.sandbox.fault(kind=trouble, on="void", order=placed.number)
    for _ in range(3):
        reverse_attempt(str(placed.attempt_id))
    assert rows("SELECT reversal FROM payment_attempt") == [("done",)]
    assert charges(world, placed) == 0


@pytest.mark.req("PAY-06", "PAY-09")
@pytest.mark.parametrize("trouble", ["reset_after", "error_after", "reset_before"])
def test_money_that_goes_back_goes_back_once_though_the_answer_was_lost(world: World, trouble: str) -> None:
    placed = buy(world, ASKS)
    charge_attempt(str(placed.attempt_id))
    intent = rows("SELECT gateway_ref FROM payment_attempt")[0][0]
    with clock.frozen(clock.now() + timedelta(minutes=31)), transaction() as session:
        assert expire_order(session, order_id=placed.order_id, now=clock.now())
    world.sandbox.authenticate(intent, passed=True)
    world.sandbox.fault(kind=trouble, on="refund", order=placed.number)
    for _ in range(3):
        reverse_attempt(str(placed.attempt_id))
    assert rows("SELECT reversal FROM payment_attempt") == [("done",)]
    (charge,) = world.sandbox.charges(order=placed.number, money=True)
    assert charge["captured"] == charge["refunded"]


@pytest.mark.req("PAY-08", "STR-06")
def test_what_was_rolled_back_is_told_to_nobody_and_what_was_committed_is_told_once(world: World) -> None:
    placed = buy(world)
    before = rows("SELECT max(id) FROM outbox_event")[0][0]

    def told_and_failed() -> None:
        with transaction() as session:
            emit(session, Event("order.paid", f"order:{placed.order_id}", {"number": placed.number}), now=clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        told_and_failed()
    assert rows("SELECT max(id) FROM outbox_event")[0][0] == before
    charge_attempt(str(placed.attempt_id))
    # As if the worker had died here: nothing of it was told yet. Whoever comes next tells it, and a second one nothing.
    waiting = [row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")]
    for _ in range(2):
        handle_events(waiting)
    assert rows("SELECT count(*) FROM outbox_event WHERE handled_at IS NULL") == [(0,)]
    told = rows("SELECT kind, count(*) FROM notice WHERE user_id = :id GROUP BY kind", id=world.bea.id)
    assert all(count == 1 for _kind, count in told)
    assert rows("SELECT count(*) FROM document") == [(1,)]


@pytest.mark.req("PAY-06", "PAY-09")
def test_nobody_gives_up_an_order_whose_charge_may_have_been_made(world: World) -> None:
    placed = buy(world)
    world.sandbox.fault(kind="reset_after", on="charge", order=placed.number)
    charge_attempt(str(placed.attempt_id))
    assert state(placed) == ("pending", "unknown")
    with clock.frozen(clock.now() + timedelta(minutes=31)), transaction() as session:
        # The goods are kept until the gateway has said it.
        assert not expire_order(session, order_id=placed.order_id, now=clock.now())
    look_up_attempt(str(placed.attempt_id))
    assert state(placed) == ("paid", "captured")
