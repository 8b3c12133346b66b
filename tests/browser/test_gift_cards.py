"""Gift cards in a browser: bought on the page, redeemed from the mail, given back at the desk (BAL-09)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import check_looks
from tests.browser.inside import Shop
from tests.factories.account import make_person

pytestmark = [pytest.mark.browser, pytest.mark.req("BAL-09")]


def test_a_card_is_chosen_and_a_wrong_code_is_told(shop: Shop) -> None:
    page = shop.enter(make_person("bea"))
    shop.go(page, "/account/gift-cards")
    page.get_by_label("Code of the gift card").fill("ABCD-EFGH")
    page.get_by_role("button", name="Redeem").click()
    expect(page.locator("#code-error")).to_contain_text("This code cannot be redeemed.")
    check_looks(page, "gift-cards")
    page.get_by_role("link", name="Buy a gift card").click()
    page.get_by_role("link", name="₩30,000").click()
    expect(page.get_by_label("E-mail of whom it is for")).to_be_visible()
    check_looks(page, "gift-card")
