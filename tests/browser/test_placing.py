"""Pressing the button: twice, in two tabs, too late, after the session has ended, over a slow line."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import text

from portal.db import transaction
from portal.gateways.base import DeclineReason
from portal.kit import clock
from tests.blueprints.checkout.checkouts import counts, facts
from tests.browser.inside import Shop, fill_new_address, to_pay
from tests.factories.account import PASSWORD, make_person
from tests.factories.cart import make_variant, put_into_cart, set_price
from tests.factories.order import answer, give_deposit, make_order

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ORDER = re.compile(r"/orders/KR-[^/?]+$")

# When the status region speaks the page tells us, as nobody can ask a page that is on its way to another one.
TELL = """() => new MutationObserver(() => {
  const button = document.querySelector('#pay-button'), said = document.querySelector('#status').textContent;
  const told = [said, button.textContent.trim(), button.getAttribute('aria-disabled')];
  if (said) fetch('/told', { method: 'POST', body: JSON.stringify(told) });
}).observe(document.querySelector('#status'), { childList: true })"""


def be_ready(page: Page) -> None:
    """Everything is filled in; only the button is left."""
    if page.locator("#line1").is_visible():
        fill_new_address(page)
    page.get_by_label("Bank transfer").check()
    page.locator("#consents-all").check()


@pytest.mark.ux("B20")
@pytest.mark.req("PAY-10")
def test_two_tabs_are_one_order(shop: Shop) -> None:
    first = shop.checkout()
    be_ready(first)
    second = first.context.new_page()
    shop.go(second, "/checkout")
    be_ready(second)
    first.locator("#pay-button").click()
    first.wait_for_url(ORDER)
    second.locator("#pay-button").click()
    second.wait_for_url(ORDER)
    assert first.url == second.url
    assert (counts()["orders"], counts()["payment"]) == (1, 1)


@pytest.mark.ux("B20")
@pytest.mark.req("PAY-10")
def test_pressing_while_the_line_is_slow_is_one_order_and_is_announced(shop: Shop) -> None:
    page = shop.checkout()
    be_ready(page)
    page.evaluate(TELL)
    told: list[object] = []

    def hear(route: Route) -> None:
        told.append(route.request.post_data_json)
        route.fulfill(status=204)
        line.set()

    page.route("**/told", hear)
    with shop.served.counted.slow("/checkout/orders") as line:
        page.locator("#pay-button").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        page.wait_for_url(ORDER)
    assert told == [["Paying…", "Paying…", "true"]]
    assert counts()["orders"] == 1


@pytest.mark.ux("B20")
def test_back_after_ordering_leads_to_that_order(shop: Shop) -> None:
    page = shop.checkout()
    be_ready(page)
    page.locator("#pay-button").click()
    page.wait_for_url(ORDER)
    order = page.url
    page.go_back()
    page.get_by_role("link", name="Look at the order").click()
    page.wait_for_url(order)
    assert counts()["orders"] == 1


@pytest.mark.ux("B21")
@pytest.mark.req("PAY-06")
def test_the_order_has_an_address_at_once_and_says_later_what_happens_next(shop: Shop) -> None:
    page = shop.checkout()
    be_ready(page)
    page.locator("#pay-button").click()
    page.wait_for_url(ORDER)
    number = page.url.rpartition("/")[2]
    stage = page.locator(".stage")
    expect(stage).to_contain_text("Confirming with your bank")
    expect(stage).to_contain_text(number)
    expect(stage).to_contain_text("Closing it is safe: the order goes on, and you get a mail.")
    with clock.frozen(clock.now() + timedelta(seconds=21)):
        # By itself, without a reload.
        expect(stage).to_contain_text("We go on asking the bank, and write to you when it has answered.")
        expect(stage).to_contain_text("If it says no, nothing is charged")
    assert page.url.endswith(number)


@pytest.mark.ux("B22")
@pytest.mark.req("PAY-12")
def test_a_decline_says_why_and_what_would_work(shop: Shop) -> None:
    bea = make_person("bea")
    order = make_order(bea, shop.mall, {make_variant(shop.mall): 1}, outcome=None)
    answer(order, "declined", reason=DeclineReason.INSUFFICIENT_FUNDS)
    page = shop.enter(bea)
    stage = page.locator(".stage")
    for locale, reason, again, others in (
        (
            "en",
            "There is not enough money on this card or account.",
            "Pay another way",
            "Ways of paying that take this amount: ",
        ),
        ("ko", "잔액", "다른 방법으로 결제", "계좌이체"),
    ):
        shop.go(page, f"/orders/{order.number}?lang={locale}")
        for sentence in (reason, others):
            expect(stage).to_contain_text(sentence)
        expect(stage.locator("a[href$='/checkout']")).to_have_text(again)


@pytest.mark.ux("B23")
@pytest.mark.req("CPN-08")
def test_a_changed_price_is_shown_beside_the_old_one_before_anything_is_charged(shop: Shop) -> None:
    bea = make_person("bea")
    bowl = make_variant(shop.mall)
    put_into_cart(bea.actor, shop.mall.kr, bowl)
    page = shop.enter(bea)
    shop.go(page, "/checkout")
    be_ready(page)
    to_pay(page, 15_000)
    set_price(bowl, shop.mall.kr, 14_000)
    page.locator("#pay-button").click()
    changed = page.locator("#changed")
    expect(changed).to_be_focused()
    expect(changed).to_contain_text("Nothing was charged.")
    for row, before, now in (("Items", "₩12,000", "₩14,000"), ("To pay now", "₩15,000", "₩17,000")):
        cells = changed.get_by_role("row", name=row).get_by_role("cell")
        expect(cells).to_have_text([before, now])
    assert counts()["orders"] == 0
    expect(page.locator("#line1")).to_have_value("서울특별시 중구 세종대로 110")
    expect(page.locator("#pay-button")).to_have_text("Pay ₩17,000")
    page.locator("#pay-button").click()
    page.wait_for_url(ORDER)
    assert facts("SELECT payable_minor FROM orders") == [(17_000,)]


@pytest.mark.ux("B20")
def test_a_session_that_ended_in_the_middle_leads_back_to_the_same_checkout(shop: Shop) -> None:
    page = shop.checkout()
    be_ready(page)
    with transaction() as session:
        session.execute(text("UPDATE web_session SET revoked_at = now()"))
    page.locator("#pay-button").click()
    page.wait_for_url(re.compile(r"/sign-in\?next="))
    page.get_by_label("E-mail").fill("bea@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/checkout$"))
    to_pay(page, 23_500)
    be_ready(page)
    page.locator("#pay-button").click()
    page.wait_for_url(ORDER)
    assert counts()["orders"] == 1


@pytest.mark.ux("B15")
def test_a_session_that_ended_while_amounts_are_renewed_leads_to_the_sign_in(shop: Shop) -> None:
    page = shop.checkout()
    with transaction() as session:
        session.execute(text("UPDATE web_session SET revoked_at = now()"))
    page.get_by_label("Bank transfer").click()
    page.wait_for_url(re.compile(r"/sign-in\?next=(/|%2F)checkout$"))


@pytest.mark.ux("B15", "B23")
def test_a_line_that_is_down_says_that_nothing_was_sent(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    page = shop.checkout(12_000, person=bea)
    page.route("**/checkout/choices", lambda route: route.abort())
    page.get_by_label("Bank transfer").check()
    expect(page.locator("#page-error")).to_contain_text("There is no connection to the shop. Nothing was sent.")
    page.unroute("**/checkout/choices")
    page.locator("#deposit").fill("1000")
    page.locator("#deposit").press("Tab")
    to_pay(page, 14_000)
    expect(page.locator("#page-error")).to_be_empty()


@pytest.mark.ux("B20")
def test_pressing_while_the_amounts_are_still_being_renewed_is_one_order(shop: Shop) -> None:
    page = shop.checkout()
    be_ready(page)
    with shop.served.counted.slow("/checkout/choices") as line:
        page.locator("#phone").fill("010-8765-4321")
        page.locator("#pay-button").click()
        page.wait_for_url(ORDER)
        line.set()
    expect(page.locator("#order-live")).to_contain_text("010-8765-4321")
    assert counts()["orders"] == 1
