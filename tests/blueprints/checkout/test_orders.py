"""The buyer's order page and list: honest about every state, quiet when there is no news, closed to strangers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.gateways.base import DeclineReason
from portal.gateways.declines import ADVICE
from portal.jobs.queue import PAYMENTS, queue
from portal.kit import clock
from tests.blueprints.checkout.checkouts import facts
from tests.blueprints.desks import browser, counted
from tests.blueprints.pages import send
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, Answer, MadeOrder, answer, give_deposit, make_order

HTMX = {"HX-Request": "true", "HX-Target": "order-live"}


@dataclass
class Case:
    """Bea's order, and her browser."""

    mall: Mall
    bea: Person
    client: FlaskClient
    order: MadeOrder

    @property
    def address(self) -> str:
        return f"/orders/{self.order.number}"

    def open(self) -> str:
        return unescape(self.client.get(self.address).text)

    def mark(self) -> str:
        found = re.search(r"/state\?mark=(\w+)", self.open())
        assert found
        return found[1]


def make_case(app: APIFlask, outcome: Answer | None = "captured", **more: object) -> Case:
    mall, bea = make_mall(), make_person("bea")
    goods = {make_variant(mall, krw=12_000): 2, make_variant(mall, store=1, krw=5_500): 1}
    order = make_order(bea, mall, goods, outcome=outcome, **more)  # type: ignore[arg-type]  # As it takes them.
    return Case(mall, bea, browser(app, bea), order)


@pytest.mark.parametrize(
    ("outcome", "stage", "sentence"),
    [
        (None, "confirming", "Closing it is safe"),
        ("unknown", "unknown", "You will not be charged twice."),
        ("requires_action", "continue", "Continue to payment"),
        ("pending", "confirming", "Confirming with your bank"),
        ("captured", "paid", "Thank you, your order is confirmed"),
        ("declined", "failed", "There is not enough money on this card or account."),
    ],
)
@pytest.mark.req("PAY-06", "PAY-12")
def test_every_state_is_said_in_plain_words(app: APIFlask, outcome: Answer | None, stage: str, sentence: str) -> None:
    page = make_case(app, outcome).open()
    assert f'data-stage="{stage}"' in page
    assert sentence in page


def test_an_order_under_review_says_that_nothing_is_taken_yet(app: APIFlask) -> None:
    mall, bea = make_mall(), make_person("bea", now=LONG_AGO)
    order = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    page = browser(app, bea).get(f"/orders/{order.number}").text
    assert "The amount is held on your card and is not taken yet." in page


def test_after_20_seconds_it_says_what_happens_next(app: APIFlask) -> None:
    case = make_case(app, None)
    mark = case.mark()
    with clock.frozen(clock.now() + timedelta(seconds=21)):
        answered = case.client.get(f"{case.address}/state?mark={mark}", headers=HTMX)
    assert 'data-stage="slow"' in answered.text


@pytest.mark.req("PAY-12")
@pytest.mark.parametrize("reason", list(DeclineReason))
def test_each_decline_has_its_own_sentence_and_says_whether_trying_again_helps(
    app: APIFlask, reason: DeclineReason
) -> None:
    case = make_case(app, None)
    answer(case.order, "declined", reason=reason)
    page = case.open()
    if reason is DeclineReason.CANCELLED_BY_BUYER:
        assert 'data-stage="ended"' in page
        return
    assert ADVICE[reason].sentence in page
    assert ("Try again</a>" in page) == ADVICE[reason].retry_helps
    assert "Bank transfer" in page
    assert facts("SELECT count(*) FROM cart_line") == [(2,)]


def test_a_paid_order_shows_what_was_paid_by_what(app: APIFlask) -> None:
    mall, bea = make_mall(), make_person("bea")
    give_deposit(bea, 5_000)
    order = make_order(bea, mall, {make_variant(mall): 1}, deposit_minor=5_000)
    page = browser(app, bea).get(f"/orders/{order.number}").text
    assert "Visa ···· 4242" in page
    assert "₩5,000" in page
    assert "1 parcel" in page
    assert "Arrives" in page


def test_the_waiting_page_gets_nothing_until_there_is_news(app: APIFlask) -> None:
    case = make_case(app, None)
    mark = case.mark()
    with counted() as sent:
        quiet = case.client.get(f"{case.address}/state?mark={mark}", headers=HTMX)
    assert (quiet.status_code, quiet.data) == (204, b"")
    assert len(sent) <= 2
    answer(case.order, "captured")
    with counted() as sent:
        news = case.client.get(f"{case.address}/state?mark={mark}", headers=HTMX)
    assert news.text.lstrip().startswith('<div id="order-live"')
    assert "Thank you" in news.text
    assert len(sent) <= 4


def test_the_page_takes_few_statements(app: APIFlask) -> None:
    case = make_case(app)
    case.open()
    with counted() as sent:
        case.open()
    assert len(sent) <= 6
    with counted() as sent:
        case.client.get("/orders")
    assert len(sent) <= 3


