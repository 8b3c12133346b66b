"""Disputes at the desk in a browser: found, read, answered."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import check_looks
from tests.browser.inside import Shop
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.dispute import make_dispute
from tests.factories.order import make_order

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.req("STR-05")]


def test_a_dispute_is_read_and_answered(shop: Shop) -> None:
    goods = {make_variant(shop.mall): 2, make_variant(shop.mall, store=1): 1}
    order = make_order(make_person("bea"), shop.mall, goods)
    dispute_id = make_dispute(order, reason="product_not_received")
    desk = shop.enter(make_person("fay", roles=("finance",)))
    shop.go(desk, "/admin/disputes")
    check_looks(desk, "disputes")
    desk.get_by_role("link", name=order.number, exact=True).click()
    expect(desk.locator("h1")).to_contain_text("Dispute about")
    check_looks(desk, "dispute")
    desk.locator("#statement").fill("The parcel was handed to her on the doorstep.")
    desk.get_by_role("button", name="Send evidence").click()
    expect(desk.locator("main")).to_contain_text("The answer is on its way to the gateway.")
    expect(desk.locator("main")).to_contain_text("handed to her on the doorstep")
    check_looks(desk, "dispute-answered")
    shop.go(desk, f"/admin/disputes/{dispute_id}/acceptance")
    check_looks(desk, "dispute-accept")


def test_a_dispute_by_letter_is_recorded_and_continued(shop: Shop) -> None:
    order = make_order(make_person("bea"), shop.mall, {make_variant(shop.mall): 2})
    desk = shop.enter(make_person("fay", roles=("finance",)))
    shop.go(desk, "/admin/disputes")
    desk.get_by_role("link", name="Record a dispute").click()
    desk.get_by_label("Order number").fill(order.number)
    desk.get_by_label("Reference on the letter").fill("CB-2026-77")
    check_looks(desk, "dispute-letter")
    desk.get_by_role("button", name="Record the dispute").click()
    expect(desk.locator("h1")).to_contain_text("Dispute about")
    expect(desk.get_by_role("link", name="Evidence as a letter (PDF)")).to_be_visible()
    check_looks(desk, "dispute-recorded")
    desk.get_by_label("What the bank says").select_option("won")
    desk.get_by_role("button", name="Record the letter").click()
    expect(desk.locator("#history")).to_be_visible()
    expect(desk.locator("main")).to_contain_text("Letter of the bank recorded")
    check_looks(desk, "dispute-continued")
