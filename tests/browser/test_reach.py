"""Who can use the checkout: narrow screens, fingers, keyboards, and both languages."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from portal.db import transaction
from portal.kit import clock
from portal.kit.rates import ECB
from portal.queries.channels import forget_channels
from portal.queries.sections import forget_sections
from tests.browser.conftest import violations
from tests.browser.inside import Shop, fill_new_address, renewed, rows, to_pay
from tests.factories.account import make_person
from tests.factories.cart import make_variant, put_into_cart
from tests.factories.order import give_deposit, give_mileage, make_coupon
from tests.factories.rates import give_rates

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
# What can be pressed and is smaller than a finger needs; a box counts with its label.
SMALL = """least => [...document.querySelectorAll('#main :is(a, button, summary, input, select)')]
  .filter(el => el.checkVisibility() && el.type !== 'hidden' && !el.closest('.visually-hidden'))
  .map(el => ['checkbox', 'radio'].includes(el.type) && el.labels.length ? [el, el.labels[0]] : [el])
  .map(els => ({
    what: els[0].outerHTML.slice(0, 120),
    height: Math.max(...els.map(el => el.getBoundingClientRect().height)),
    width: Math.max(...els.map(el => el.getBoundingClientRect().width)),
  }))
  .filter(one => one.height < least || one.width < least)"""
# What the tab key visits, in order.
STOPS = """() => [...document.querySelectorAll('#checkout :is(a, button, input, summary), #totals')]
  .filter(el => el.checkVisibility() && el.tabIndex >= -1).map(el => el.id)"""


@pytest.mark.ux("B26")
def test_on_320_pixels_nothing_is_cut_and_everything_can_be_hit(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 1_234_567_890)
    give_mileage(bea, 2_000)
    make_coupon("TEN", percent=10)
    put_into_cart(
        bea.actor, shop.mall.kr, make_variant(shop.mall, krw=1_234_567, name="A bowl of uncommonly long name"), 3
    )
    page = shop.enter(bea, width=320, height=640)
    for path, locale in product(("/cart", "/checkout"), ("en", "ko")):
        shop.go(page, f"{path}?lang={locale}")
        expect(page.locator("html")).to_have_attribute("lang", locale)
        assert page.evaluate(FITS)
        assert page.evaluate(SMALL, 24) == []
        main = page.locator("#pay-button, #to-checkout").bounding_box()
        assert main is not None
        assert main["height"] >= 44
        page.evaluate("document.querySelectorAll('#main details').forEach(fold => { fold.open = true; })")
        assert page.evaluate(FITS)
        assert violations(page) == []


@pytest.mark.ux("B26")
def test_the_amounts_are_read_before_the_button(shop: Shop) -> None:
    stops = shop.checkout().evaluate(STOPS)
    assert stops.index("totals") < stops.index("consent_terms") < stops.index("pay-button")
    assert stops[-1] == "pay-button"


@pytest.mark.ux("B28")
@pytest.mark.parametrize("javascript", [True, False])
def test_switching_the_language_keeps_the_cart_and_what_is_typed(shop: Shop, javascript: bool) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    page = shop.checkout(person=bea, javascript=javascript)
    fill_new_address(page)
    page.locator("#postcode").fill("12")
    page.locator("#deposit").fill("1,000")
    page.locator("#method-bank_transfer").check()
    page.locator("#consent_terms").check()
    page.locator("footer").get_by_text("한국어").click()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.locator("h1")).to_have_text("주문하기")
    to_pay(page, 22_500)
    expect(page.locator("#pay-button")).to_have_text("22,500원 결제하기")
    typed = {name: page.locator(f"#{name}").input_value() for name in ("email", "name", "postcode", "line1", "deposit")}
    assert typed == {
        "email": "bea@example.com",
        "name": "김베아",
        "postcode": "12",
        "line1": "서울특별시 중구 세종대로 110",
        "deposit": "1,000",
    }
    expect(page.locator("#method-bank_transfer")).to_be_checked()
    expect(page.locator("#consent_terms")).to_be_checked()
    expect(page.locator(".arrives").first).to_contain_text(re.compile(r"\d+월 \d+일"))
    # The address can be opened anew: it is the checkout, still in that language.
    page.goto(page.url)
    expect(page.locator("h1")).to_have_text("주문하기")
    page.locator("footer").get_by_text("English").click()
    expect(page.locator("#pay-button")).to_have_text("Pay ₩22,500")


@pytest.mark.ux("B28")
def test_after_faults_the_language_can_be_switched_too(shop: Shop) -> None:
    page = shop.checkout()
    page.locator("#pay-button").click()
    expect(page.locator("#error-summary")).to_be_focused()
    page.locator("footer").get_by_text("한국어").click()
    expect(page.locator("h1")).to_have_text("주문하기")
    to_pay(page, 23_500)


@pytest.mark.ux("B28")
def test_no_page_mixes_languages_and_the_currency_stays(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000, currency="USD")
    give_mileage(bea, 2_000)
    make_coupon("TEN", percent=10)
    with transaction() as session:
        for table in ("store", "section", "channel"):
            session.execute(text(f'UPDATE {table} SET name = \'{{"ko": "이름"}}\''))  # noqa: S608  # Names of our own.
    give_rates(source=ECB, as_of=clock.now() - timedelta(minutes=1))  # One that has a Korean name.
    forget_channels()
    forget_sections()
    put_into_cart(bea.actor, shop.mall.us, make_variant(shop.mall, name="그릇"))
    with transaction() as session:
        session.execute(text("""UPDATE variant SET options = '[{"name": {"ko": "색"}, "value": {"ko": "회색"}}]'"""))
    page = shop.enter(bea, locale="ko")
    for path in ("/us/cart", "/us/orders", "/us/checkout"):
        shop.go(page, path)
        if path.endswith("checkout"):
            page.get_by_text("쿠폰 번호 입력").click()
            page.locator("#code").fill("nosuch")
            with renewed(page):
                page.locator("#code").press("Enter")
            assert all("US$" in amount for _, amount in rows(page))
        words = set(re.findall(r"[A-Za-z]{2,}", page.locator("body").inner_text()))
        assert words <= {"English", "USD", "KRW", "US", "NOSUCH", "Visa", "Mastercard", "EST", "EDT"}, path
