"""Two currencies in a browser: what a buyer sees at a shop in another one, and the rates at the desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import check_looks
from tests.browser.inside import Shop
from tests.factories.account import ADDRESS_US, make_person
from tests.factories.cart import make_variant, put_into_cart
from tests.factories.order import make_order
from tests.factories.refund import answer_legs, ask_refund, lines_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.req("CAT-04")]

WON = "about ₩35,100 KRW"


def test_both_amounts_are_seen_on_every_page(shop: Shop) -> None:
    bea, ada = make_person("bea"), make_person("ada", roles=("admin",))
    bowl = make_variant(shop.mall)
    order = make_order(bea, shop.mall, {bowl: 2}, channel=shop.mall.us, address=ADDRESS_US)
    answer_legs(ask_refund(order, {lines_of(order)[0]: 1}).refund_id)
    put_into_cart(bea.actor, shop.mall.us, bowl, 2)
    page = shop.enter(bea)
    for name, path in (("cart", "/us/cart"), ("checkout", "/us/checkout"), ("order", f"/us/orders/{order.number}")):
        shop.go(page, path)
        expect(page.locator("main")).to_contain_text(WON)
        expect(page.locator("main")).to_contain_text("1 USD = 1,300 KRW")
        check_looks(page, f"two-currencies-{name}")
    desk = shop.enter(ada)
    for name, path in (("rates", "/admin/rates"), ("payment", f"/admin/payments/{order.payment_id}")):
        shop.go(desk, path)
        expect(desk.locator("main")).to_contain_text("1 USD = 1,300 KRW")
        check_looks(desk, f"two-currencies-{name}")
