"""Purchases as people make them: with a card, on a phone, by keyboard, without a script, after a refusal."""

from __future__ import annotations

import re
from itertools import count
from typing import Literal

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from portal.bench.own import Running
from tests.browser.conftest import OpenPage, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GOOD, POOR, ASKS = "4242424242424242", "4000000000009995", "4000000000003220"
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
_newcomers = count(1)


# The goods of each shop, as its front page shows them: it is the largest page, and the same for every purchase.
_goods: dict[str, list[str]] = {}


def list_goods(page: Page, shop: str) -> list[str]:
    """The addresses of what the front page shows, in English from there on."""
    if shop not in _goods:
        page.goto(f"{shop}/")
        paths = page.locator("article.card h2 a, article.card h3 a").evaluate_all(
            "links => [...new Set(links.map(link => link.pathname))]"
        )
        origin = shop.partition("/kr")[0].partition("/us")[0]
        _goods[shop] = [f"{origin}{path}?lang=en" for path in paths]
    return _goods[shop]


def fill_cart(page: Page, shop: str, goods: int = 2) -> None:
    """Put the first things of the front page into the cart, by the forms of their pages."""
    done = 0
    for address in list_goods(page, shop):
        page.goto(address)
        form = page.locator("main form[action$='/cart/lines']").first
        if form.count() == 0:
            continue
        for group in form.locator("fieldset").all():
            group.locator("label:has(input:enabled)").first.click()
        form.locator("button[type=submit]").first.click()
        expect(page.locator("#cart-count")).to_have_text(str(done + 1))
        done += 1
        if done == goods:
            return
    pytest.fail("too few goods can be bought")


def be_new(page: Page) -> str:
    """Fill in the account's three fields; returns the e-mail."""
    email = f"newcomer-{next(_newcomers)}@example.com"
    page.get_by_label("I am new here").check()
    page.locator("#account_name").fill("Nari Kim")
    page.locator("#account_email").fill(email)
    page.locator("#account_password").fill("a long enough phrase")
    return email


def fill_address_kr(page: Page) -> None:
    page.locator("#name").fill("김나리")
    page.locator("#phone").fill("010 1234 5678")
    page.locator("#postcode").fill("04524")
    page.locator("#line1").fill("서울특별시 중구 세종대로 110")
    page.locator("#line1").press("Tab")


def card_of(page: Page) -> FrameLocator:
    return page.frame_locator(".card-element iframe")


def fill_card(page: Page, number: str) -> None:
    page.locator("#method-credit_card").check()
    card = card_of(page)
    card.locator("#number").fill(number)
    card.locator("#expiry").fill("1240")
    card.locator("#cvc").fill("123")


def agree_and_pay(page: Page) -> None:
    page.locator("#consents-all").check()
    page.locator("#pay-button").click()
    page.wait_for_url(re.compile(r"/orders/[A-Z]{2}-"))


def stage(page: Page, name: str) -> None:
    expect(page.locator(f"[data-stage={name}]")).to_be_visible()


@pytest.mark.req("IDN-07", "PAY-01", "PAY-14")
def test_a_newcomer_buys_with_a_card_without_leaving_the_page(portal: Running, open_page: OpenPage) -> None:
    page = open_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    fill_cart(page, f"{portal.base}/kr")
    page.goto(f"{portal.base}/kr/checkout")
    assert violations(page) == []
    be_new(page)
    fill_address_kr(page)
    fill_card(page, GOOD)
    agree_and_pay(page)
    stage(page, "paid")
    expect(page.locator("h1")).to_have_text("Thank you, your order is confirmed")
    expect(page.locator(".tenders")).to_contain_text("Visa ···· 4242")
    assert violations(page) == []
    # The card's number went to the gateway's origin and nowhere else.
    with_number = [request for request in sent if GOOD in request.replace("+", "").replace("%20", "")]
    assert with_number
    assert not [request for request in with_number if request.startswith(portal.base + "/")]


@pytest.mark.ux("B22")
@pytest.mark.req("PAY-12")
def test_a_declined_card_leaves_everything_and_another_one_pays(portal: Running, open_page: OpenPage) -> None:
    page = open_page()
    fill_cart(page, f"{portal.base}/kr", goods=1)
    page.goto(f"{portal.base}/kr/checkout")
    email = be_new(page)
    fill_address_kr(page)
    fill_card(page, POOR)
    agree_and_pay(page)
    stage(page, "failed")
    expect(page.locator(".stage")).to_contain_text("There is not enough money on this card or account.")
    assert violations(page) == []
    page.get_by_role("link", name="Pay another way").click()
    # Everything is as it was: address from the book, e-mail, the way of paying that was used last.
    expect(page.locator("#email")).to_have_value(email)
    expect(page.locator("input[name=address_id]:checked")).to_be_visible()
    expect(page.locator("#method-credit_card")).to_be_checked()
    fill_card(page, GOOD)
    agree_and_pay(page)
    stage(page, "paid")
    page.get_by_role("link", name="All orders").click()
    expect(page.locator(".order-row")).to_have_count(2)
    assert violations(page) == []


