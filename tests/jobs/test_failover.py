"""A gateway that cannot be reached: again, elsewhere, or the truth; never two charges (PAY-06)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apiflask import APIFlask
from sqlalchemy import update

from portal.broker import broker
from portal.db import transaction
from portal.jobs.outbox import handle_events
from portal.jobs.payments import charge_attempt, look_up_attempt
from portal.kit import clock
from portal.models import GatewayAccount
from portal.queries.gateway_health import load_health, note_call
from portal.queries.gateways import forget_gateways, gateway_directory
from portal.queries.turned_away import WAIT
from portal.rules.health import OPEN_FOR, Health, Turn
from portal.services.checkout.place_order import Placed
from portal.services.checkout.routing import TryAgainLaterError
from portal.services.payments.find_due import find_due
from portal.services.payments.note_unknown import ASK_AFTER
from tests.blueprints.desks import browser
from tests.factories.cart import make_variant
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.sandbox_server import Sandbox, free_port, start_sandbox

pytestmark = pytest.mark.req("PAY-06")

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def sandbox_server() -> Iterator[Sandbox]:
    with start_sandbox(portal_url=NOBODY) as running:
        yield running


@pytest.fixture
def pair(world: World) -> World:
    """Two accounts that take bank transfers on their own pages: paylink first, its twin after it."""
    with transaction() as session:
        first = session.query(GatewayAccount).filter_by(name="paylink").one()
        session.add(
            GatewayAccount(
                gateway="paylink",
                name="twin",
                credentials=first.credentials,
                methods=["bank_transfer"],
                currencies=["KRW"],
                priority=50,
            )
        )
    forget_gateways()
    return world


def place(world: World, *, method: str = "bank_transfer", token: str | None = None) -> Placed:
    goods = {make_variant(world.mall, krw=10_000): 1}
    placed = ready_to_buy(world.bea, world.mall.kr, goods, method=method, token=token)()
    assert isinstance(placed, Placed)
    return placed


def lead_to_nobody(name: str) -> None:
    """The account's address is one where nobody listens."""
    with transaction() as session:
        row = session.query(GatewayAccount).filter_by(name=name).one()
        assert row.credentials is not None
        base = f"http://127.0.0.1:{free_port()}"
        credentials = json.loads(row.credentials) | {"api_base": base}
        session.execute(
            update(GatewayAccount)
            .where(GatewayAccount.id == row.id)
            .values(credentials=json.dumps(credentials), version=GatewayAccount.version + 1)
        )
    forget_gateways()


def attempts(placed: Placed) -> list[tuple[Any, ...]]:
    return rows(
        "SELECT a.n, g.name, a.state, a.sends FROM payment_attempt a JOIN payment p ON p.id = a.payment_id"
        " JOIN gateway_account g ON g.id = a.gateway_account_id WHERE p.order_id = :id ORDER BY a.n",
        id=placed.order_id,
    )


def run(placed: Placed, *, seconds: int = 0) -> None:
    """What workers and clock do with what is due within these seconds, and the relay with what they tell."""
    with clock.frozen(clock.now() + timedelta(seconds=seconds)):
        with transaction() as session:
            due = find_due(session, now=clock.now())
        for attempt_id in due.to_send:
            charge_attempt(str(attempt_id))
        for attempt_id in due.to_ask:
            look_up_attempt(str(attempt_id))


def order_status(placed: Placed) -> str:
    return str(rows("SELECT status FROM orders WHERE id = :id", id=placed.order_id)[0][0])


def test_one_that_cannot_be_reached_is_asked_twice_then_the_next_takes_it(pair: World) -> None:
    lead_to_nobody("paylink")
    placed = place(pair)
    charge_attempt(str(placed.attempt_id))
    assert attempts(placed) == [(1, "paylink", "created", 1)]
    run(placed, seconds=10)
    assert attempts(placed) == [(1, "paylink", "declined", 2), (2, "twin", "created", 0)]
    run(placed, seconds=20)
    assert attempts(placed) == [(1, "paylink", "declined", 2), (2, "twin", "requires_action", 1)]
    assert order_status(placed) == "pending"
    (charge,) = pair.sandbox.charges(order=placed.number, money=False)
    pair.sandbox.pay(f"{pair.sandbox.url}/paylink/pay/{charge['id']}")
    run(placed, seconds=200)
    assert order_status(placed) == "paid"
    assert len(pair.sandbox.charges(order=placed.number)) == 1
    incidents = rows("SELECT kind, code, next FROM gateway_incident ORDER BY id")
    assert [tuple(one) for one in incidents] == [
        ("unavailable", "no_connection", "sent_again"),
        ("unavailable", "no_connection", "failed_over"),
    ]


