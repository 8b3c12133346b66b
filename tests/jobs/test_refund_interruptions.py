"""Money on its way back, or only held, that is cut off at every step, and notices of it that lie, repeat or hurry.

After each: the money moved once or not at all, the books in order, and the buyer's page says what is true.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import orjson
import pytest
from apiflask import APIFlask

from portal.broker import broker
from portal.config import Settings
from portal.db import atomically, transaction
from portal.jobs.payments import capture_attempt, charge_attempt, look_up_attempt, reverse_attempt
from portal.jobs.refunds import look_up_leg, send_leg
from portal.jobs.schedule import sweep_payments
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.gateways import forget_gateways
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.rules.states import MoveRefusedError
from portal.services.checkout.expire_orders import expire_order
from portal.services.checkout.place_order import Placed
from portal.services.orders.release_part import release_part
from portal.services.orders.review_order import Decision, review_order
from tests.blueprints.desks import browser
from tests.factories.cart import make_variant
from tests.factories.order import REVIEWED_KRW, give_deposit
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs import test_payments
from tests.jobs.conftest import World
from tests.jobs.killed_worker import worker
from tests.jobs.test_disputes import dispute, events_of, standing, tell
from tests.jobs.test_interruptions import WITHIN_S, cut_all_connections, held, somebody_waits, until
from tests.jobs.test_payments import charges, state
from tests.jobs.test_refunds import ask, buy, given_back, leg

pytestmark = pytest.mark.req("STR-04", "STR-06", "PAY-07")

ADA = Actor(user_id=uuid.UUID(int=7), roles=frozenset({Role.ADMIN}))


def later(**how: float) -> AbstractContextManager[Any]:
    return clock.frozen(clock.now() + timedelta(**how))


def sweep(minutes: float) -> None:
    """What clock and workers do that much later, with nothing but the database to tell them."""
    broker.client.flushdb()
    forget_gateways()
    with later(minutes=minutes):
        sweep_payments()
        found = rows("SELECT id, status FROM refund_leg WHERE status IN ('approved', 'sent', 'pending', 'unknown')")
        assert broker.client.llen("rq:queue:payments") == len(found)
        for leg_id, status in found:
            (send_leg if status == "approved" else look_up_leg)(str(leg_id))


def shown(app: APIFlask, world: World, placed: Placed) -> str:
    """What the buyer's page says of the refund."""
    return page_of(app, world, placed).partition('data-refund="')[2].partition('"')[0]


def page_of(app: APIFlask, world: World, placed: Placed) -> str:
    return browser(app, world.bea).get(f"/orders/{placed.number}").text


def assert_given_back_once(app: APIFlask, world: World, placed: Placed) -> None:
    assert rows("SELECT status FROM refund_leg") == [("succeeded",)]
    assert given_back(world, placed) == 27_000
    assert shown(app, world, placed) == "succeeded"


def test_killed_while_it_claims_a_refund_nothing_was_sent_and_the_next_one_sends_it(
    app: APIFlask, world: World, environment: dict[str, str], settings: Settings
) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    lock = held(settings, "LOCK TABLE transition IN ACCESS EXCLUSIVE MODE")
    with lock, worker(environment, leg_id, "send_leg"):
        until(somebody_waits)
    assert (leg(leg_id), given_back(world, placed)) == ("approved", 0)
    assert shown(app, world, placed) == "approved"
    sweep(1)
    assert_given_back_once(app, world, placed)


@pytest.mark.parametrize(("fault", "moved"), [("timeout_before", 0), ("timeout_after", 27_000)])
def test_killed_during_the_refund_the_gateway_is_asked_before_anything_is_sent_again(
    app: APIFlask, world: World, environment: dict[str, str], fault: str, moved: int
) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    world.sandbox.fault(kind=fault, on="refund", order=placed.number, times=2)
    with worker(environment, leg_id, "send_leg"):
        until(lambda: any(rule["met"] for rule in world.sandbox.state()["faults"]))
    world.sandbox.clear_faults()
    assert (leg(leg_id), given_back(world, placed)) == ("sent", moved)
    assert "Being sent" in page_of(app, world, placed)
    sweep(1)
    assert (leg(leg_id), given_back(world, placed)) == ("succeeded" if moved else "approved", moved)
    sweep(2)
    assert_given_back_once(app, world, placed)


