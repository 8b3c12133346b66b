"""Mileage in a browser, with the script and without: rules tried and saved, points sent and called back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop, at_rest
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.loyalty import TIERS, write_version
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.services.mileage.test_life_of_lots import lot

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.req("BAL-04")
@pytest.mark.parametrize(("javascript", "width"), [(True, 1280), (False, 390)])
def test_rules_are_tried_on_past_orders_and_saved(shop: Shop, javascript: bool, width: int) -> None:
    mia = make_person("mia", roles=("marketing",))
    write_version(mia, "tiers", TIERS)
    make_order(make_person("bea"), shop.mall, {make_variant(shop.mall, krw=12_000): 1})
    page = shop.enter(mia, javascript=javascript, width=width)
    shop.go(page, "/admin/mileage?lang=en")
    page.get_by_role("link", name="New version").click()
    page.locator("#add").click()
    expect(page.locator("#rule1")).to_be_focused()
    page.locator("#rule1-name").fill("Double week")
    page.locator("#rule1-kind").select_option("multiplier")
    page.locator("#rule1-amount").fill("twice")
    page.locator("#save").click()
    expect(page.locator("#rule1-amount-error")).to_be_visible()
    page.locator("#rule1-amount").fill("2")
    page.locator("#try").click()
    expect(page.locator("#replayed")).to_be_visible()
    expect(page.get_by_text("Double week: 2 times the points, for everything")).to_be_visible()
    at_rest(page)
    picture(page, f"mileage-rules-{width}")
    if javascript:
        assert violations(page) == []
    page.locator("#save").click()
    expect(page.get_by_role("heading", name="Version 1", level=1)).to_be_visible()
    assert rows("SELECT body -> 'rules' -> 0 ->> 'multiplier' FROM loyalty_version WHERE kind = 'mileage'") == [("2",)]
    if javascript:  # Nothing is done on these pages: they are only looked at, by a script.
        for path in ("/admin/mileage", "/admin/tiers", "/admin/tiers/new", "/admin/causes"):
            shop.go(page, path)
            picture(page, f"{path.replace('/', '-').strip('-')}-{width}")
            assert violations(page) == []


@pytest.mark.req("BAL-06", "BAL-08")
@pytest.mark.parametrize(("javascript", "width"), [(True, 390), (False, 1280)])
def test_points_are_sent_and_called_back(shop: Shop, javascript: bool, width: int) -> None:
    bea = make_person("bea")
    write_version(bea, "tiers", TIERS)
    lot(bea, 1_000, 5)
    page = shop.enter(bea, javascript=javascript, width=width)
    shop.go(page, "/account/mileage?lang=en")
    page.locator("#send-email").fill("friend@example.com")
    page.locator("#send-points").fill("2,000")
    page.get_by_role("button", name="Send the points").click()
    expect(page.locator("#send-points-error")).to_contain_text("You have 1,000 points")
    expect(page.locator("#send-email")).to_have_value("friend@example.com")
    page.locator("#send-points").fill("300")
    page.get_by_role("button", name="Send the points").click()
    back = page.get_by_role("button", name="Call back friend@example.com")
    expect(back).to_be_visible()
    picture(page, f"mileage-{width}")
    if javascript:
        assert violations(page) == []
    back.click()
    expect(page.get_by_text("Called back", exact=True)).to_be_visible()
    assert rows("SELECT remaining FROM mileage_lot") == [(1_000,)]
