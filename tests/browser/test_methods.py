"""Cards kept at the gateway, in a browser against a whole portal: kept, confirmed, paid with, removed (PAY-14)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.bench.own import Running
from tests.browser.conftest import OpenPage, picture, violations
from tests.browser.test_purchase import (
    ASKS,
    GOOD,
    agree_and_pay,
    be_new,
    fill_address_kr,
    fill_card,
    fill_cart,
    stage,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.req("PAY-14")]


def type_card(page: Page, number: str) -> None:
    card = page.frame_locator("#add-method .card-element iframe")
    card.locator("#number").fill(number)
    card.locator("#expiry").fill("1240")
    card.locator("#cvc").fill("123")
    page.get_by_role("button", name="Keep this card").click()


def be_a_buyer(page: Page, portal: Running) -> None:
    """Somebody who has bought once, and is signed in."""
    fill_cart(page, f"{portal.base}/kr", goods=1)
    page.goto(f"{portal.base}/kr/checkout")
    be_new(page)
    fill_address_kr(page)
    fill_card(page, GOOD)
    agree_and_pay(page)
    stage(page, "paid")


def test_a_card_is_kept_pays_and_is_removed(portal: Running, open_page: OpenPage) -> None:
    page = open_page()
    be_a_buyer(page, portal)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    page.goto(f"{portal.base}/account/methods")
    expect(page.locator("main")).to_contain_text("No card is kept")
    type_card(page, GOOD)
    expect(page.locator("main")).to_contain_text("Your card is kept.")
    expect(page.locator("#methods")).to_contain_text("Visa ···· 4242")
    picture(page, "methods-1280")
    assert violations(page) == []
    with_number = [request for request in sent if GOOD in request.replace("+", "").replace("%20", "")]
    assert with_number
    assert not [request for request in with_number if request.startswith(portal.base + "/")]

    fill_cart(page, f"{portal.base}/kr", goods=1)
    page.goto(f"{portal.base}/kr/checkout")
    page.locator("#method-credit_card").check()
    way = page.locator(".radio-card:has(#method-credit_card)")
    kept = way.locator("[data-saved]")
    expect(kept.get_by_label("Visa ···· 4242")).to_be_checked()
    expect(way.locator(".card-element")).to_be_hidden()
    picture(page, "checkout-kept")
    assert violations(page) == []
    kept.get_by_label("Another card").check()
    expect(way.frame_locator(".card-element iframe").locator("#number")).to_be_visible()
    kept.get_by_label("Visa ···· 4242").check()
    expect(way.locator(".card-element")).to_be_hidden()
    agree_and_pay(page)
    stage(page, "paid")

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{portal.base}/account/methods")
    picture(page, "methods-390")
    page.get_by_role("button", name="Remove Visa ···· 4242").click()
    expect(page.locator("main")).to_contain_text("No card is kept")


def test_a_card_whose_bank_asks_is_kept_after_the_answer_and_one_that_is_refused_is_not(
    portal: Running, open_page: OpenPage
) -> None:
    page = open_page()
    be_a_buyer(page, portal)
    page.goto(f"{portal.base}/account/methods")
    type_card(page, ASKS)
    page.frame_locator("dialog iframe").get_by_role("button", name="Complete").click()
    expect(page.locator("main")).to_contain_text("Your card is kept.")
    page.goto(f"{portal.base}/account/methods")
    type_card(page, "4000000000000002")
    expect(page.locator("main")).to_contain_text("The card was not kept")
    expect(page.locator("#methods li")).to_have_count(1)
