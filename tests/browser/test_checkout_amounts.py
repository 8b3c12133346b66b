"""The amounts of the checkout: their order, their sum, how they are renewed, and the button with the last one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from portal.db import transaction
from portal.models import Store
from tests.browser.inside import Shop, fill_new_address, leave, renewed, rows, to_pay
from tests.factories.account import Person, make_person
from tests.factories.cart import make_variant, put_into_cart, set_price
from tests.factories.order import give_deposit, give_mileage, make_coupon

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def example_a(shop: Shop) -> Person:
    """The goods and balances of worked example A; its second store sends for 2,500."""
    bea, kr = make_person("bea"), shop.mall.kr
    with transaction() as session:
        second = session.get_one(Store, shop.mall.store_ids[1])
        second.shipping = {**second.shipping, "KRW": {**second.shipping["KRW"], "fee": 2_500}}
    put_into_cart(bea.actor, kr, make_variant(shop.mall, krw=9_900), 2)
    put_into_cart(bea.actor, kr, make_variant(shop.mall, store=1, krw=5_500))
    put_into_cart(bea.actor, kr, make_variant(shop.mall, store=1, krw=3_333), 3)
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    make_coupon("TEN", percent=10)
    return bea


def won(amount: str) -> int:
    return int(re.sub(r"[^\d-]", "", amount))


def mark(page: Page) -> None:
    """A page that is loaded anew loses this."""
    page.evaluate("window.untouched = true")


@pytest.mark.ux("B15", "B16", "B17")
@pytest.mark.req("PAY-03")
def test_worked_example_a_is_renewed_in_place_and_adds_up_by_hand(shop: Shop) -> None:
    page = shop.enter(example_a(shop), locale="ko")
    shop.go(page, "/checkout")
    mark(page)
    page.get_by_text("쿠폰 번호 입력").click()
    leave(page, "code", "TEN")
    to_pay(page, 37_269)
    leave(page, "deposit", "5000")
    to_pay(page, 32_269)
    leave(page, "mileage", "2000")
    to_pay(page, 30_269)
    expect(page.locator("#status")).to_have_text("결제할 금액: 30,269원")
    found = rows(page)
    assert [name for name, _ in found] == [
        "상품",
        "10% 할인",
        "배송비",
        "포함된 세금",
        "예치금",
        "마일리지",
        "결제할 금액",
    ]
    amounts = [won(amount) for _, amount in found]
    assert amounts == [35_299, -3_530, 5_500, 3_388, -5_000, -2_000, 30_269]
    tax_is_within = sum(amounts[:3]) + sum(amounts[4:6])
    assert tax_is_within == amounts[-1]
    expect(page.locator("#pay-button")).to_have_text("30,269원 결제하기")
    assert page.evaluate("window.untouched")


@pytest.mark.ux("B15")
def test_method_and_address_renew_the_amounts_too(shop: Shop) -> None:
    bea = make_person("bea")
    bowl = make_variant(shop.mall)
    put_into_cart(bea.actor, shop.mall.kr, bowl)
    page = shop.enter(bea)
    shop.go(page, "/checkout")
    mark(page)
    to_pay(page, 15_000)
    set_price(bowl, shop.mall.kr, 11_000)
    with renewed(page):
        page.get_by_label("Bank transfer").check()
    to_pay(page, 14_000)
    expect(page.locator("#status")).to_have_text("To pay now: ₩14,000")
    set_price(bowl, shop.mall.kr, 10_000)
    leave(page, "phone", "010-1234-5678")
    to_pay(page, 13_000)
    expect(page.locator("#status")).to_have_text("To pay now: ₩13,000")
    assert page.evaluate("window.untouched")
    expect(page.get_by_role("button", name="Update amounts")).to_be_hidden()


@pytest.mark.ux("B15")
def test_without_a_script_a_button_renews_the_amounts(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    page = shop.checkout(12_000, person=bea, javascript=False)
    page.locator("#deposit").fill("1,000")
    page.locator("#line1").fill("세종대로 110")
    page.get_by_role("button", name="Update amounts").click()
    to_pay(page, 14_000)
    expect(page.locator("#line1")).to_have_value("세종대로 110")


@pytest.mark.ux("B16")
def test_a_tax_on_top_stands_after_shipping_and_is_counted(shop: Shop) -> None:
    bea = make_person("bea")
    put_into_cart(bea.actor, shop.mall.us, make_variant(shop.mall, usd=1_999))
    page = shop.enter(bea)
    shop.go(page, "/us/checkout")
    found = rows(page)
    assert [name for name, _ in found] == ["Items", "Shipping", "Tax", "To pay now"]
    amounts = [won(amount) for _, amount in found]
    assert sum(amounts[:-1]) == amounts[-1]


@pytest.mark.ux("B17")
def test_with_nothing_left_the_button_says_so(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 50_000)
    page = shop.checkout(12_000, person=bea)
    expect(page.locator("#pay-button")).to_have_text("Pay ₩15,000")
    with renewed(page):
        page.get_by_role("button", name="Use all Deposit").click()
    expect(page.locator("#pay-button")).to_have_text("Place order, nothing to pay")
    fill_new_address(page)
    page.locator("#consents-all").check()
    page.locator("#pay-button").click()
    page.wait_for_url(re.compile(r"/orders/KR-"))
    expect(page.locator("[data-stage=paid]")).to_be_visible()
