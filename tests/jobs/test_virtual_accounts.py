"""Money for virtual accounts: exact, too little, too much, too late, told of and not (PAY-16)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text

from portal.db import reading, transaction
from portal.jobs.outbox import handle_events
from portal.jobs.payments import charge_attempt, look_up_attempt, reverse_attempt
from portal.jobs.schedule import expire_orders
from portal.kit import clock
from portal.models import Mail
from portal.services.checkout.place_order import Placed
from tests.blueprints.desks import browser
from tests.factories.cart import make_variant
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.test_refunds import ask
from tests.reading_html import text_of, tree

pytestmark = pytest.mark.req("PAY-16")

TO_PAY = 15_000


@pytest.fixture
def placed(world: World) -> Placed:
    """An order whose account waits for its money."""
    variant_id = make_variant(world.mall, krw=12_000, on_hand=5)
    placed = ready_to_buy(world.bea, world.mall.kr, {variant_id: 1}, method="virtual_account")()
    assert isinstance(placed, Placed)
    charge_attempt(str(placed.attempt_id))
    assert rows("SELECT state FROM payment_attempt") == [("pending",)]
    return placed


@pytest.fixture
def arrive(world: World, placed: Placed) -> Callable[..., None]:
    """Money arrives at the account, and a worker asks."""

    def arrive(amount: int, *, late: bool = False, at: datetime | None = None) -> None:
        assert placed.attempt_id is not None
        world.sandbox.deposit(f"att_{placed.attempt_id.hex}", amount, silent=True, late=late)
        with clock.frozen(at or clock.now() + timedelta(minutes=2)):
            look_up_attempt(str(placed.attempt_id))

    return arrive


def work_off(placed: Placed) -> None:
    """What workers do after it."""
    for _ in range(2):
        reverse_attempt(str(placed.attempt_id))
        handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")])


@pytest.mark.ux("B24")
def test_page_and_mail_say_where_how_much_until_when_and_what_comes_after(
    app: APIFlask, world: World, placed: Placed
) -> None:
    work_off(placed)
    page = tree(browser(app, world.bea).get(f"/orders/{placed.number}").text)
    head = next(one for one in page.iter("section") if one.get("data-stage") == "account")
    said = text_of(head)
    facts = dict(zip(map(text_of, head.iter("dt")), map(text_of, head.iter("dd")), strict=True))
    assert "Waiting for deposit" in said
    assert "Pay exactly this amount, once." in said
    assert "After that the account is closed" in said
    assert facts["Amount"] == "₩15,000"
    assert {"Bank", "Account number", "Account holder", "Pay until", "Time left"} <= set(facts)
    assert re.search(r"\d{1,2} \w{3} \d{4}, \d{2}:\d{2} \S+", facts["Pay until"])
    assert re.fullmatch(r"\d+ (hours?|days?|minutes?)", facts["Time left"])
    number = next(one.get("data-copy", "") for one in head.iter("button") if one.get("data-copy", "").isdigit())
    assert number in facts["Account number"]
    with reading() as session:
        found = session.scalars(select(Mail).where(Mail.template == "account_number")).one()
        mail = found.subject + found.body
    for words in (number, "15,000", "Pay exactly this amount, once.", "After that the account is closed"):
        assert words in mail, words


def test_the_exact_amount_pays_the_order(placed: Placed, arrive: Callable[..., None]) -> None:
    arrive(TO_PAY)
    work_off(placed)
    assert rows("SELECT status FROM orders") == [("paid",)]
    assert rows("SELECT received_minor, reversal FROM payment_attempt") == [(None, None)]


@pytest.mark.parametrize("amount", [TO_PAY - 1, TO_PAY + 1, 1, 20 * TO_PAY])
def test_another_amount_ends_the_order_and_is_kept_for_the_buyer_once(
    app: APIFlask, world: World, placed: Placed, arrive: Callable[..., None], amount: int
) -> None:
    arrive(amount)
    arrive(amount)
    work_off(placed)
    assert rows("SELECT status FROM orders") == [("failed",)]
    assert rows("SELECT reserved FROM stock") == [(0,)]
    assert rows("SELECT sum(quantity)::int FROM cart_line") == [(1,)]
    assert rows("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit' AND balance_minor <> 0") == [(amount,)]
    assert rows("SELECT kind FROM ledger_entry") == [("top_up",)]
    as_bea = browser(app, world.bea)
    assert "Another amount came in" in as_bea.get(f"/orders/{placed.number}").text
    assert f"What came in for order {placed.number} could not be used for it." in as_bea.get("/account/notices").text


def test_the_order_waits_as_long_as_its_account_and_ends_with_it(
    app: APIFlask, world: World, placed: Placed, arrive: Callable[..., None]
) -> None:
    (deadline,) = rows("SELECT expires_at FROM orders")[0]
    assert timedelta(hours=72) < deadline - clock.now() < timedelta(hours=73)
    assert rows("SELECT DISTINCT expires_at FROM reservation") == [(deadline,)]
    assert "Kept for you until" in browser(app, world.bea).get(f"/orders/{placed.number}").text
    with clock.frozen(deadline - timedelta(minutes=1)):
        expire_orders()
    assert rows("SELECT status FROM orders") == [("pending",)]
    with clock.frozen(deadline + timedelta(minutes=1)):
        expire_orders()
        reverse_attempt(str(placed.attempt_id))
    assert rows("SELECT status FROM orders") == [("expired",)]
    assert rows("SELECT reserved FROM stock") == [(0,)]
    assert rows("SELECT reversal FROM payment_attempt") == [("done",)]
    assert placed.attempt_id is not None
    assert world.sandbox.deposit(f"att_{placed.attempt_id.hex}") in {"closed", "expired"}


def test_money_for_an_order_that_has_expired_is_kept_for_the_buyer(placed: Placed, arrive: Callable[..., None]) -> None:
    later = clock.now() + timedelta(days=10)
    with transaction() as session:
        session.execute(text("UPDATE orders SET expires_at = :now"), {"now": clock.now()})
    with clock.frozen(later):
        expire_orders()
    assert rows("SELECT status FROM orders") == [("expired",)]
    arrive(TO_PAY, late=True, at=later + timedelta(minutes=1))
    work_off(placed)
    assert rows("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit'") == [(TO_PAY,)]
    assert rows("SELECT reversal FROM payment_attempt") == [("done",)]


@pytest.mark.req("REF-03")
def test_a_refund_goes_where_its_buyer_says(
    app: APIFlask, world: World, placed: Placed, arrive: Callable[..., None]
) -> None:
    arrive(TO_PAY)
    page = browser(app, world.bea).get(f"/orders/{placed.number}/refund").text
    assert "A transfer does not say which account it came from." in page
    leg_id = ask(world, placed)
    assert rows("SELECT destination, status FROM refund_leg WHERE id = :id", id=leg_id) == [("deposit", "succeeded")]
    assert rows("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit'") == [(TO_PAY,)]
    assert rows("SELECT refunded_minor FROM tender") == [(TO_PAY,)]