def test_killed_while_it_settles_a_refund_the_answer_is_got_again_and_booked_once(
    app: APIFlask, world: World, environment: dict[str, str], settings: Settings
) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    lock = f"SELECT 1 FROM orders WHERE id = '{placed.order_id}' FOR UPDATE"  # noqa: S608  # An id of ours.
    with held(settings, lock), worker(environment, leg_id, "send_leg"):
        until(lambda: given_back(world, placed) == 27_000 and somebody_waits())
    assert leg(leg_id) == "sent"
    sweep(1)
    assert_given_back_once(app, world, placed)
    assert rows("SELECT count(*) FROM ledger_entry WHERE kind = 'order_refunded'") == [(1,)]


@pytest.mark.parametrize("trouble", ["the database restarts", "Redis is emptied"])
def test_what_restarts_or_is_emptied_during_the_refund_loses_nothing(
    app: APIFlask, world: World, settings: Settings, trouble: str
) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    world.sandbox.fault(kind="slow", on="refund", order=placed.number, delay_ms=500)
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(send_leg, str(leg_id))
        until(lambda: leg(leg_id) == "sent")
        if trouble == "Redis is emptied":
            broker.client.flushdb()
        else:
            cut_all_connections(settings)
        running.result(timeout=WITHIN_S)
    assert_given_back_once(app, world, placed)


def test_while_a_refund_is_unknown_the_same_money_is_not_asked_for_again(app: APIFlask, world: World) -> None:
    """Hard case 23: no new operation while the old one may have moved the money, and the page says so."""
    placed = buy(world)
    leg_id = ask(world, placed)
    world.sandbox.fault(kind="reset_after", on="refund", order=placed.number)
    send_leg(str(leg_id))
    assert leg(leg_id) == "unknown"
    assert shown(app, world, placed) == "unknown"
    assert "nothing is sent twice" in page_of(app, world, placed)
    with pytest.raises(PortalError) as refused:
        ask(world, placed)
    assert refused.value.code == "nothing_to_refund"
    sweep(1)
    assert_given_back_once(app, world, placed)


@pytest.mark.req("STR-02")
@pytest.mark.parametrize("lie", ["none", "amount", "order"])
def test_a_notice_of_a_refund_before_its_answer_and_twice_gives_back_once_and_lies_move_nothing(
    app: APIFlask, world: World, lie: str
) -> None:
    placed, other = buy(world), buy(world)
    leg_id, waiting = ask(world, placed), ask(world, other)
    world.sandbox.fault(kind="reset_after", on="refund", order=placed.number)
    world.sandbox.fault(kind="reset_before", on="refund", order=other.number)
    for one in (leg_id, waiting):
        send_leg(str(one))
        assert leg(one) == "unknown"
    (made,) = world.sandbox.state(order=placed.number)["refunds"]
    notice = orjson.loads(events_of(world, made["id"])[0])
    if lie != "none":
        notice["id"] = f"evt_{uuid.uuid4().hex}"
        about = notice["data"]["object"]
        if lie == "amount":
            about["amount"] = 1
        else:
            about["metadata"] = {"op_key": rows("SELECT op_key FROM refund_leg WHERE id = :id", id=waiting)[0][0]}
    for _ in range(2):
        with later(days=3):
            tell(orjson.dumps(notice))
    # What is named is asked about: the gateway's word counts, not the notice's.
    assert leg(leg_id) == ("unknown" if lie == "order" else "succeeded")
    assert leg(waiting) == ("approved" if lie == "order" else "unknown")
    assert rows("SELECT DISTINCT status FROM provider_event") == [("handled",)]
    assert given_back(world, other) == 0
    look_up_leg(str(leg_id))
    send_leg(str(leg_id))
    assert leg(leg_id) == "succeeded"
    assert given_back(world, placed) == 27_000
    assert rows("SELECT refunded_minor FROM payment ORDER BY refunded_minor") == [(0,), (27_000,)]
    assert shown(app, world, placed) == "succeeded"
    assert shown(app, world, other) == ("approved" if lie == "order" else "unknown")


@pytest.mark.req("STR-05", "STR-02")
@pytest.mark.parametrize("lie", ["amount", "order"])
def test_a_notice_of_a_dispute_that_names_another_amount_or_charge_holds_what_the_gateway_holds(
    world: World, lie: str
) -> None:
    placed, other = buy(world), buy(world, krw=50_000)
    notice = orjson.loads(events_of(world, dispute(world, placed))[0])
    about = notice["data"]["object"]
    if lie == "amount":
        about["amount"] = 99_000_000
    else:
        about["payment_intent"] = rows("SELECT gateway_ref FROM payment_attempt WHERE id = :i", i=other.attempt_id)[0][
            0
        ]
    for _ in range(2):
        tell(orjson.dumps(notice))
    assert standing() == ("needs_response", 27_000, 0)
    of_order = "SELECT p.status FROM payment p WHERE p.order_id = :id"
    assert rows(of_order, id=placed.order_id) == [("disputed",)]
    assert rows(of_order, id=other.order_id) == [("captured",)]