def test_the_bank_asks_and_the_order_is_paid(portal: Running, open_page: OpenPage) -> None:
    page = open_page()
    fill_cart(page, f"{portal.base}/us", goods=1)
    page.goto(f"{portal.base}/us/checkout")
    be_new(page)
    for name, value in {
        "name": "Nari Kim",
        "phone": "(212) 555-0123",
        "line1": "350 Fifth Avenue",
        "city": "New York",
        "region": "ny",
        "postcode": "10001",
    }.items():
        page.locator(f"#{name}").fill(value)
    fill_card(page, ASKS)
    agree_and_pay(page)
    page.frame_locator("dialog iframe").get_by_role("button", name="Complete").click()
    stage(page, "paid")


def test_the_bank_is_told_no(portal: Running, open_page: OpenPage) -> None:
    page = open_page()
    fill_cart(page, f"{portal.base}/kr", goods=1)
    page.goto(f"{portal.base}/kr/checkout")
    be_new(page)
    fill_address_kr(page)
    fill_card(page, ASKS)
    agree_and_pay(page)
    page.frame_locator("dialog iframe").get_by_role("button", name="Fail").click()
    stage(page, "failed")
    expect(page.locator(".stage")).to_contain_text("Try again")


@pytest.mark.ux("B15", "B26")
def test_the_whole_purchase_works_without_a_script(portal: Running, open_page: OpenPage) -> None:
    page = open_page(javascript=False)
    fill_cart(page, f"{portal.base}/kr", goods=1)
    page.goto(f"{portal.base}/kr/checkout")
    be_new(page)
    fill_address_kr(page)
    page.get_by_role("button", name="Update amounts").click()
    # What was typed is still there.
    expect(page.locator("#line1")).to_have_value("서울특별시 중구 세종대로 110")
    page.locator("#account_password").fill("a long enough phrase")
    page.locator("#method-bank_transfer").check()
    for kind in ("terms", "seller_data", "payment_agency"):
        page.locator(f"#consent_{kind}").check()
    page.locator("#pay-button").click()
    # The page of the order loads itself and leads on to the provider's page.
    page.wait_for_url(lambda address: not address.startswith(portal.base))
    page.locator("button[value=approve]").click()
    page.wait_for_url(re.compile(r"/orders/KR-"))
    stage(page, "paid")


@pytest.mark.ux("B26")
def test_a_phone_buys_without_sideways_scrolling(portal: Running, open_page: OpenPage) -> None:
    page = open_page(width=320, height=800, dark=True)
    fill_cart(page, f"{portal.base}/kr", goods=1)
    page.goto(f"{portal.base}/kr/checkout")
    check_phones(page)
    be_new(page)
    fill_address_kr(page)
    fill_card(page, GOOD)
    assert page.evaluate(FITS)
    agree_and_pay(page)
    stage(page, "paid")
    check_phones(page)


def check_phones(page: Page) -> None:
    """The page as it stands, light on a usual phone and dark on the smallest, which is left."""
    phones: tuple[tuple[int, Literal["light", "dark"]], ...] = ((390, "light"), (320, "dark"))
    for width, scheme in phones:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(FITS)
        assert violations(page) == []


@pytest.mark.ux("B20")
@pytest.mark.req("PAY-10")
def test_pressing_twice_and_going_back_is_one_order(portal: Running, open_page: OpenPage) -> None:
    page = open_page()
    fill_cart(page, f"{portal.base}/kr", goods=1)
    page.goto(f"{portal.base}/kr/checkout")
    be_new(page)
    fill_address_kr(page)
    fill_card(page, GOOD)
    page.locator("#consents-all").check()
    page.locator("#pay-button").dblclick()
    page.wait_for_url(re.compile(r"/orders/KR-"))
    stage(page, "paid")
    page.go_back()
    expect(page.get_by_text("There is nothing to buy")).to_be_visible()
    page.goto(f"{portal.base}/kr/orders")
    expect(page.locator(".order-row")).to_have_count(1)


@pytest.mark.ux("B26")
def test_everything_can_be_done_by_keyboard(portal: Running, open_page: OpenPage) -> None:
    page = open_page()
    fill_cart(page, f"{portal.base}/kr", goods=1)
    page.goto(f"{portal.base}/kr/checkout")
    be_new(page)
    fill_address_kr(page)
    page.locator("#method-credit_card").focus()
    # Radios are one stop of the tab key; arrows choose, and a page of a provider needs no further field.
    for _ in range(10):
        if page.locator("#method-bank_transfer").is_checked():
            break
        page.keyboard.press("ArrowDown")
    expect(page.locator("#method-bank_transfer")).to_be_checked()
    page.locator("#consents-all").focus()
    page.keyboard.press("Space")
    # The amounts come before the button, the agreements between them.
    order = page.locator("#amounts, #consents, #pay").evaluate_all("parts => parts.map(part => part.id)")
    assert order == ["amounts", "consents", "pay"]
    page.locator("#pay-button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: not address.startswith(portal.base))
    page.locator("button[value=approve]").press("Enter")
    page.wait_for_url(re.compile(r"/orders/KR-"))
    stage(page, "paid")
