"""A coupon from the page where it is claimed to the order that it was used for, as its buyer goes (CPN-02, CPN-16)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import violations
from tests.browser.inside import Shop, at_rest, fill_new_address, to_pay
from tests.factories.account import make_person
from tests.factories.cart import make_variant, put_into_cart
from tests.factories.coupon import make_campaign
from tests.factories.order import give_deposit

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.req("CPN-02", "CPN-16")
def test_claimed_used_and_looked_back_at(shop: Shop) -> None:
    bea = make_person("bea")
    make_campaign(cap=5, per_user_cap=1)
    give_deposit(bea, 50_000)
    put_into_cart(bea.actor, shop.mall.kr, make_variant(shop.mall, krw=20_000))
    page = shop.enter(bea, width=390)
    shop.go(page, "/coupons")
    page.get_by_role("button", name="Claim Ten percent off").click()
    expect(page.locator("main")).to_contain_text("In your wallet")
    assert violations(page) == []
    page.get_by_role("link", name="My coupons").click()
    expect(page.locator(".slip")).to_contain_text("Ready to use")
    assert violations(page) == []
    page.get_by_role("link", name="Use at checkout: Ten percent off").click()
    expect(page.locator("#coupons")).to_contain_text("-₩2,000")
    fill_new_address(page)
    page.locator("#deposit").fill("21,000")
    page.locator("#deposit").press("Tab")
    to_pay(page, 0)
    at_rest(page)
    for kind in ("terms", "seller_data", "payment_agency"):
        page.locator(f"#consent_{kind}").check()
    page.locator("#pay-button").click()
    page.wait_for_url(re.compile(r"/orders/[A-Z]{2}-"))
    number = page.url.rpartition("/")[2].partition("?")[0]
    shop.go(page, "/account/coupons?view=used")
    expect(page.locator("#wallet")).to_contain_text("Saved with coupons so far")
    row = page.locator("#wallet tbody tr")
    expect(row).to_contain_text("₩2,000")
    expect(row.get_by_role("link", name=number)).to_be_visible()
    assert violations(page) == []
    shop.go(page, "/account/coupons?view=over")
    expect(page.locator(".slip")).to_contain_text("Used")
