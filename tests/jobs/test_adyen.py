"""Payments at a gateway that tells instead of being asked, from the button to the books, with notices at the door."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import reading, transaction
from portal.gateways.base import AccountToPay, Pending
from portal.gateways.registry import settings_from
from portal.jobs.payments import (
    capture_attempt,
    charge_attempt,
    handle_provider_event,
    look_up_attempt,
    reverse_attempt,
)
from portal.kit import clock
from portal.models import GatewayAccount
from portal.queries.gateways import forget_gateways
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.services.checkout.expire_orders import expire_order
from portal.services.checkout.place_order import Placed
from portal.services.orders.review_order import Decision, review_order
from portal.services.payments.note_return import note_return
from portal.services.payments.settle_attempt import settle_attempt
from tests.blueprints.desks import browser
from tests.contract.drivers import AdyenDriver
from tests.contract.receiver import Receiver, receiving
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW
from tests.factories.purchase import ready_to_buy
from tests.sandbox_server import Sandbox, start_sandbox

QUESTION = "4212345678910006"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def sandbox(receiver: Receiver) -> Iterator[Sandbox]:
    with start_sandbox(portal_url=receiver.url) as running:
        yield running


@dataclass
class Shop:
    """A mall with one gateway, whose notices wait until a test brings them to the door."""

    client: FlaskClient
    driver: AdyenDriver
    receiver: Receiver
    mall: Mall
    bea: Person
    brought: int = 0
    answers: list[str] = field(default_factory=list)

    def buy(self, number: str = "4111111111111111", *, holder: str = "J. Smith", **more: Any) -> Placed:
        method = more.pop("method", "credit_card")
        token = AdyenDriver.token(number, holder) if method == "credit_card" else None
        goods = {make_variant(self.mall, **(more or {"krw": 12_000})): 1}
        channel = self.mall.us if method == "pay_later" else self.mall.kr
        placed = ready_to_buy(self.bea, channel, goods, token=token, method=method)()
        assert isinstance(placed, Placed)
        assert placed.attempt_id is not None
        return placed

    def charge(self, placed: Placed) -> None:
        charge_attempt(str(placed.attempt_id))

    def look_up(self, placed: Placed) -> None:
        look_up_attempt(str(placed.attempt_id))

    def answer(self, placed: Placed, do: str) -> dict[str, str]:
        """What the buyer chooses on the page of the gateway, and what he brings back."""
        (action,) = rows("SELECT gateway_ref FROM payment_attempt WHERE state = 'requires_action'")
        found = self.driver.gateway.fetch(op_key=action[0], gateway_ref=action[0])
        location = self.driver.sandbox.pay(getattr(found, "url", ""), do).headers.get("location", "")
        return dict(parse_qsl(urlsplit(location).query))

    def bring_notices(self, *, again: bool = False) -> None:
        """Carry what the gateway has posted to the door, and do what it asks for."""
        self.driver.record("-", "-")  # Waits until nothing is on its way.
        notices = list(self.receiver.notices)
        for headers, body in notices[0 if again else self.brought :]:
            kept = {name: value for name, value in headers.items() if name.lower() != "content-length"}
            answer = self.client.post("/webhooks/adyen", data=body, headers=kept)
            self.answers.append(answer.get_data(as_text=True))
        self.brought = len(notices)
        for (event_id,) in rows("SELECT id FROM provider_event WHERE status = 'received'"):
            handle_provider_event(event_id)

    def charges(self, placed: Placed) -> list[dict[str, Any]]:
        return self.driver.sandbox.charges(order=placed.number, money=True)


@pytest.fixture
def shop(client: FlaskClient, books: None, sandbox: Sandbox, receiver: Receiver) -> Iterator[Shop]:
    with transaction() as session:
        session.add(
            GatewayAccount(
                gateway="adyen",
                name="adyen",
                credentials=json.dumps(settings_from(sandbox.environ, "adyen")),
                methods=["credit_card", "pay_later"],
                currencies=["KRW", "USD"],
            )
        )
    forget_gateways()
    driver = AdyenDriver(sandbox, receiver)
    yield Shop(client, driver, receiver, make_mall(), make_person("bea", now=LONG_AGO), len(receiver.notices))
    sandbox.clear_faults()


def rows(query: str) -> list[tuple[Any, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query))]


def state(placed: Placed) -> tuple[str, str]:
    return rows(
        "SELECT o.status, a.state FROM orders o JOIN payment p ON p.order_id = o.id "  # noqa: S608  # An id of ours.
        f"JOIN payment_attempt a ON a.payment_id = p.id WHERE o.id = '{placed.order_id}'"
    )[0]


@pytest.mark.req("PAY-07", "PAY-08", "PAY-14")
def test_a_card_is_charged_once_its_notices_change_nothing_and_its_token_is_forgotten(shop: Shop) -> None:
    placed = shop.buy()
    for _ in range(2):
        shop.charge(placed)
    assert state(placed) == ("paid", "captured")
    for _ in range(2):
        shop.bring_notices(again=True)
    assert set(shop.answers) == {"[accepted]"}
    assert len(shop.charges(placed)) == 1
    assert rows("SELECT source FROM payment_attempt") == [(None,)]


@pytest.mark.req("PAY-06", "PAY-07")
@pytest.mark.parametrize("trouble", ["reset_after", "error_after"])
def test_an_answer_that_was_lost_comes_back_by_its_key(shop: Shop, trouble: str) -> None:
    placed = shop.buy()
    shop.driver.sandbox.fault(kind=trouble, on="charge", order=placed.number)
    shop.charge(placed)
    assert state(placed) == ("pending", "unknown")
    shop.look_up(placed)
    assert state(placed) == ("paid", "captured")
    assert len(shop.charges(placed)) == 1


@pytest.mark.req("PAY-06")
def test_a_call_that_was_lost_before_the_charge_ends_the_attempt_without_money(shop: Shop) -> None:
    placed = shop.buy()
    shop.driver.sandbox.fault(kind="reset_before", on="charge", order=placed.number)
    shop.charge(placed)
    shop.look_up(placed)
    assert state(placed) == ("failed", "declined")
    assert shop.charges(placed) == []


@pytest.mark.req("PAY-06")
def test_a_notice_that_overtakes_the_answer_settles_the_payment(shop: Shop) -> None:
    placed = shop.buy()
    shop.driver.sandbox.fault(kind="reset_after", on="charge", order=placed.number)
    shop.charge(placed)
    shop.bring_notices()
    assert state(placed) == ("paid", "captured")


@pytest.mark.req("STR-02", "PAY-06")
def test_a_notice_of_another_amount_changes_nothing(shop: Shop) -> None:
    placed = shop.buy()
    shop.driver.sandbox.fault(kind="wrong_amount", order=placed.number)
    shop.driver.sandbox.fault(kind="reset_after", on="charge", order=placed.number)
    shop.charge(placed)
    shop.bring_notices()
    shop.look_up(placed)
    assert state(placed) == ("paid", "captured")
    assert [each["refunded"] for each in shop.charges(placed)] == [0]


@pytest.mark.req("PAY-12")
@pytest.mark.parametrize(("do", "end"), [("approve", ("paid", "captured")), ("fail", ("failed", "declined"))])
def test_the_banks_question_is_settled_with_what_the_buyer_brings(shop: Shop, do: str, end: tuple[str, str]) -> None:
    placed = shop.buy(QUESTION)
    shop.charge(placed)
    assert state(placed) == ("pending", "requires_action")
    returned = shop.answer(placed, do)
    assert shop.charges(placed) == []
    assert placed.attempt_id is not None
    with transaction() as session:
        assert note_return(session, attempt_id=placed.attempt_id, returned=returned)
    for _ in range(2):
        shop.look_up(placed)
    assert state(placed) == end
    assert len(shop.charges(placed)) == (do == "approve")
    reverse_attempt(str(placed.attempt_id))
    shop.bring_notices()
    reverse_attempt(str(placed.attempt_id))
    assert rows("SELECT reversal FROM payment_attempt") == [("done" if do == "fail" else None,)]


@pytest.mark.req("PAY-01", "PAY-06")
def test_a_buyer_who_paid_later_and_did_not_come_back_has_his_order(shop: Shop) -> None:
    placed = shop.buy(method="pay_later", usd=2_500)
    shop.charge(placed)
    shop.answer(placed, "abandon")
    shop.look_up(placed)
    assert state(placed) == ("pending", "requires_action")
    shop.bring_notices()
    assert state(placed) == ("paid", "captured")


@pytest.mark.req("PAY-06", "PAY-09")
def test_money_that_comes_after_the_order_was_given_up_goes_back(shop: Shop) -> None:
    placed = shop.buy(method="pay_later", usd=2_500)
    shop.charge(placed)
    with clock.frozen(clock.now() + timedelta(hours=1)), transaction() as session:
        expire_order(session, order_id=placed.order_id, now=clock.now())
    reverse_attempt(str(placed.attempt_id))
    (ref,) = rows("SELECT op_key FROM payment_attempt")
    found = shop.driver.gateway.fetch(op_key=ref[0], gateway_ref=ref[0])
    shop.driver.sandbox.pay(getattr(found, "url", ""), "approve")
    shop.bring_notices()
    reverse_attempt(str(placed.attempt_id))
    assert state(placed)[0] in ("expired", "failed", "cancelled")
    assert [each["refunded"] == each["captured"] for each in shop.charges(placed)] == [True]
    assert rows("SELECT reversal FROM payment_attempt") == [("done",)]


@pytest.mark.req("PAY-11", "ORD-002")
@pytest.mark.parametrize("decision", [Decision.CLEAR, Decision.REFUSE])
def test_a_held_order_is_taken_or_released_once_the_gateway_says_so(shop: Shop, decision: Decision) -> None:
    placed = shop.buy(krw=REVIEWED_KRW)
    shop.charge(placed)
    assert state(placed) == ("pending", "authorised")
    ada = Actor(user_id=UUID(int=7), roles=frozenset({Role.ADMIN}))
    with transaction() as session:
        review_order(session, order_id=placed.order_id, decision=decision, reason="called", actor=ada, now=clock.now())
    for _ in range(2):
        capture_attempt(str(placed.attempt_id))
        reverse_attempt(str(placed.attempt_id))
    if decision is Decision.CLEAR:
        assert state(placed) == ("pending", "authorised")  # It was received, which is not yet taken.
    shop.bring_notices()
    reverse_attempt(str(placed.attempt_id))
    if decision is Decision.CLEAR:
        assert state(placed) == ("paid", "captured")
    else:
        assert rows("SELECT reversal FROM payment_attempt") == [("done",)]
        assert shop.charges(placed) == []


@pytest.mark.req("PAY-07")
def test_what_the_buyer_brings_to_the_page_is_kept_until_a_worker_comes(app: APIFlask, shop: Shop) -> None:
    placed = shop.buy(QUESTION)
    shop.charge(placed)
    returned = shop.answer(placed, "approve")
    own = browser(app, shop.bea)
    assert own.get(f"/orders/{placed.order_id}/return", query_string=returned).status_code == 303
    assert rows("SELECT returned IS NOT NULL FROM payment_attempt") == [(True,)]
    shop.look_up(placed)
    assert state(placed) == ("paid", "captured")


@pytest.mark.parametrize(
    "returned",
    [{}, {"redirectResult": "x" * 8_001}, {"n" * 41: "x"}, {str(number): "x" for number in range(11)}],
)
def test_what_cannot_be_a_gateways_is_not_kept(shop: Shop, returned: dict[str, str]) -> None:
    placed = shop.buy(QUESTION)
    shop.charge(placed)
    assert placed.attempt_id is not None
    with transaction() as session:
        assert not note_return(session, attempt_id=placed.attempt_id, returned=returned)
    assert rows("SELECT returned FROM payment_attempt") == [(None,)]


def test_what_is_brought_after_the_end_is_not_kept(shop: Shop) -> None:
    placed = shop.buy()
    shop.charge(placed)
    assert placed.attempt_id is not None
    with transaction() as session:
        assert not note_return(session, attempt_id=placed.attempt_id, returned={"redirectResult": "late"})


@pytest.mark.req("PAY-01", "PAY-16")
def test_the_account_to_pay_into_is_shown_with_its_reference(app: APIFlask, shop: Shop) -> None:
    placed = shop.buy(QUESTION)
    shop.charge(placed)
    account = AccountToPay(bank="ABNANL2A", number="NL91ABNA0417164300", holder="Portal", reference="REF-7")
    assert placed.attempt_id is not None
    with transaction() as session:
        pending = Pending("P" * 16, account=account)
        settle_attempt(session, attempt_id=placed.attempt_id, outcome=pending, actor=SYSTEM, now=clock.now())
    page = browser(app, shop.bea).get(f"/orders/{placed.number}").text
    assert "NL91ABNA0417164300" in page
    assert "REF-7" in page
    assert "Pay until" in page
