"""Cash receipts from the wish at checkout to the tax office and back, over HTTP (PAY-18)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from apiflask import APIFlask

from portal.db import transaction
from portal.jobs.cash_receipts import file_receipts
from portal.jobs.outbox import handle_events
from portal.jobs.payments import charge_attempt, look_up_attempt
from portal.kit import clock
from portal.rules.cash_receipts import ReceiptWish
from portal.services.cash_receipts.file_receipt import claim_step
from portal.services.checkout.place_order import Placed
from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import answer_legs, rows
from tests.jobs.conftest import World
from tests.jobs.killed_worker import worker
from tests.jobs.test_interruptions import until
from tests.jobs.test_refunds import ask

pytestmark = pytest.mark.req("PAY-18")

MINE = ReceiptWish("personal", "01012345678")
RECEIPTS = "SELECT n, status, amount_minor FROM cash_receipt ORDER BY n"


def handle_all() -> None:
    handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")])


def buy(world: World, wish: ReceiptWish | None = MINE, *, method: str = "virtual_account") -> Placed:
    """An order of 2 bowls, its account opened; the deposit is still to come."""
    placed = ready_to_buy(
        world.bea, world.mall.kr, {make_variant(world.mall, krw=12_000): 2}, method=method, cash_receipt=wish
    )()
    assert isinstance(placed, Placed)
    charge_attempt(str(placed.attempt_id))
    return placed


def pay(world: World, placed: Placed) -> None:
    assert placed.attempt_id is not None
    world.sandbox.deposit(f"att_{placed.attempt_id.hex}")
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        look_up_attempt(str(placed.attempt_id))
    assert rows("SELECT status FROM orders") == [("paid",)]
    handle_all()


def give_back(world: World, placed: Placed, units: int | None = None) -> None:
    leg_id = ask(world, placed, units)
    refund_id = rows("SELECT refund_id FROM refund_leg WHERE id = :id", id=leg_id)[0][0]
    assert answer_legs(refund_id) == "succeeded"
    handle_all()


def test_it_is_filed_once_when_the_money_is_there(world: World) -> None:
    placed = buy(world)
    file_receipts()
    assert rows(RECEIPTS) == []
    pay(world, placed)
    for _ in range(3):
        file_receipts()
        handle_all()
    assert rows(RECEIPTS) == [(1, "issued", 27_000)]
    assert rows("SELECT due_at FROM cash_receipt_wish") == [(None,)]
    assert b"01012345678" not in rows("SELECT number FROM cash_receipt_wish")[0][0]


def test_a_refund_takes_it_back_and_files_what_is_left(world: World) -> None:
    placed = buy(world)
    pay(world, placed)
    file_receipts()
    give_back(world, placed, 1)
    file_receipts()
    assert rows(RECEIPTS) == [(1, "cancelled", 27_000), (2, "issued", 15_000)]
    give_back(world, placed)
    file_receipts()
    assert rows(RECEIPTS) == [(1, "cancelled", 27_000), (2, "cancelled", 15_000)]


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_killed_while_it_files_the_next_run_files_it_once(
    world: World, environment: dict[str, str], fault: str
) -> None:
    placed = buy(world)
    pay(world, placed)
    world.sandbox.fault(kind=fault, on="receipt", times=2)
    with worker(environment, None, "file_receipts"):
        until(lambda: any(rule["met"] for rule in world.sandbox.state()["faults"]))
    world.sandbox.clear_faults()
    with clock.frozen(clock.now() + timedelta(hours=1)):
        for _ in range(2):
            file_receipts()
    assert rows(RECEIPTS) == [(1, "issued", 27_000)]


@pytest.mark.parametrize("kind", ["reset_after", "reset_before"])
def test_a_lost_answer_is_asked_for_again_under_the_same_key(world: World, kind: str) -> None:
    placed = buy(world)
    pay(world, placed)
    world.sandbox.fault(kind=kind, on="receipt", vendor="portone")
    file_receipts()
    assert rows(RECEIPTS) == [(1, "sent", 27_000)]
    file_receipts()
    assert rows("SELECT tries FROM cash_receipt_wish") == [(1,)]
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        file_receipts()
    assert rows(RECEIPTS) == [(1, "issued", 27_000)]


def test_what_the_tax_office_refuses_is_said_and_not_repeated(world: World) -> None:
    placed = buy(world, ReceiptWish("personal", "01000000000"))
    pay(world, placed)
    file_receipts()
    file_receipts()
    assert rows("SELECT status, reason FROM cash_receipt") == [("failed", "NTS_NOT_AVAILABLE")]


@pytest.mark.parametrize("method", ["debit_card", "bank_transfer"])
def test_other_payments_and_other_gateways_file_nothing(world: World, method: str) -> None:
    buy(world, method=method)
    assert rows("SELECT count(*) FROM cash_receipt_wish") == [(0,)]


def test_nobody_who_did_not_ask_gets_one(world: World) -> None:
    pay(world, buy(world, None))
    file_receipts()
    assert rows(RECEIPTS) == []


@pytest.fixture
def shown(app: APIFlask, world: World) -> Callable[[Placed], tuple[str, str]]:
    """The order's page and the administrators' page of its payment."""
    as_ada = browser(app, make_person("ada", roles=("admin",)))

    def show(placed: Placed) -> tuple[str, str]:
        payment_id = rows("SELECT id FROM payment")[0][0]
        return (
            browser(app, world.bea).get(f"/orders/{placed.number}").text,
            as_ada.get(f"/admin/payments/{payment_id}").text,
        )

    return show


def test_buyer_and_administrators_see_how_it_stands(world: World, shown: Callable[[Placed], tuple[str, str]]) -> None:
    placed = buy(world)
    for page in shown(placed):
        assert "It is filed when your money has arrived." in page
        assert "number ending in 5678" in page
        assert "01012345678" not in page
    pay(world, placed)
    file_receipts()
    number = rows("SELECT issue_number FROM cash_receipt")[0][0]
    for page in shown(placed):
        assert number in page
        assert "Filed" in page


def test_two_workers_at_once_file_one(world: World) -> None:
    placed = buy(world)
    pay(world, placed)
    with transaction() as session:
        payment_id = rows("SELECT id FROM payment")[0][0]
        assert claim_step(session, payment_id=payment_id, now=clock.now()) is not None
        file_receipts()  # The other one holds the row: this one passes by.
    assert rows(RECEIPTS) == [(1, "sent", 27_000)]
    file_receipts()  # Within the lease nobody asks again.
    assert rows(RECEIPTS) == [(1, "sent", 27_000)]
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        file_receipts()
    assert rows(RECEIPTS) == [(1, "issued", 27_000)]