def test_an_open_page_loads_itself_without_a_script(app: APIFlask) -> None:
    assert '<noscript><meta http-equiv="refresh"' in make_case(app, None).open()


def test_a_gateways_page_opens_by_itself_once(app: APIFlask) -> None:
    case = make_case(app, "requires_action")
    forward = '<meta http-equiv="refresh" content="0; url=http://127.0.0.1:9/pay">'
    assert forward in case.open()
    # Back from there must not lead there again.
    again = case.open()
    assert forward not in again
    assert 'href="http://127.0.0.1:9/pay"' in again


def test_a_waiting_page_is_led_to_the_gateway(app: APIFlask) -> None:
    case = make_case(app, None)
    mark = case.mark()
    answer(case.order, "requires_action")
    answered = case.client.get(f"{case.address}/state?mark={mark}", headers=HTMX)
    assert (answered.status_code, answered.headers["HX-Redirect"]) == (204, "http://127.0.0.1:9/pay")


def test_coming_back_has_the_gateway_asked_whatever_the_address_says(app: APIFlask) -> None:
    case = make_case(app, "requires_action")
    for name in (case.order.number, str(case.order.id)):
        answered = case.client.get(f"/orders/{name}/return?redirect_status=succeeded")
        assert (answered.status_code, answered.location) == (303, case.address)
    assert [job.func_name for job in queue(PAYMENTS).get_jobs()][-1] == "portal.jobs.payments.look_up_attempt"
    assert facts("SELECT status FROM orders") == [("pending",)]


@pytest.mark.req("IDN-02")
@pytest.mark.parametrize("path", ["", "/state", "/return"])
def test_a_stranger_finds_no_order(app: APIFlask, path: str) -> None:
    case = make_case(app)
    stranger = browser(app, make_person("max"))
    assert stranger.get(case.address + path).status_code == 404
    assert browser(app).get(case.address + path).status_code == 303  # A visitor is asked who he is.


@pytest.mark.req("PAY-09")
def test_giving_up_puts_the_cart_back_and_lets_the_hold_go(app: APIFlask) -> None:
    case = make_case(app, "requires_action")
    stranger = browser(app, make_person("max"))
    assert send(stranger, f"{case.address}/cancellation").status_code == 404
    assert send(case.client, f"{case.address}/cancellation", page=case.address).status_code == 303
    assert facts("SELECT status FROM orders") == [("cancelled",)]
    assert facts("SELECT sum(quantity) FROM cart_line") == [(3,)]
    assert facts("SELECT sum(reserved) FROM stock") == [(0,)]
    assert facts("SELECT reversal FROM payment_attempt") == [("wanted",)]
    assert [job.func_name for job in queue(PAYMENTS).get_jobs()][-1] == "portal.jobs.payments.reverse_attempt"
    again = send(case.client, f"{case.address}/cancellation", page="/orders/" + case.order.number)
    assert (again.status_code, again.headers["X-Error-Code"]) == (409, "order_not_pending")


def test_giving_up_what_was_never_sent_asks_no_gateway(app: APIFlask) -> None:
    case = make_case(app, None)
    send(case.client, f"{case.address}/cancellation", page=case.address)
    assert facts("SELECT state, reversal FROM payment_attempt") == [("cancelled", None)]


@pytest.mark.req("PAY-09")
def test_a_charge_that_comes_after_giving_up_goes_back(app: APIFlask) -> None:
    case = make_case(app, "unknown")
    send(case.client, f"{case.address}/cancellation", page=case.address)
    answer(case.order, "captured")
    assert facts("SELECT state, reversal FROM payment_attempt") == [("captured", "wanted")]
    assert facts("SELECT status FROM orders") == [("cancelled",)]


def test_the_list_filters_searches_and_pages(app: APIFlask) -> None:
    mall, bea = make_mall(), make_person("bea")
    variant = make_variant(mall)
    paid = make_order(bea, mall, {variant: 1})
    failed = make_order(bea, mall, {variant: 1}, outcome="declined")
    client = browser(app, bea)
    everything = client.get("/orders").text
    assert everything.index(failed.number) < everything.index(paid.number)
    under_way = client.get("/orders?state=under_way").text
    assert paid.number in under_way
    assert failed.number not in under_way
    found = client.get("/orders", query_string={"q": paid.number[5:].lower()}).text
    assert paid.number in found
    assert failed.number not in found
    assert "No order matches" in client.get("/orders?q=ZZZZZZZZZZ").text
    assert "No orders yet" in browser(app, make_person("max")).get("/orders").text
    assert client.get("/orders?cursor=nonsense").status_code == 400


def test_the_pages_speak_korean_amounts_and_dates(app: APIFlask) -> None:
    case = make_case(app)
    page = case.client.get(f"{case.address}?lang=ko").text
    assert '<html lang="ko"' in page
    assert "24,000원" in page
