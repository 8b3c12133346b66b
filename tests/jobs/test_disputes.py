"""Disputes from the gateway's notice to the books, with the vendor's stand-in over HTTP (STR-05)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.gateways.stripe.webhooks import read_event
from portal.jobs.disputes import ask_dispute, find_disputes
from portal.jobs.outbox import handle_events
from portal.jobs.payments import charge_attempt, handle_provider_event
from portal.jobs.refunds import send_leg
from portal.jobs.schedule import watch_disputes
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.services.checkout.place_order import Placed
from portal.services.payments.receive_webhook import store_event
from portal.services.refunds.replace_leg import replace_leg
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.test_refunds import ask, buy

pytestmark = pytest.mark.req("STR-05")


def dispute(world: World, placed: Placed, **how: Any) -> str:
    """The cardholder objects; returns the vendor's id."""
    intent = rows("SELECT gateway_ref FROM payment_attempt WHERE id = :id", id=placed.attempt_id)[0][0]
    return str(world.sandbox.post(f"/sandbox/dispute/{intent}", how)["id"])


def events_of(world: World, ref: str) -> list[bytes]:
    """The vendor's notices about a dispute, oldest first."""
    found = world.sandbox.http.request(
        "GET",
        f"{world.sandbox.url}/v1/events?limit=100",
        headers={"authorization": f"Bearer {world.sandbox.environ['STRIPE_SECRET_KEY']}"},
    ).json()["data"]
    return [orjson.dumps(one) for one in reversed(found) if one["data"]["object"]["id"] == ref]


def tell(body: bytes) -> None:
    """A notice comes in and is worked on."""
    account = rows("SELECT id FROM gateway_account WHERE gateway = 'stripe'")[0][0]
    stored = atomically(
        lambda s: store_event(
            s,
            gateway="stripe",
            gateway_account_id=account,
            event=read_event(body),
            body=body.decode(),
            now=clock.now(),
        )
    )
    if stored is not None:
        handle_provider_event(stored)


def standing() -> tuple[Any, ...]:
    return rows("SELECT status, held_minor, borne_minor FROM dispute")[0]


def booked() -> dict[str, int]:
    """What disputes have moved, by account."""
    return dict(
        rows(
            "SELECT a.kind, sum(p.amount_minor)::bigint FROM ledger_posting p JOIN ledger_account a"
            " ON a.id = p.account_id JOIN ledger_entry e ON e.id = p.entry_id AND e.kind LIKE 'dispute%'"
            " GROUP BY a.kind HAVING sum(p.amount_minor) <> 0"
        )
    )


def payment() -> str:
    return str(rows("SELECT status FROM payment")[0][0])