@pytest.mark.req("PAY-06", "PAY-11")
@pytest.mark.parametrize("job", ["capture_attempt", "reverse_attempt"])
def test_killed_while_held_money_is_taken_or_let_go_it_happens_once(
    world: World, environment: dict[str, str], job: str
) -> None:
    placed = test_payments.buy(world, krw=REVIEWED_KRW)
    charge_attempt(str(placed.attempt_id))
    decision = Decision.CLEAR if job == "capture_attempt" else Decision.REFUSE
    with transaction() as session:
        review_order(session, order_id=placed.order_id, decision=decision, reason="called", actor=ADA, now=clock.now())
    on = "capture" if decision is Decision.CLEAR else "void"
    world.sandbox.fault(kind="timeout_after", on=on, order=placed.number, times=2)
    with worker(environment, placed.attempt_id, job):
        until(lambda: any(rule["met"] for rule in world.sandbox.state()["faults"]))
    world.sandbox.clear_faults()
    with later(minutes=2):
        for _ in range(2):
            (capture_attempt if decision is Decision.CLEAR else reverse_attempt)(str(placed.attempt_id))
    if decision is Decision.CLEAR:
        assert state(placed) == ("paid", "captured")
        (charge,) = world.sandbox.charges(order=placed.number, money=True)
        assert charge["captured"] == rows("SELECT captured_minor FROM payment")[0][0]
        assert rows("SELECT count(*) FROM ledger_entry") == [(1,)]
    else:
        assert rows("SELECT reversal FROM payment_attempt") == [("done",)]
        assert charges(world, placed) == 0


@pytest.mark.req("PAY-11")
def test_an_order_under_review_is_neither_taken_nor_paid_out(world: World) -> None:
    """Hard case 22: the hold stands before the capture and before the seller's money, whoever asks."""
    placed = test_payments.buy(world, krw=REVIEWED_KRW)
    charge_attempt(str(placed.attempt_id))
    with later(minutes=20):
        sweep_payments()
        for _ in range(2):
            capture_attempt(str(placed.attempt_id))
    assert state(placed) == ("pending", "authorised")
    (charge,) = world.sandbox.charges(order=placed.number, money=True)
    assert charge["captured"] == 0
    part = rows("SELECT id FROM order_part")[0][0]
    with pytest.raises(MoveRefusedError):
        atomically(lambda s: release_part(s, part_id=part, actor=SYSTEM, now=clock.now()))
    assert rows("SELECT count(*) FROM ledger_entry") == [(0,)]


@pytest.mark.req("BAL-03", "PAY-09")
@pytest.mark.parametrize("charged", [True, False])
def test_a_deposit_is_kept_while_the_rest_may_have_been_charged_and_free_when_it_was_not(
    world: World, charged: bool
) -> None:
    """Hard case 15: a hold ends with its order, but never while a call to the gateway is under way."""
    give_deposit(world.bea, 5_000)
    token = world.sandbox.card("4242424242424242")
    goods = {make_variant(world.mall, krw=12_000): 1}
    placed = ready_to_buy(world.bea, world.mall.kr, goods, token=token, deposit_minor=5_000)()
    assert isinstance(placed, Placed)
    world.sandbox.fault(kind="reset_after" if charged else "reset_before", on="charge", order=placed.number)
    charge_attempt(str(placed.attempt_id))
    deposit = "SELECT held_minor FROM ledger_account WHERE kind = 'deposit' AND owner LIKE 'user:%'"
    with later(minutes=31):
        with transaction() as session:
            assert not expire_order(session, order_id=placed.order_id, now=clock.now())
        assert rows(deposit) == [(5_000,)]
        look_up_attempt(str(placed.attempt_id))
    assert state(placed) == (("paid", "captured") if charged else ("failed", "declined"))
    assert rows(deposit) == [(0,)]
    left = "SELECT sum(p.amount_minor)::int FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
    assert rows(f"{left} WHERE a.kind = 'deposit'") == [(0 if charged else 5_000,)]
