"""Money for a virtual account that comes when its payment is settled: found, and decided about once (PAY-16)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import atomically, reading
from portal.gateways.base import EventKind, WebhookEvent
from portal.jobs.payments import charge_attempt, handle_provider_event, look_up_attempt, reverse_attempt
from portal.jobs.surplus import send_surplus
from portal.kit import clock
from portal.kit.ids import new_token
from portal.queries.exceptions import ExceptionKind, list_exceptions
from portal.services.checkout.place_order import Placed
from portal.services.payments.receive_webhook import store_event
from portal.services.refunds.decide_surplus import surpluses_due
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs.conftest import World

pytestmark = pytest.mark.req("PAY-16")

TO_PAY = 15_000
DEPOSIT = "SELECT coalesce(sum(balance_minor), 0)::int FROM ledger_account WHERE kind = 'deposit'"


@pytest.fixture
def placed(world: World) -> Placed:
    """An order whose account waits for its money."""
    goods = {make_variant(world.mall, krw=12_000, on_hand=5): 1}
    placed = ready_to_buy(world.bea, world.mall.kr, goods, method="virtual_account")()
    assert isinstance(placed, Placed)
    charge_attempt(str(placed.attempt_id))
    return placed


def come_in(world: World, placed: Placed, amount: int, *, told: bool) -> None:
    """Money arrives, and its notice or the clock leads to a look."""
    assert placed.attempt_id is not None
    ref = f"att_{placed.attempt_id.hex}"
    world.sandbox.deposit(ref, amount, silent=True)
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        if not told:
            look_up_attempt(str(placed.attempt_id))
            return
        stored = tell(ref, "Transaction.Paid", EventKind.PAYMENT)
        assert stored is not None
        handle_provider_event(stored)


def tell(ref: str, name: str, kind: EventKind) -> int | None:
    account = rows("SELECT id FROM gateway_account WHERE gateway = 'portone'")[0][0]
    event = WebhookEvent(new_token(), kind, name, ref, ref, None, None, None, clock.now(), {"type": name})
    return atomically(
        lambda s: store_event(s, gateway="portone", gateway_account_id=account, event=event, body="{}", now=clock.now())
    )


def found() -> list[tuple[Any, ...]]:
    return rows("SELECT amount_minor, state FROM surplus ORDER BY found_at")


@pytest.fixture
def fay(app: APIFlask, world: World) -> FlaskClient:
    return browser(app, make_person("fay", roles=("finance",)))


def decide(fay: FlaskClient, act: str, **given: str) -> int:
    path = f"/admin/exceptions/surpluses/{surplus_id()}"
    answer = fay.post(f"{path}/{act}", data=fields(fay.get(path).text) | given)
    return int(answer.status_code)


def surplus_id() -> UUID:
    (found,) = rows("SELECT id FROM surplus ORDER BY found_at DESC LIMIT 1")[0]
    assert isinstance(found, UUID)
    return found


def test_a_second_transfer_after_the_order_is_paid_stands_among_the_exceptions_and_becomes_deposit_once(
    fay: FlaskClient, world: World, placed: Placed
) -> None:
    come_in(world, placed, TO_PAY, told=True)
    assert found() == []
    for _ in range(2):
        come_in(world, placed, 3_000, told=True)
    assert found() == [(3_000, "open"), (3_000, "open")]
    with reading() as session:
        waiting = list_exceptions(session, now=clock.now(), kind=ExceptionKind.SURPLUS)
    assert [(row.subject, row.amount_minor) for row in waiting] == [(placed.number, 3_000)] * 2
    assert f"/admin/exceptions/surpluses/{surplus_id()}" in fay.get("/admin/exceptions").text
    assert decide(fay, "deposit") == 303
    assert decide(fay, "deposit") == 409
    assert rows(DEPOSIT) == [(3_000,)]
    assert found() == [(3_000, "open"), (3_000, "kept")]


def test_one_after_another_amount_was_kept_as_deposit_is_found_too(world: World, placed: Placed) -> None:
    come_in(world, placed, 1_000, told=False)
    reverse_attempt(str(placed.attempt_id))
    assert rows(DEPOSIT) == [(1_000,)]
    come_in(world, placed, 14_000, told=True)
    assert (found(), rows(DEPOSIT)) == ([(14_000, "open")], [(1_000,)])


@pytest.mark.parametrize("trouble", [None, "reset_after", "reset_before"])
def test_it_goes_back_once_to_the_account_that_the_buyer_names(
    fay: FlaskClient, world: World, placed: Placed, trouble: str | None
) -> None:
    come_in(world, placed, TO_PAY, told=True)
    come_in(world, placed, 3_000, told=True)
    assert decide(fay, "return", bank="", number="1", holder="") == 422
    assert decide(fay, "return", bank="SHINHAN", number="110-222-333333", holder="Bea Baek") == 303
    if trouble:
        world.sandbox.fault(kind=trouble, on="refund")
    for minutes in (0, 0, 2, 20):
        with clock.frozen(clock.now() + timedelta(minutes=minutes)):
            send_surplus(str(surplus_id()))
    assert found() == [(3_000, "returned")]
    assert rows("SELECT bank, refund_ref IS NOT NULL FROM surplus") == [(None, True)]
    (charge,) = world.sandbox.charges(order=placed.number, money=False)
    assert (charge["captured"], charge["refunded"]) == (18_000, 3_000)
    assert rows(DEPOSIT) == [(0,)]
    with reading() as session:
        assert surpluses_due(session, now=clock.now() + timedelta(hours=1)) == []


@pytest.mark.req("STR-05")
def test_a_dispute_that_a_gateway_only_mentions_asks_for_its_letter(
    fay: FlaskClient, world: World, placed: Placed
) -> None:
    come_in(world, placed, TO_PAY, told=False)
    assert placed.attempt_id is not None
    tell(f"att_{placed.attempt_id.hex}", "Transaction.DisputeCreated", EventKind.DISPUTE_OPENED)
    with reading() as session:
        (row,) = list_exceptions(session, now=clock.now(), kind=ExceptionKind.DISPUTE_MENTIONED)
    assert (row.subject, row.amount_minor) == (placed.number, TO_PAY)
    assert f"/admin/disputes/new?number={placed.number}" in fay.get("/admin/exceptions").text
    page = fay.get(f"/admin/disputes/new?number={placed.number}").text
    assert f'value="{placed.number}"' in page
    given = fields(page) | {"number": placed.number, "reference": "CB-1", "says": "needs_response"}
    assert fay.post("/admin/disputes/new", data=given).status_code == 303
    with reading() as session:
        assert list_exceptions(session, now=clock.now(), kind=ExceptionKind.DISPUTE_MENTIONED) == []
