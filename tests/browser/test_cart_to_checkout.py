"""From the cart to the checkout: the amounts that are promised, and how much there is to fill in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from portal.db import transaction
from portal.kit import clock
from portal.services.accounts.save_address import save_address
from tests.browser.inside import Shop, to_pay
from tests.factories.account import ADDRESS_KR, make_person
from tests.factories.cart import make_variant, put_into_cart

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIELDS_MAX = 8
VISIBLE_FIELDS = "#checkout input:not([type=hidden], [type=radio], [type=checkbox]):visible"


@pytest.mark.ux("B01", "B02")
@pytest.mark.req("CAT-02")
@pytest.mark.parametrize(
    ("channel", "words", "minor"),
    [
        (
            "kr",
            ("₩24,000", "₩3,000", "₩26,000 more from this store and shipping is free."),
            24_000 + 3_000 + 5_500 + 3_000,
        ),
        ("us", ("$20.00", "$5.00"), 2_000 + 500 + 1_000 + 500 + 320),
    ],
)
def test_the_total_of_the_cart_is_the_first_one_of_the_checkout(
    shop: Shop, channel: str, words: tuple[str, ...], minor: int
) -> None:
    bea = make_person("bea")
    here = getattr(shop.mall, channel)
    put_into_cart(bea.actor, here, make_variant(shop.mall), 2)
    put_into_cart(bea.actor, here, make_variant(shop.mall, store=1, krw=5_500))
    page = shop.enter(bea)
    shop.go(page, f"/{channel}/cart")
    stores = page.locator("#cart section.panel")
    expect(stores).to_have_count(2)
    for one in words:
        expect(stores.first).to_contain_text(one)
    cart = page.locator("#cart-totals")
    expect(cart).to_contain_text("Tax included" if channel == "kr" else "Tax")
    expect(cart.locator("[data-total]")).to_have_attribute("data-total", str(minor))
    page.get_by_role("link", name="Checkout", exact=True).click()
    page.wait_for_url(re.compile(rf"/{channel}/checkout$"))
    to_pay(page, minor)


@pytest.mark.ux("B02")
def test_with_a_saved_address_nothing_has_to_be_filled_in(shop: Shop) -> None:
    bea = make_person("bea")
    with transaction() as session:
        save_address(session, user_id=bea.id, fields=ADDRESS_KR, now=clock.now())
    page = shop.checkout(person=bea)
    page.get_by_label("Bank transfer").check()
    page.locator("#consents-all").check()
    page.locator("#pay-button").click()
    page.wait_for_url(re.compile(r"/orders/KR-"))
    expect(page.locator("#order-live")).to_contain_text(ADDRESS_KR["line1"])


@pytest.mark.ux("B02")
def test_a_new_address_takes_at_most_eight_fields(shop: Shop) -> None:
    bea = make_person("bea")
    page = shop.enter(bea)
    for channel in ("kr", "us"):
        put_into_cart(bea.actor, getattr(shop.mall, channel), make_variant(shop.mall))
        shop.go(page, f"/{channel}/checkout")
        expect(page.locator("#line1")).to_be_visible()
        expect(page.locator("#line2")).to_be_hidden()
        assert 0 < page.locator(VISIBLE_FIELDS).count() <= FIELDS_MAX
        page.get_by_text("Add floor, unit or building").click()
        expect(page.locator("#line2")).to_be_visible()