def test_an_opened_dispute_holds_the_money_in_the_books(world: World) -> None:
    placed = buy(world)
    ref = dispute(world, placed)
    tell(events_of(world, ref)[0])
    assert standing() == ("needs_response", 27_000, 0)
    assert booked() == {"gateway_clearing": 27_000, "dispute_receivable": -27_000}
    assert payment() == "disputed"
    assert rows("SELECT reason, bearer, fee_minor FROM dispute") == [("fraudulent", "platform", 20_000)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
@pytest.mark.req("STR-02")
def test_the_order_of_notices_and_their_repetition_change_nothing(world: World, order: tuple[int, ...]) -> None:
    placed = buy(world)
    ref = dispute(world, placed)
    world.sandbox.post(f"/sandbox/dispute/{ref}", {"won": True})
    bodies = events_of(world, ref)
    assert len(bodies) == 4
    for n in order:
        tell(bodies[n])
        tell(bodies[n])
    assert standing() == ("won", 0, 0)
    assert booked() == {}


def test_a_won_dispute_brings_the_money_back_and_lets_refunds_go_on(world: World) -> None:
    placed = buy(world)
    ref = dispute(world, placed)
    tell(events_of(world, ref)[0])
    world.sandbox.post(f"/sandbox/dispute/{ref}", {"won": True})
    tell(events_of(world, ref)[-1])
    assert (standing(), booked(), payment()) == (("won", 0, 0), {}, "dispute_won")
    send_leg(str(ask(world, placed)))
    assert payment() == "refunded"


@pytest.mark.parametrize(
    ("reason", "account"), [("fraudulent", "write_off"), ("product_not_received", "seller_payable")]
)
def test_a_lost_dispute_is_borne_by_whom_the_reason_names(world: World, reason: str, account: str) -> None:
    placed = buy(world)
    ref = dispute(world, placed, reason=reason)
    tell(events_of(world, ref)[0])
    world.sandbox.post(f"/sandbox/dispute/{ref}", {"won": False})
    for body in events_of(world, ref):
        tell(body)
    assert standing() == ("lost", 27_000, 27_000)
    assert booked() == {"gateway_clearing": 27_000, account: -27_000}
    assert payment() == "dispute_lost"


def test_stores_bear_a_lost_dispute_in_proportion_to_what_they_sold(world: World) -> None:
    goods = {make_variant(world.mall, krw=10_000): 1, make_variant(world.mall, store=1, krw=40_000): 1}
    placed = ready_to_buy(
        world.bea, world.mall.kr, goods, token=world.sandbox.card("4242424242424242"), method="credit_card"
    )()
    assert isinstance(placed, Placed)
    charge_attempt(str(placed.attempt_id))
    total = rows("SELECT captured_minor FROM payment")[0][0]
    ref = dispute(world, placed, reason="product_unacceptable")
    world.sandbox.post(f"/sandbox/dispute/{ref}", {"won": False})
    tell(events_of(world, ref)[-1])
    shares = rows(
        "SELECT a.owner, p.amount_minor FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " AND a.kind = 'seller_payable' ORDER BY p.amount_minor"
    )
    assert len(shares) == 2
    assert sum(amount for _, amount in shares) == -total


def test_an_inquiry_moves_no_money_and_forbids_no_refund(world: World) -> None:
    placed = buy(world)
    ref = dispute(world, placed, inquiry=True)
    tell(events_of(world, ref)[0])
    assert (standing(), booked(), payment()) == (("inquiry", 0, 0), {}, "captured")
    send_leg(str(ask(world, placed)))
    assert payment() == "refunded"


def test_what_is_in_dispute_is_not_refunded_besides(world: World) -> None:
    placed = buy(world)
    tell(events_of(world, dispute(world, placed))[0])
    with pytest.raises(RejectedError) as refusal:
        ask(world, placed)
    assert refusal.value.code == "PAYMENT_DISPUTED"


def test_a_refund_that_was_on_its_way_when_the_bank_took_the_money_fails_and_is_not_paid_twice(world: World) -> None:
    placed = buy(world)
    leg_id = ask(world, placed, 1)
    tell(events_of(world, dispute(world, placed))[0])
    send_leg(str(leg_id))
    assert rows("SELECT status, gateway_code FROM refund_leg") == [("failed", "charge_disputed")]
    with pytest.raises(RejectedError) as refusal, transaction() as session:
        replace_leg(session, leg_id=leg_id, destination="deposit", bank=None, actor=world.bea.actor, now=clock.now())
    assert refusal.value.code == "PAYMENT_DISPUTED"


def test_a_dispute_about_what_a_refund_left_holds_only_that(world: World) -> None:
    placed = buy(world)
    send_leg(str(ask(world, placed, 1)))
    tell(events_of(world, dispute(world, placed))[0])
    assert standing() == ("needs_response", 15_000, 0)
    assert payment() == "disputed"


def test_a_dispute_that_overtook_its_payment_waits_for_it(world: World) -> None:
    token = world.sandbox.card("4242424242424242")
    placed = ready_to_buy(
        world.bea, world.mall.kr, {make_variant(world.mall, krw=12_000): 1}, token=token, method="credit_card"
    )()
    assert isinstance(placed, Placed)
    world.sandbox.fault(kind="timeout_after", on="charge", order=placed.number)
    charge_attempt(str(placed.attempt_id))
    (charge,) = world.sandbox.charges(order=placed.number)
    ref = str(world.sandbox.post(f"/sandbox/dispute/{charge['id']}", {})["id"])
    tell(events_of(world, ref)[0])
    assert rows("SELECT count(*) FROM dispute") == [(0,)]
    assert rows("SELECT status FROM provider_event") == [("received",)]


def test_a_gateway_that_does_not_answer_is_asked_again(world: World) -> None:
    placed = buy(world)
    (body, *_) = events_of(world, dispute(world, placed))
    world.sandbox.fault(kind="error_before", on="any")
    tell(body)
    assert rows("SELECT status FROM provider_event") == [("received",)]
    world.sandbox.clear_faults()
    handle_provider_event(rows("SELECT id FROM provider_event")[0][0])
    assert standing()[0] == "needs_response"


def test_a_dispute_whose_end_was_never_told_is_found_by_the_clock(world: World) -> None:
    placed = buy(world)
    ref = dispute(world, placed)
    tell(events_of(world, ref)[0])
    world.sandbox.post(f"/sandbox/dispute/{ref}", {"won": False})
    dispute_id = rows("SELECT id FROM dispute")[0][0]
    ask_dispute(str(dispute_id))  # It was told of just now.
    assert standing()[0] == "needs_response"
    with later(hours=2):
        ask_dispute(str(dispute_id))
    assert standing() == ("lost", 27_000, 27_000)


def test_what_was_told_earlier_than_what_is_known_changes_nothing(world: World) -> None:
    placed = buy(world)
    ref = dispute(world, placed)
    world.sandbox.post(f"/sandbox/dispute/{ref}", {"won": False})
    with later(hours=1):
        tell(events_of(world, ref)[-1])
    with transaction() as session:
        session.execute(text("UPDATE provider_event SET status = 'received'"))
    handle_provider_event(rows("SELECT id FROM provider_event")[0][0])
    assert standing() == ("lost", 27_000, 27_000)


def test_administrators_hear_of_it_when_it_opens_and_on_its_last_day_once(world: World, told: Told) -> None:
    placed = buy(world)
    tell(events_of(world, dispute(world, placed))[0])
    assert told() == ["dispute_opened"]
    for days in (5.5, 6.5, 6.6):
        with later(days=days):
            watch_disputes()
    assert told() == ["dispute_due", "dispute_opened"]
    assert rows("SELECT count(*) FROM outbox_event WHERE kind = 'dispute.due'") == [(1,)]


def test_one_whose_notice_never_came_is_found_by_listing_and_once(world: World) -> None:
    placed = buy(world)
    dispute(world, placed)  # Nobody brings its notices in.
    world.sandbox.fault(kind="error_before", on="any", times=1)
    find_disputes()
    assert rows("SELECT count(*) FROM dispute") == [(0,)]
    for _ in range(2):
        find_disputes()
    assert standing() == ("needs_response", 27_000, 0)
    assert rows("SELECT count(*) FROM ledger_entry WHERE kind = 'dispute_held'") == [(1,)]


Told = Callable[[], list[str]]


@pytest.fixture
def told(world: World) -> Told:
    """What stands behind the bell of an administrator."""
    ada = make_person("ada", roles=("buyer", "admin"))

    def read() -> list[str]:
        handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE kind LIKE 'dispute.%'")])
        found = rows("SELECT kind FROM notice WHERE user_id = :id ORDER BY kind", id=ada.id)
        return [str(row[0]) for row in found]

    return read


def later(**by: float) -> Any:
    return clock.frozen(clock.now() + timedelta(**by))