def test_the_failover_is_charged_by_the_relay_without_waiting_for_the_sweep(pair: World) -> None:
    lead_to_nobody("paylink")
    placed = place(pair)
    charge_attempt(str(placed.attempt_id))
    run(placed, seconds=10)
    events = rows("SELECT id, payload ->> 'attempt' FROM outbox_event WHERE kind = 'payment.failed_over'")
    assert len(events) == 1
    broker.client.flushdb()
    handle_events([events[0][0]])
    assert broker.client.llen("rq:queue:payments") == 1


def test_at_most_three_calls_for_one_click_then_the_buyer_is_told_when_to_try_again(pair: World) -> None:
    lead_to_nobody("paylink")
    lead_to_nobody("twin")
    placed = place(pair)
    charge_attempt(str(placed.attempt_id))
    for seconds in (10, 20, 30, 40, 60):
        run(placed, seconds=seconds)
    assert sum(sends for *_, sends in attempts(placed)) == 3
    assert order_status(placed) == "failed"
    assert rows("SELECT count(*) FROM cart_line") == [(1,)]
    broker.client.flushdb()  # The breaker's record is gone; who was turned away is not forgotten.
    ended = rows("SELECT max(answered_at) FROM payment_attempt")[0][0]
    note_call(gateway_id("paylink"), failed=True, now=ended)
    forget_gateways()
    with clock.frozen(ended + WAIT - timedelta(seconds=1)), pytest.raises(TryAgainLaterError) as refused:
        ready_to_buy(pair.bea, pair.mall.kr, {}, method="bank_transfer")()
    assert (refused.value.status, refused.value.retry_after_s) == (429, 1)
    with clock.frozen(ended + WAIT):
        again = ready_to_buy(pair.bea, pair.mall.kr, {}, method="bank_transfer")()
    assert isinstance(again, Placed)


def test_the_orders_page_says_when_to_try_again_and_what_works_now(app: APIFlask, pair: World) -> None:
    lead_to_nobody("paylink")
    lead_to_nobody("twin")
    placed = place(pair)
    charge_attempt(str(placed.attempt_id))
    for seconds in (10, 20, 30):
        run(placed, seconds=seconds)
    ended = rows("SELECT max(answered_at) FROM payment_attempt")[0][0]
    with clock.frozen(ended + WAIT - timedelta(seconds=1)):
        page = browser(app, pair.bea).get(f"/orders/{placed.number}").text
    local = (ended + WAIT).astimezone(ZoneInfo("Asia/Seoul"))
    assert f"Try the same again after {local:%-d %b %Y, %H:%M}" in page
    assert "or pay another way now" in page
    assert "Ways of paying that take this amount: Credit card" in page
    assert "Bank transfer" not in page.partition("Ways of paying that take")[2].partition("</p>")[0]
    with clock.frozen(ended + WAIT):
        page = browser(app, pair.bea).get(f"/orders/{placed.number}").text
    assert "Try the same again after" not in page
    assert "Try again" in page


def test_another_way_that_was_not_tried_is_open_meanwhile(pair: World) -> None:
    lead_to_nobody("paylink")
    lead_to_nobody("twin")
    placed = place(pair)
    charge_attempt(str(placed.attempt_id))
    for seconds in (10, 20, 30):
        run(placed, seconds=seconds)
    token = pair.sandbox.card("4242424242424242")
    other = ready_to_buy(pair.bea, pair.mall.kr, {}, method="credit_card", token=token)()
    assert isinstance(other, Placed)


def test_a_cards_token_goes_to_no_other_gateway(pair: World) -> None:
    lead_to_nobody("stripe")
    with transaction() as session:
        session.execute(update(GatewayAccount).where(GatewayAccount.name == "twin").values(methods=["credit_card"]))
    forget_gateways()
    placed = place(pair, method="credit_card", token=pair.sandbox.card("4242424242424242"))
    charge_attempt(str(placed.attempt_id))
    for seconds in (10, 20, 30):
        run(placed, seconds=seconds)
    assert [one[1:3] for one in attempts(placed)] == [("stripe", "declined")]
    assert order_status(placed) == "failed"


def test_what_is_unknown_is_asked_about_and_only_then_goes_elsewhere(pair: World) -> None:
    pair.sandbox.fault(kind="timeout_before", on="charge", vendor="paylink", times=1)
    placed = place(pair)
    charge_attempt(str(placed.attempt_id))
    assert attempts(placed) == [(1, "paylink", "unknown", 1)]
    run(placed)
    assert attempts(placed) == [(1, "paylink", "unknown", 1)]
    run(placed, seconds=round(ASK_AFTER[0].total_seconds()) + 1)
    assert [one[1:3] for one in attempts(placed)] == [("paylink", "declined"), ("twin", "created")]
    run(placed, seconds=20)
    (charge,) = pair.sandbox.charges(order=placed.number, money=False)
    pair.sandbox.pay(f"{pair.sandbox.url}/paylink/pay/{charge['id']}")
    run(placed, seconds=200)
    assert order_status(placed) == "paid"
    assert len(pair.sandbox.charges(order=placed.number)) == 1


