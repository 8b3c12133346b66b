"""Refunds from the decision to the books, with the vendors' stand-ins over HTTP and everything that can go wrong."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from portal.db import reading, transaction
from portal.gateways.base import RefundFailed
from portal.jobs.outbox import handle_events
from portal.jobs.payments import charge_attempt, handle_provider_event
from portal.jobs.refunds import look_up_leg, send_leg
from portal.kit import clock
from portal.kit.ids import new_token
from portal.rules.refund_policy import Party
from portal.services.checkout.place_order import Placed
from portal.services.refunds.claim_leg import claim_leg, legs_due
from portal.services.refunds.plan_refund import Selection, plan_refund
from portal.services.refunds.request_refund import RefundRequest, request_refund
from tests.factories.cart import make_variant
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows, settle
from tests.jobs.conftest import World

pytestmark = pytest.mark.req("STR-04")


def buy(world: World, card: str = "4242424242424242", *, method: str = "credit_card", krw: int = 12_000) -> Placed:
    token = world.sandbox.card(card) if method == "credit_card" else None
    placed = ready_to_buy(
        world.bea, world.mall.kr, {make_variant(world.mall, krw=krw): 2}, token=token, method=method
    )()
    assert isinstance(placed, Placed)
    charge_attempt(str(placed.attempt_id))
    return placed


def ask(world: World, placed: Placed, units: int | None = None) -> UUID:
    """Request the refund as the page does; returns the leg that a gateway must answer."""
    line_id = rows("SELECT id FROM order_line WHERE order_id = :id", id=placed.order_id)[0][0]
    selection = Selection({line_id: units}) if units else Selection()
    with reading() as session:
        mark = plan_refund(
            session,
            actor=world.bea.actor,
            party=Party.BUYER,
            order_id=placed.order_id,
            selection=selection,
            reason="changed_mind",
            now=clock.now(),
        ).plan.mark
    request = RefundRequest(key=new_token(), selection=selection, reason="changed_mind", shown=mark)
    with transaction() as session:
        refund_id = request_refund(
            session,
            actor=world.bea.actor,
            party=Party.BUYER,
            order_id=placed.order_id,
            request=request,
            now=clock.now(),
        ).refund_id
    leg_id = rows("SELECT id FROM refund_leg WHERE refund_id = :id", id=refund_id)[0][0]
    assert isinstance(leg_id, UUID)
    return leg_id


def later(minutes: float) -> Any:
    return clock.frozen(clock.now() + timedelta(minutes=minutes))


def leg(leg_id: UUID) -> str:
    return str(rows("SELECT status FROM refund_leg WHERE id = :id", id=leg_id)[0][0])


def order(placed: Placed) -> str:
    return str(rows("SELECT status FROM orders WHERE id = :id", id=placed.order_id)[0][0])


def given_back(world: World, placed: Placed) -> int:
    (charge,) = world.sandbox.charges(order=placed.number, money=False)
    return int(charge["refunded"])


def test_a_refund_is_sent_once_however_often_the_job_runs(world: World) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    for _ in range(3):
        send_leg(str(leg_id))
    assert (leg(leg_id), order(placed)) == ("succeeded", "refunded")
    assert given_back(world, placed) == 27_000


@pytest.mark.req("REF-02")
def test_parts_go_back_one_after_the_other_and_never_more_than_all(world: World) -> None:
    placed = buy(world)
    for expected, state in ((12_000, "partially_refunded"), (27_000, "refunded")):
        send_leg(str(ask(world, placed, 1)))
        assert (given_back(world, placed), order(placed)) == (expected, state)


@pytest.mark.parametrize("trouble", ["timeout_after", "reset_after", "error_after"])
def test_a_refund_whose_answer_never_came_is_asked_about_and_moves_money_once(world: World, trouble: str) -> None:
    """Hard cases 9 and 23: the same key for every repetition, and the gateway is asked before anything is sent."""
    placed = buy(world)
    leg_id = ask(world, placed)
    world.sandbox.fault(kind=trouble, on="refund", order=placed.number)
    send_leg(str(leg_id))
    assert leg(leg_id) == "unknown"
    assert rows("SELECT status FROM refund") == [("unknown",)]
    send_leg(str(leg_id))  # A second hint does not send it again.
    assert leg(leg_id) == "unknown"
    look_up_leg(str(leg_id))
    assert (leg(leg_id), order(placed)) == ("succeeded", "refunded")
    assert given_back(world, placed) == 27_000


@pytest.mark.parametrize("trouble", ["reset_before", "error_before"])
def test_a_refund_that_never_reached_the_gateway_is_sent_again_under_its_key(world: World, trouble: str) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    world.sandbox.fault(kind=trouble, on="refund", order=placed.number)
    send_leg(str(leg_id))
    assert leg(leg_id) == "unknown"
    look_up_leg(str(leg_id))
    assert leg(leg_id) == "approved"
    key = rows("SELECT op_key FROM refund_leg")
    with later(1):
        send_leg(str(leg_id))
    assert leg(leg_id) == "succeeded"
    assert rows("SELECT op_key FROM refund_leg") == key
    assert given_back(world, placed) == 27_000


def test_a_gateway_that_is_busy_is_tried_again_later(world: World) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    world.sandbox.fault(kind="rate_limit", on="refund", order=placed.number)
    send_leg(str(leg_id))
    assert leg(leg_id) == "approved"
    with later(0.2):
        with reading() as session:
            assert legs_due(session, now=clock.now()).to_send == [leg_id]
        send_leg(str(leg_id))
    assert leg(leg_id) == "succeeded"


@pytest.mark.req("PAY-07")
def test_a_worker_that_was_killed_in_the_middle_is_found_by_the_sweep(world: World) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    with transaction() as session:  # As if the process had died between the mark and the call.
        claim_leg(session, leg_id=leg_id, now=clock.now())
    with later(1):
        with reading() as session:
            assert legs_due(session, now=clock.now()).to_ask == [leg_id]
        look_up_leg(str(leg_id))
        assert leg(leg_id) == "approved"
    with later(2):
        send_leg(str(leg_id))
    assert leg(leg_id) == "succeeded"
    assert given_back(world, placed) == 27_000


def test_a_refund_that_fails_after_it_had_succeeded_is_owed_again(world: World) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    send_leg(str(leg_id))
    assert order(placed) == "refunded"
    assert settle(leg_id, RefundFailed("expired_or_canceled_card", "re_1"))
    assert not settle(leg_id, RefundFailed("expired_or_canceled_card", "re_1"))  # The notice comes twice.
    assert (leg(leg_id), order(placed)) == ("failed", "paid")
    assert rows("SELECT status, refunded_minor FROM payment") == [("captured", 0)]
    assert rows("SELECT refunded_minor FROM tender") == [(0,)]
    assert rows("SELECT status FROM refund") == [("failed",)]


@pytest.mark.req("STR-02")
def test_a_notice_of_a_late_failure_is_looked_into(world: World) -> None:
    """The test card 4000000000005126 refunds at once and fails afterwards."""
    placed = buy(world, "4000000000005126")
    leg_id = ask(world, placed)
    send_leg(str(leg_id))
    ref = rows("SELECT gateway_ref FROM refund_leg")[0][0]
    settled(world, ref)
    key = rows("SELECT op_key FROM refund_leg")[0][0]
    with transaction() as session:
        event_id = session.execute(
            _EVENT, {"ref": rows("SELECT gateway_ref FROM payment_attempt")[0][0], "note": key}
        ).scalar_one()
    handle_provider_event(event_id)
    assert ref
    assert leg(leg_id) == "failed"
    assert rows("SELECT status FROM provider_event WHERE id = :id", id=event_id) == [("handled",)]
    assert given_back(world, placed) == 0


@pytest.mark.req("REF-04", "NOT-01")
def test_the_buyer_hears_of_each_step_and_an_administrator_of_a_failure(world: World) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    drain()
    send_leg(str(leg_id))
    drain()
    assert rows("SELECT DISTINCT kind FROM notice WHERE kind LIKE 'refund%' ORDER BY kind") == [
        ("refund_approved",),
        ("refund_succeeded",),
    ]
    assert rows("SELECT dedup_key FROM mail WHERE template = 'refund' ORDER BY id")[0][0].startswith("refund_approved:")
    settle(leg_id, RefundFailed("expired_or_canceled_card"))
    drain()
    assert ("refund_failed",) in rows("SELECT kind FROM notice")


_EVENT = text(
    "INSERT INTO provider_event (gateway, event_id, kind, gateway_ref, note, signature_ok, status, received_at, due_at)"
    " VALUES ('stripe', 'evt_late', 'refund.failed', :ref, :note, true, 'received', now(), now()) RETURNING id"
)


def settled(world: World, refund_ref: str) -> None:
    """Wait until the stand-in's bank has answered."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = {one["id"]: one["status"] for one in world.sandbox.state()["refunds"]}
        if found[refund_ref] == "failed":
            return
    raise AssertionError("the refund never failed")


def drain() -> None:
    while waiting := [row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")]:
        handle_events(waiting)
