"""Purchases through Adyen as people make them: its card fields, the bank's question, a wallet, paying later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Connection, create_engine, text

from portal.bench.own import Running
from portal.config import psycopg_url
from portal.stack.home import running_environment
from tests.browser.conftest import OpenPage, check_looks, picture
from tests.browser.test_purchase import agree_and_pay, card_of, fill_cart, stage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GOOD, ASKS = "4111111111111111", "4212345678910006"
_newcomers = count(1)


@pytest.fixture(scope="module")
def shop(portal: Running) -> Iterator[str]:
    """The US shop with Adyen before the other gateways, as when the first one is switched off."""
    _prefer_adyen(portal, 1)
    yield f"{portal.base}/us"
    _prefer_adyen(portal, 20)


def _prefer_adyen(portal: Running, priority: int) -> None:
    with _database(portal) as connection:
        connection.execute(text("UPDATE gateway_account SET priority = :p WHERE gateway = 'adyen'"), {"p": priority})


@contextmanager
def _database(portal: Running) -> Iterator[Connection]:
    found = running_environment({"PORTAL_HOME": str(portal.home)})
    engine = create_engine(psycopg_url(found["DATABASE_URL"]))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def open_checkout(page: Page, shop: str) -> None:
    """The filled checkout of a newcomer, once the gateways in force are those of the test."""
    fill_cart(page, shop, goods=1)
    expect(_reloaded(page, f"{shop}/checkout")).to_have_attribute("data-vendor", "adyen")
    page.get_by_label("I am new here").check()
    page.locator("#account_name").fill("Nari Kim")
    page.locator("#account_email").fill(f"adyen-{next(_newcomers)}@example.com")
    page.locator("#account_password").fill("a long enough phrase")
    for name, value in {
        "name": "Nari Kim",
        "phone": "212 555 0100",
        "line1": "1 Main Street",
        "city": "New York",
        "region": "ny",
        "postcode": "10001",
    }.items():
        page.locator(f"#{name}").fill(value)
    page.locator("#postcode").press("Tab")


def _reloaded(page: Page, address: str) -> Locator:
    # Each process keeps the accounts for a second.
    box = page.locator(".card-element").first
    for _ in range(20):
        page.goto(address)
        if box.get_attribute("data-vendor") == "adyen":
            break
        page.wait_for_timeout(200)
    return box


def fill_card(page: Page, number: str, holder: str = "Nari Kim") -> None:
    page.locator("#method-credit_card").check()
    card = card_of(page)
    card.locator("#number").fill(number)
    card.locator("#expiry").fill("0330")
    card.locator("#cvc").fill("737")
    card.locator("#holder").fill(holder)


@pytest.mark.req("PAY-01", "PAY-04", "PAY-14")
def test_a_card_is_typed_into_adyens_fields_and_its_number_reaches_nobody_else(
    portal: Running, open_page: OpenPage, shop: str
) -> None:
    page = open_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    open_checkout(page, shop)
    fill_card(page, GOOD)
    check_looks(page, "adyen-card")
    page.emulate_media(color_scheme="dark")
    check_looks(page, "adyen-card-dark")
    agree_and_pay(page)
    stage(page, "paid")
    expect(page.locator(".tenders")).to_contain_text("1111")
    with_number = [request for request in sent if GOOD in request.replace("+", "").replace("%20", "")]
    assert with_number
    assert not [request for request in with_number if request.startswith(portal.base + "/")]
    assert _kept_anywhere(portal, GOOD) == []


def _kept_anywhere(portal: Running, number: str) -> list[str]:
    """Logs of the portal and tables that hold a card's number. The stand-in of the vendor may, and nobody else."""
    logs = list(portal.home.parent.rglob("*.log"))
    found = [log.name for log in logs if "sandbox" not in log.name and number.encode() in log.read_bytes()]
    with _database(portal) as connection:
        tables = connection.scalars(text("SELECT relid::regclass::text FROM pg_stat_user_tables")).all()
        for table in tables:
            query = text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE :number")  # noqa: S608  # Tables of ours.
            if connection.scalar(query, {"number": f"%{number}%"}):
                found.append(table)
    return found


@pytest.mark.req("PAY-12")
def test_what_is_missing_is_said_in_the_fields_and_a_refusal_on_the_page(open_page: OpenPage, shop: str) -> None:
    page = open_page()
    open_checkout(page, shop)
    fill_card(page, GOOD, holder="")
    page.locator("#consents-all").check()
    page.locator("#pay-button").click()
    expect(card_of(page).locator("#holder-error")).to_have_text("Enter the name on the card.")
    card_of(page).locator("#holder").fill("NOT_ENOUGH_BALANCE")
    page.locator("#pay-button").click()
    stage(page, "failed")
    expect(page.locator(".stage")).to_contain_text("There is not enough money on this card or account.")


@pytest.mark.req("PAY-01", "PAY-12")
def test_the_bank_asks_on_a_page_of_its_own_until_it_hears_yes(open_page: OpenPage, shop: str) -> None:
    page = open_page()
    open_checkout(page, shop)
    fill_card(page, ASKS)
    pay_elsewhere(page, "Not me", "failed")
    page.get_by_role("link", name="Try again").click()
    fill_card(page, ASKS)
    pay_elsewhere(page, "Approve", "paid")


def pay_elsewhere(page: Page, button: str, *ends: str) -> None:
    """Agree, go to the page of who is asked, press a button there, and see the order's stage, one of `ends`."""
    page.locator("#consents-all").check()
    page.locator("#pay-button").click()
    page.wait_for_url(re.compile(r"/adyen/redirect/"))
    picture(page, "adyen-question")
    page.get_by_role("button", name=button).click()
    page.wait_for_url(re.compile(r"/orders/[A-Z]{2}-"))
    expect(page.locator(", ".join(f"[data-stage={end}]" for end in ends))).to_be_visible()


@pytest.mark.req("PAY-01")
@pytest.mark.parametrize(("button", "ends"), [("Approve", ["paid"]), ("Cancel and go back", ["failed", "ended"])])
def test_a_wallet_is_paid_on_its_own_page(open_page: OpenPage, shop: str, button: str, ends: list[str]) -> None:
    page = open_page()
    open_checkout(page, shop)
    choose(page, "wallet")
    pay_elsewhere(page, button, *ends)


@pytest.mark.req("PAY-01")
def test_what_is_declined_on_its_own_page_is_paid_there_at_the_second_try(open_page: OpenPage, shop: str) -> None:
    page = open_page()
    open_checkout(page, shop)
    choose(page, "pay_later")
    pay_elsewhere(page, "Decline the payment", "failed", "ended")
    page.get_by_role("link", name="Pay another way").click()
    choose(page, "pay_later")
    pay_elsewhere(page, "Approve", "paid")


def choose(page: Page, method: str) -> None:
    more = page.get_by_text("More ways to pay")
    if not page.locator(f"#method-{method}").is_visible() and more.count():
        more.click()
    page.locator(f"#method-{method}").check()


@pytest.mark.req("PAY-06")
def test_a_buyer_who_closes_the_page_after_paying_has_paid(open_page: OpenPage, shop: str) -> None:
    page = open_page()
    open_checkout(page, shop)
    page.locator("#method-wallet").check()
    page.locator("#consents-all").check()
    page.locator("#pay-button").click()
    page.wait_for_url(re.compile(r"/adyen/redirect/"))
    page.get_by_text("Let something go wrong").click()
    page.get_by_role("button", name="Pay, but do not come back").click()
    page.goto(f"{shop}/orders")
    page.locator("#orders-list a[href*='/orders/US-']").first.click()
    stage(page, "paid")
