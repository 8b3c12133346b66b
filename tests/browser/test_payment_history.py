"""What was paid, looked back at in a browser: by its buyer, and by the store (PAY-13)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import give_deposit, make_order

pytestmark = [pytest.mark.browser, pytest.mark.req("PAY-13")]


DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 900}
FINGER = 44


def sound_at(page: Page, size: ViewportSize, name: str) -> None:
    page.set_viewport_size(size)
    picture(page, f"{name}-{size['width']}")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_buyer_narrows_the_days_and_opens_a_payment(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    order = make_order(bea, shop.mall, {make_variant(shop.mall, krw=9_900): 2}, deposit_minor=5_000)
    page = shop.enter(bea)
    shop.go(page, "/account/payments")
    expect(page.get_by_text("1 payment", exact=True)).to_be_visible()
    sound_at(page, DESK, "payments")
    sound_at(page, PHONE, "payments")
    day = page.locator("#filter-from")
    fold = page.locator(".filters > summary")
    # On a phone the filters fold, and the account's areas stand in one line.
    expect(day).to_be_hidden()
    tabs = page.locator("nav.tabs ul").bounding_box()
    assert tabs is not None
    assert tabs["height"] < 2 * FINGER
    fold.click()
    day.fill("2099-01-01")
    day.press("Tab")
    expect(page.get_by_role("heading", name="No payment matches")).to_be_visible()
    expect(fold).to_have_text(re.compile("Filters *1"))
    page.get_by_role("link", name="Clear filters").click()
    expect(page.get_by_text("1 payment", exact=True)).to_be_visible()
    page.set_viewport_size(DESK)
    expect(fold).to_be_hidden()
    day.fill("2099-01-01")
    day.press("Tab")
    expect(page.get_by_role("heading", name="No payment matches")).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()
    page.locator("#payments tbody a").click()
    assert order.gateway_ref is not None
    expect(page.get_by_text(order.gateway_ref)).to_be_visible()
    sound_at(page, DESK, "payment")
    sound_at(page, PHONE, "payment")


def test_a_store_looks_back_at_its_payments(shop: Shop) -> None:
    order = make_order(make_person("bea"), shop.mall, {make_variant(shop.mall, krw=9_900): 2})
    page = shop.enter(make_person("sam", roles=("seller",), store_ids=(shop.mall.store_ids[0],)))
    shop.go(page, "/seller/payments")
    expect(page.get_by_role("link", name=order.number, exact=True)).to_be_visible()
    picture(page, "store-payments")
    assert violations(page) == []
