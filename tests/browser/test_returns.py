"""A return in the browser, from the buyer's wish to the store's verdict, on a phone and without JavaScript too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop
from tests.factories.refund import rows
from tests.factories.returns import Case

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.ux("B27")
@pytest.mark.req("ORD-005", "REF-01")
def test_goods_go_back_are_looked_at_and_paid_back(shop: Shop) -> None:
    case = Case(shop.mall)
    buyer = shop.enter(case.bea, width=390)
    shop.go(buyer, f"/orders/{case.order.number}")
    buyer.get_by_role("link", name="Return or exchange").click()
    expect(buyer.locator("#return-plan")).to_contain_text("Choose how many pieces.")
    buyer.locator(f"#units-{case.line}").fill("2")
    buyer.keyboard.press("Tab")
    expect(buyer.locator("#return-plan")).to_contain_text("₩24,000")
    buyer.get_by_label("Reason").select_option("damaged")
    expect(buyer.locator("#return-plan")).to_contain_text("The store pays for the way back.")
    assert violations(buyer) == []
    picture(buyer, "return-new")
    buyer.get_by_role("button", name="Send the request").click()
    expect(buyer.get_by_role("heading", name="What is next")).to_be_visible()

    page = shop.enter(case.sam, javascript=False)
    shop.go(page, "/seller/")
    page.get_by_role("link", name="Returns to answer").click()
    picture(page, "returns-inbox")
    page.locator("#returns tbody a").click()
    picture(page, "return-answer")
    page.get_by_label("Where the buyer sends it").fill("12 Store Street\nSeoul 04524")
    page.get_by_role("button", name="Agree").click()
    page.get_by_role("button", name="Received").click()
    picture(page, "return-inspect")
    page.get_by_label("Send it back to the buyer").nth(1).check()
    page.get_by_role("button", name="Decide").click()
    expect(page.locator("#problem")).to_contain_text("Say why you do not take a piece")
    page.get_by_label("Note for the buyer").fill("Stained")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator("#goods")).to_be_visible()
    assert rows("SELECT state FROM return_unit ORDER BY n") == [("accepted",), ("rejected",)]
    picture(page, "return-send")

    buyer.reload()
    expect(buyer.get_by_text("The store says: “Stained”")).to_be_visible()
    assert violations(buyer) == []
    picture(buyer, "return-done")
    desk = shop.enter(case.sam)
    [(return_id,)] = rows("SELECT id FROM goods_return")
    shop.go(desk, f"/seller/returns/{return_id}")
    assert violations(desk) == []