def test_one_that_was_sent_twice_is_asked_about_by_the_same_timetable(pair: World) -> None:
    pair.sandbox.fault(kind="rate_limit", on="charge", vendor="paylink", times=1)
    pair.sandbox.fault(kind="reset_after", on="charge", vendor="paylink", times=1)
    pair.sandbox.fault(kind="reset_after", on="fetch", vendor="paylink", times=None)
    placed = place(pair)
    charge_attempt(str(placed.attempt_id))
    now = clock.now() + timedelta(seconds=10)
    for wait in ASK_AFTER:
        with clock.frozen(now):
            run(placed)
        (due_at,) = rows("SELECT due_at FROM payment_attempt")[0]
        assert due_at == now + wait
        now = due_at
    assert attempts(placed) == [(1, "paylink", "unknown", 2)]


def test_a_charge_that_was_made_although_nobody_answered_goes_nowhere_else(pair: World) -> None:
    pair.sandbox.fault(kind="timeout_after", on="charge", vendor="paylink", times=1)
    placed = place(pair)
    charge_attempt(str(placed.attempt_id))
    run(placed, seconds=10)
    assert [one[1:3] for one in attempts(placed)] == [("paylink", "requires_action")]
    assert len(pair.sandbox.charges(order=placed.number, money=False)) == 1


def test_a_dead_account_is_spared_and_the_next_is_asked_first(pair: World) -> None:
    dead = gateway_id("paylink")
    turns = [note_call(dead, failed=True, now=clock.now()) for _ in range(3)]
    assert turns == [None, None, Turn.OPENED]
    forget_gateways()
    assert gateway_directory()[dead].account.health is Health.OPEN
    assert [one[1] for one in attempts(place(pair))] == ["twin"]
    routing = rows("SELECT routing FROM payment_attempt")[0][0]
    (told,) = (one for one in routing if one["id"] == dead)
    assert (told["account"], told["kept"], told["reason"]) == ("paylink", False, "GATEWAY_DOWN")


def test_it_is_trusted_again_after_some_calls_that_went_well(world: World) -> None:
    account = gateway_id("paylink")
    now = clock.now()
    for _ in range(3):
        note_call(account, failed=True, now=now)
    later = now + OPEN_FOR
    assert load_health([account], now=later)[account].health(later) is Health.HALF_OPEN
    assert [note_call(account, failed=False, now=later) for _ in range(3)] == [None, None, Turn.CLOSED]
    record = load_health([account], now=later)[account]
    assert (record.health(later), record.failed) == (Health.CLOSED, 0)


def test_old_calls_leave_the_window(world: World) -> None:
    account, now = gateway_id("paylink"), clock.now()
    for _ in range(2):
        note_call(account, failed=True, now=now)
    later = now + timedelta(minutes=6)
    assert load_health([account], now=later)[account].failed == 0
    assert note_call(account, failed=True, now=later) is None


def test_the_breaker_tells_administrators_once(pair: World) -> None:
    lead_to_nobody("paylink")
    lead_to_nobody("twin")
    for _ in range(2):
        placed = place(pair)
        charge_attempt(str(placed.attempt_id))
        run(placed, seconds=10)
    kinds = [row[0] for row in rows("SELECT kind FROM gateway_incident WHERE kind LIKE 'breaker%'")]
    assert kinds == ["breaker_opened"]
    assert rows("SELECT kind FROM outbox_event WHERE kind = 'gateway.breaker_opened'") == [("gateway.breaker_opened",)]


def test_wrong_credentials_go_elsewhere_at_once(pair: World) -> None:
    with transaction() as session:
        row = session.query(GatewayAccount).filter_by(name="paylink").one()
        assert row.credentials is not None
        row.credentials = row.credentials.replace("plk_test_sandbox_portal", "plk_test_wrong")
        row.version += 1
    forget_gateways()
    placed = place(pair)
    charge_attempt(str(placed.attempt_id))
    assert attempts(placed) == [(1, "paylink", "declined", 1), (2, "twin", "created", 0)]
    assert rows("SELECT kind, next FROM gateway_incident") == [("refused", "failed_over")]


def gateway_id(name: str) -> int:
    return int(rows("SELECT id FROM gateway_account WHERE name = :name", name=name)[0][0])
