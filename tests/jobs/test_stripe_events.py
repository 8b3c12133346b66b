"""Each of Stripe's events moves what is ours, in any order, and what we do not know is kept (STR-03)."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from portal.jobs.payments import charge_attempt
from portal.jobs.refunds import send_leg
from portal.services.checkout.place_order import Placed
from tests.factories.cart import make_variant
from tests.factories.order import REVIEWED_KRW
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.test_disputes import tell
from tests.jobs.test_refunds import ask, buy

pytestmark = pytest.mark.req("STR-03")


def order_of(world: World, card: str, krw: int = 12_000) -> Placed:
    placed = ready_to_buy(
        world.bea, world.mall.kr, {make_variant(world.mall, krw=krw): 1}, token=world.sandbox.card(card)
    )()
    assert isinstance(placed, Placed)
    return placed


def event(world: World, kind: str, **changes: Any) -> bytes:
    """The vendor's latest event of a kind, with its object changed."""
    found = world.sandbox.http.request(
        "GET",
        f"{world.sandbox.url}/v1/events?limit=1&type={kind}",
        headers={"authorization": f"Bearer {world.sandbox.environ['STRIPE_SECRET_KEY']}"},
    ).json()["data"]
    (one,) = found
    one["data"]["object"] |= changes
    return orjson.dumps(one)


def unanswered(world: World, placed: Placed) -> None:
    """The charge executes, and its answer never comes: only a notice can tell."""
    world.sandbox.fault(kind="timeout_after", on="charge", order=placed.number, times=1)
    charge_attempt(str(placed.attempt_id))
    assert attempt() == "unknown"


def attempt() -> str:
    return str(rows("SELECT state FROM payment_attempt ORDER BY created_at DESC LIMIT 1")[0][0])


def payment() -> str:
    return str(rows("SELECT status FROM payment")[0][0])


def test_succeeded_makes_the_order_paid(world: World) -> None:
    placed = order_of(world, "4242424242424242")
    unanswered(world, placed)
    tell(event(world, "payment_intent.succeeded"))
    assert (attempt(), payment()) == ("captured", "captured")


def test_requires_action_lets_the_buyer_be_asked(world: World) -> None:
    placed = order_of(world, "4000000000003220")
    unanswered(world, placed)
    tell(event(world, "payment_intent.requires_action"))
    assert (attempt(), payment()) == ("requires_action", "requires_action")
    assert rows("SELECT action IS NOT NULL FROM payment_attempt") == [(True,)]


def test_payment_failed_gives_the_order_up(world: World) -> None:
    placed = order_of(world, "4000000000009995")
    unanswered(world, placed)
    tell(event(world, "payment_intent.payment_failed"))
    assert attempt() == "declined"
    assert rows("SELECT reason FROM payment_attempt") == [("insufficient_funds",)]
    assert rows("SELECT status FROM orders WHERE id = :id", id=placed.order_id) == [("failed",)]


def test_amount_capturable_updated_holds_the_money_for_the_review(world: World) -> None:
    placed = order_of(world, "4242424242424242", REVIEWED_KRW)
    unanswered(world, placed)
    tell(event(world, "payment_intent.amount_capturable_updated"))
    assert (attempt(), payment()) == ("authorised", "authorised")


def test_canceled_ends_the_attempt_without_money(world: World) -> None:
    placed = order_of(world, "4000000000003220")
    charge_attempt(str(placed.attempt_id))
    (ref,) = rows("SELECT gateway_ref FROM payment_attempt")[0]
    vendor(world, f"payment_intents/{ref}/cancel")
    tell(event(world, "payment_intent.canceled"))
    assert attempt() == "cancelled"
    assert rows("SELECT status FROM orders WHERE id = :id", id=placed.order_id) == [("cancelled",)]


def test_processing_waits_for_the_bank(world: World) -> None:
    placed = order_of(world, "4000000000003220")
    charge_attempt(str(placed.attempt_id))
    (ref,) = rows("SELECT gateway_ref FROM payment_attempt")[0]
    world.sandbox.post(f"/sandbox/processing/{ref}", {})
    tell(event(world, "payment_intent.processing"))
    assert attempt() == "pending"
    assert rows("SELECT status FROM orders WHERE id = :id", id=placed.order_id) == [("pending",)]


@pytest.mark.req("STR-04")
@pytest.mark.parametrize("kind", ["refund.created", "charge.refunded"])
def test_a_refund_whose_answer_never_came_is_settled_by_its_notices(world: World, kind: str) -> None:
    placed = buy(world)
    leg_id = ask(world, placed)
    world.sandbox.fault(kind="timeout_after", on="refund", order=placed.number, times=1)
    send_leg(str(leg_id))
    assert leg() == "unknown"
    tell(event(world, kind))
    assert (leg(), payment()) == ("succeeded", "refunded")


@pytest.mark.req("STR-04")
def test_refund_updated_makes_a_slow_refund_complete(world: World) -> None:
    placed = buy(world, "4000000000007726")
    send_leg(str(ask(world, placed)))
    assert leg() == "pending"
    wait_for(world, "refund.updated")
    tell(event(world, "refund.updated"))
    assert (leg(), payment()) == ("succeeded", "refunded")


@pytest.mark.req("STR-04")
@pytest.mark.parametrize("kind", ["refund.updated", "refund.failed"])
def test_refund_failed_takes_a_refund_back_that_had_succeeded(world: World, kind: str) -> None:
    placed = buy(world, "4000000000005126")
    send_leg(str(ask(world, placed)))
    assert (leg(), payment()) == ("succeeded", "refunded")
    wait_for(world, "refund.failed")
    tell(event(world, kind))
    assert (leg(), payment()) == ("failed", "captured")


@pytest.mark.req("STR-02")
def test_an_event_that_nobody_knows_is_stored_and_acknowledged(world: World) -> None:
    placed = order_of(world, "4242424242424242")
    charge_attempt(str(placed.attempt_id))
    for kind in ("radar.early_fraud_warning.created", "invoice.paid", "customer.created"):
        one = orjson.loads(event(world, "payment_intent.succeeded"))
        one |= {"type": kind, "id": f"evt_{kind}"}
        tell(orjson.dumps(one))
        tell(orjson.dumps(one))
    assert rows("SELECT kind, status FROM provider_event WHERE event_id LIKE 'evt\\_%.%' ORDER BY kind") == [
        ("customer.created", "ignored"),
        ("invoice.paid", "ignored"),
        ("radar.early_fraud_warning.created", "ignored"),
    ]
    assert (attempt(), payment()) == ("captured", "captured")


def leg() -> str:
    return str(rows("SELECT status FROM refund_leg")[0][0])


def vendor(world: World, path: str) -> None:
    """What somebody does at the vendor's dashboard."""
    answer = world.sandbox.http.request(
        "POST",
        f"{world.sandbox.url}/v1/{path}",
        headers={"authorization": f"Bearer {world.sandbox.environ['STRIPE_SECRET_KEY']}"},
    )
    assert answer.status == 200, answer.data


def wait_for(world: World, kind: str) -> None:
    deadline = time.monotonic() + 10
    (ref,) = rows("SELECT gateway_ref FROM refund_leg")[0]
    while (kind, ref) not in {(one["type"], one["object"]) for one in world.sandbox.state()["events"]}:
        assert time.monotonic() < deadline
        time.sleep(0.02)  # The bank answers after a while, and nothing tells us here.
