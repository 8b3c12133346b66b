"""Payments from the button to the books, with the vendors' stand-ins over HTTP and everything that can go wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from portal.db import reading, transaction
from portal.gateways.base import Approved, Declined, DeclineReason
from portal.jobs.payments import (
    capture_attempt,
    charge_attempt,
    handle_provider_event,
    look_up_attempt,
    reverse_attempt,
)
from portal.kit import clock
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.rules.refund_policy import Party
from portal.services.checkout.expire_orders import expire_order
from portal.services.checkout.place_order import Placed
from portal.services.orders.review_order import Decision, review_order
from portal.services.payments.claim_attempt import claim_attempt
from portal.services.payments.find_due import find_due
from portal.services.payments.settle_attempt import settle_attempt
from portal.services.payments.take_later import want_capture
from portal.services.refunds.plan_refund import Selection, plan_refund
from portal.services.refunds.request_refund import RefundRequest, request_refund
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import REVIEWED_KRW
from tests.factories.parcel import send
from tests.factories.purchase import ready_to_buy
from tests.jobs.conftest import World


def rows(query: str) -> list[tuple[Any, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query))]


def buy(world: World, card: str = "4242424242424242", *, krw: int = 12_000, method: str = "credit_card") -> Placed:
    token = world.sandbox.card(card) if method == "credit_card" else None
    goods = {make_variant(world.mall, krw=krw): 1}
    placed = ready_to_buy(world.bea, world.mall.kr, goods, token=token, method=method)()
    assert isinstance(placed, Placed)
    assert placed.attempt_id is not None
    return placed


def charge(placed: Placed) -> None:
    charge_attempt(str(placed.attempt_id))


def later(minutes: float) -> Any:
    return clock.frozen(clock.now() + timedelta(minutes=minutes))


def state(placed: Placed) -> tuple[str, str]:
    return rows(
        "SELECT o.status, a.state FROM orders o JOIN payment p ON p.order_id = o.id "  # noqa: S608  # An id of ours.
        f"JOIN payment_attempt a ON a.payment_id = p.id WHERE o.id = '{placed.order_id}'"
    )[0]


def charges(world: World, placed: Placed) -> int:
    return len(world.sandbox.charges(order=placed.number, money=True))


@pytest.mark.req("PAY-07", "PAY-08", "STR-01")
def test_a_card_is_charged_once_however_often_the_job_runs(world: World) -> None:
    placed = buy(world)
    for _ in range(3):
        charge(placed)
    assert state(placed) == ("paid", "captured")
    assert charges(world, placed) == 1


@pytest.mark.req("PAY-09", "PAY-12")
@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("4000000000000002", "declined"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000009987", "lost_card"),
        ("4000000000000069", "expired_card"),
        ("4000000000000127", "incorrect_cvc"),
        ("4000000000000119", "processing_error"),
    ],
)
def test_each_declined_card_has_its_reason_and_the_cart_is_back(world: World, card: str, reason: str) -> None:
    placed = buy(world, card)
    charge(placed)
    assert state(placed) == ("failed", "declined")
    assert rows("SELECT reason FROM payment_attempt") == [(reason,)]
    assert rows("SELECT quantity FROM cart_line") == [(1,)]
    assert charges(world, placed) == 0


@pytest.mark.req("PAY-06", "PAY-07")
def test_an_answer_that_never_comes_after_the_charge_is_looked_up_and_nothing_is_charged_twice(world: World) -> None:
    placed = buy(world)
    world.sandbox.fault(kind="reset_after", on="charge", order=placed.number)
    charge(placed)
    assert state(placed) == ("pending", "unknown")
    charge(placed)  # A second hint must not send it again.
    look_up_attempt(str(placed.attempt_id))
    assert state(placed) == ("paid", "captured")
    assert charges(world, placed) == 1


@pytest.mark.req("PAY-06")
def test_a_call_that_was_lost_before_the_charge_ends_the_attempt_without_money(world: World) -> None:
    placed = buy(world)
    world.sandbox.fault(kind="reset_before", on="charge", order=placed.number)
    charge(placed)
    assert state(placed) == ("pending", "unknown")
    look_up_attempt(str(placed.attempt_id))
    assert state(placed) == ("failed", "declined")
    assert charges(world, placed) == 0


@pytest.mark.req("PAY-06")
def test_what_certainly_did_not_execute_is_sent_again_a_little_later(world: World) -> None:
    placed = buy(world)
    world.sandbox.fault(kind="rate_limit", on="charge", order=placed.number)
    charge(placed)
    assert state(placed) == ("pending", "created")
    with later(0.1):
        charge(placed)
    assert state(placed) == ("paid", "captured")
    assert charges(world, placed) == 1


@pytest.mark.req("PAY-06")
def test_after_three_calls_that_did_not_execute_the_buyer_is_told(world: World) -> None:
    placed = buy(world)
    world.sandbox.fault(kind="rate_limit", on="charge", order=placed.number, times=None)
    for minutes in (0.0, 0.1, 0.3):
        with later(minutes):
            charge(placed)
    assert state(placed) == ("failed", "declined")
    assert rows("SELECT calls FROM payment_attempt") == [(3,)]


@pytest.mark.req("PAY-07", "STR-06")
def test_a_worker_that_was_killed_in_the_middle_is_found_by_the_sweep(world: World) -> None:
    placed = buy(world)
    charge(placed)
    # As if the process had died between the answer and its record: the row still says `sent`.
    killed = buy(world)
    with transaction() as session:
        assert killed.attempt_id is not None
        claim_attempt(session, attempt_id=killed.attempt_id, worker="dead", now=clock.now())
    with later(1):
        with reading() as session:
            due = find_due(session, now=clock.now())
        assert due.to_ask == [killed.attempt_id]
        look_up_attempt(str(killed.attempt_id))
    assert state(killed) == ("failed", "declined")
    assert charges(world, killed) == 0


@pytest.mark.req("STR-06", "PAY-06")
def test_3d_secure_is_waited_for_and_found_when_no_notice_comes(world: World) -> None:
    placed = buy(world, "4000002500003155")
    charge(placed)
    assert state(placed) == ("pending", "requires_action")
    intent = rows("SELECT gateway_ref FROM payment_attempt")[0][0]
    world.sandbox.authenticate(intent, passed=True)
    look_up_attempt(str(placed.attempt_id))
    assert state(placed) == ("paid", "captured")


@pytest.mark.req("PAY-06", "PAY-09")
def test_money_taken_after_the_order_was_given_up_goes_back(world: World) -> None:
    placed = buy(world, method="bank_transfer")
    charge(placed)
    assert state(placed) == ("pending", "requires_action")
    with later(60), transaction() as session:
        expire_order(session, order_id=placed.order_id, now=clock.now())
    assert rows("SELECT reversal FROM payment_attempt") == [("wanted",)]
    reverse_attempt(str(placed.attempt_id))
    assert rows("SELECT reversal FROM payment_attempt") == [("done",)]
    assert charges(world, placed) == 0


@pytest.mark.req("PAY-06")
def test_what_its_gateway_has_given_back_already_is_not_given_back_again(world: World) -> None:
    placed = buy(world, "4000002500003155")
    charge(placed)
    intent = rows("SELECT gateway_ref FROM payment_attempt")[0][0]
    world.sandbox.authenticate(intent, passed=True)
    amount = rows("SELECT amount_minor FROM payment")[0][0]
    with later(60), transaction() as session:
        expire_order(session, order_id=placed.order_id, now=clock.now())
    with transaction() as session:
        # Somebody refunded it in the gateway's own pages before we heard that it was paid.
        told = Approved(intent, captured=True, amount_minor=amount, currency="KRW", refunded_minor=amount)
        settle_attempt(session, attempt_id=attempt_of(placed), outcome=told, actor=SYSTEM, now=clock.now())
    assert rows("SELECT reversal, received_minor FROM payment_attempt") == [("wanted", 0)]
    reverse_attempt(str(placed.attempt_id))
    assert rows("SELECT reversal FROM payment_attempt") == [("done",)]
    assert sum(one["refunded"] for one in world.sandbox.charges(order=placed.number, money=True)) == 0


@pytest.mark.req("PAY-11", "ORD-002")
@pytest.mark.parametrize("decision", [Decision.CLEAR, Decision.REFUSE])
def test_a_flagged_order_is_only_held_until_somebody_decides(world: World, decision: Decision) -> None:
    placed = buy(world, krw=REVIEWED_KRW)
    charge(placed)
    assert state(placed) == ("pending", "authorised")
    assert rows("SELECT DISTINCT status FROM order_part") == [("held",)]
    ada = Actor(user_id=UUID(int=7), roles=frozenset({Role.ADMIN}))
    with transaction() as session:
        review_order(session, order_id=placed.order_id, decision=decision, reason="called", actor=ada, now=clock.now())
    capture_attempt(str(placed.attempt_id))
    reverse_attempt(str(placed.attempt_id))
    if decision is Decision.CLEAR:
        assert state(placed) == ("paid", "captured")
        assert rows("SELECT DISTINCT status FROM order_part") == [("released",)]
    else:
        assert state(placed)[0] == "cancelled"
        assert rows("SELECT reversal FROM payment_attempt") == [("done",)]
        assert rows("SELECT quantity FROM cart_line") == [(1,)]


@pytest.mark.req("PAY-06", "STR-02")
def test_a_failed_authentication_closes_the_payment_at_the_gateway(world: World) -> None:
    placed = buy(world, "4000002500003155")
    charge(placed)
    intent = rows("SELECT gateway_ref FROM payment_attempt")[0][0]
    world.sandbox.authenticate(intent, passed=False)
    look_up_attempt(str(placed.attempt_id))
    assert state(placed) == ("failed", "declined")
    assert rows("SELECT reversal FROM payment_attempt") == [("wanted",)]
    reverse_attempt(str(placed.attempt_id))
    assert rows("SELECT reversal FROM payment_attempt") == [("done",)]
    assert charges(world, placed) == 0


@pytest.mark.req("PAY-06")
def test_money_under_an_attempt_that_had_ended_goes_back(world: World) -> None:
    placed = buy(world, "4000002500003155")
    charge(placed)
    intent = rows("SELECT gateway_ref FROM payment_attempt")[0][0]
    with transaction() as session:
        # Another answer came first: the attempt is over here, and open at the gateway.
        declined = Declined(code="gone", reason=DeclineReason.SESSION_EXPIRED, retry_helps=True)
        settle_attempt(session, attempt_id=attempt_of(placed), outcome=declined, actor=SYSTEM, now=clock.now())
    world.sandbox.authenticate(intent, passed=True)
    assert charges(world, placed) == 1
    with transaction() as session:
        event_id = session.execute(
            text(
                "INSERT INTO provider_event (gateway, event_id, kind, gateway_ref, signature_ok, status, received_at,"
                " due_at) VALUES ('stripe', 'evt_late', 'payment_intent.succeeded', :ref, true, 'received', now(),"
                " now()) RETURNING id"
            ),
            {"ref": intent},
        ).scalar_one()
    handle_provider_event(event_id)
    assert state(placed) == ("failed", "declined")
    assert rows("SELECT reversal FROM payment_attempt") == [("wanted",)]
    reverse_attempt(str(placed.attempt_id))
    held = world.sandbox.charges(order=placed.number, money=True)
    assert sum(charge["captured"] - charge["refunded"] for charge in held) == 0
    with transaction() as session:
        session.execute(text("UPDATE provider_event SET status = 'received'"))
    handle_provider_event(event_id)  # A late repetition must not send it back once more.
    assert rows("SELECT reversal FROM payment_attempt") == [("done",)]


def attempt_of(placed: Placed) -> UUID:
    assert placed.attempt_id is not None
    return placed.attempt_id


@pytest.mark.req("PAY-07", "ORD-004")
def test_what_was_held_is_taken_with_the_parcel_less_what_was_cancelled(world: World) -> None:
    goods = {make_variant(world.mall, krw=12_000): 1, make_variant(world.mall, store=1, krw=7_000): 1}
    placed = held_until_shipment(world, goods)
    capture_attempt(str(placed.attempt_id))
    assert state(placed) == ("paid", "authorised")

    first, second = (row[0] for row in rows("SELECT id FROM order_part ORDER BY position"))
    released = cancel(world, placed, Selection(part_id=second))
    send(first, make_person("sam", store_ids=(world.mall.store_ids[0],)))
    with transaction() as session:
        want_capture(session, order_id=placed.order_id, reason="shipped", actor=SYSTEM, now=clock.now())
    for _ in range(2):
        capture_attempt(str(placed.attempt_id))

    due = rows("SELECT amount_minor FROM payment")[0][0] - released
    assert rows("SELECT captured_minor, released_minor FROM tender WHERE type = 'gateway'") == [(due, released)]
    assert [one["captured"] for one in world.sandbox.charges(order=placed.number)] == [due]


@pytest.mark.req("PAY-07", "ORD-004")
def test_what_was_held_is_let_go_of_at_the_gateway_when_all_is_cancelled(world: World) -> None:
    placed = held_until_shipment(world, {make_variant(world.mall, krw=12_000): 1})
    cancel(world, placed, Selection())
    reverse_attempt(str(placed.attempt_id))
    capture_attempt(str(placed.attempt_id))
    assert rows("SELECT reversal FROM payment_attempt") == [("done",)]
    assert charges(world, placed) == 0
    assert state(placed)[0] == "refunded"


def held_until_shipment(world: World, goods: dict[int, int]) -> Placed:
    """Bought with a card that is charged when the goods leave."""
    with transaction() as session:
        session.execute(text("UPDATE gateway_account SET capture_on = 'shipment', version = version + 1"))
    placed = ready_to_buy(world.bea, world.mall.kr, goods, token=world.sandbox.card("4242424242424242"))()
    assert isinstance(placed, Placed)
    charge(placed)
    assert state(placed) == ("paid", "authorised")
    return placed


def cancel(world: World, placed: Placed, choice: Selection) -> int:
    """Call off before it is sent, and return the amount."""
    facts: dict[str, Any] = {"actor": world.bea.actor, "party": Party.BUYER, "order_id": placed.order_id}
    with transaction() as session:
        shown = plan_refund(session, selection=choice, reason="changed_mind", now=clock.now(), **facts)
        asked = RefundRequest("less", choice, "changed_mind", shown.plan.mark)
        request_refund(session, request=asked, now=clock.now(), **facts)
    return shown.plan.total_minor
