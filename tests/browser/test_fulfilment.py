"""A seller's day in a browser: the inbox, confirming, sending, a file of parcels, and what the buyer sees of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from portal.db import transaction
from portal.gateways.carriers.base import CarrierEvent, TrackingReport
from portal.kit import clock
from portal.kit.tracking import TrackedKind
from portal.services.fulfilment.take_report import take_report
from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import make_order

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.req("ORD-003", "ORD-07", "ORD-10")
@pytest.mark.ux("S10", "S15")
def test_an_order_goes_from_the_inbox_to_its_buyers_door(shop: Shop) -> None:
    bea = make_person("bea")
    sam = make_person("sam", store_ids=(shop.mall.store_ids[0],))
    first, second = (make_order(bea, shop.mall, {make_variant(shop.mall): 2}) for _ in range(2))
    page = shop.enter(sam)
    shop.go(page, "/seller/orders")
    page.get_by_label(f"Choose order {first.number}").check()
    expect(page.locator(".bulk-bar")).to_contain_text("1 selected")
    assert violations(page) == []
    page.get_by_label(f"Choose order {second.number}").check()
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.locator("#run")).to_contain_text("2 orders done")
    assert violations(page) == []

    shop.go(page, f"/seller/orders/{first.part_ids[0]}?view=to_send")
    page.get_by_role("button", name="Mark as packed").click()
    number = page.get_by_label("Tracking number", exact=True)
    expect(number).to_be_focused()
    number.fill("12")
    number.press("Enter")  # As a scanner does.
    expect(page.locator("#problem")).to_contain_text("is no tracking number of CJ대한통운")
    expect(number).to_have_value("12")
    assert violations(page) == []
    picture(page, "seller-send")
    number.fill("5812-3456-7890")
    number.press("Enter")
    expect(page.get_by_role("heading", name=second.number)).to_be_visible()

    buyer = shop.enter(bea)
    shop.go(buyer, f"/orders/{first.number}")
    parcel = buyer.locator(".parcel")
    expect(parcel).to_contain_text("581234567890")
    expect(parcel).to_contain_text("Handed over")
    with transaction() as session:
        event = CarrierEvent("a", TrackedKind.DELIVERED, clock.now(), "Door")
        take_report(session, report=TrackingReport("cj", "581234567890", (event,)), told_by="notice", now=clock.now())
    buyer.get_by_role("link", name="Check again").click()
    expect(buyer.locator(".stage h1")).to_have_text("Your order has arrived")
    expect(parcel).to_contain_text("Delivered")
    assert violations(buyer) == []


@pytest.mark.req("ORD-003", "ORD-11")
def test_parcels_from_a_file_and_the_malls_view_of_all_stores(shop: Shop) -> None:
    bea = make_person("bea")
    sam = make_person("sam", store_ids=(shop.mall.store_ids[0],))
    order = make_order(bea, shop.mall, {make_variant(shop.mall): 2})
    page = shop.enter(sam, javascript=False, width=390)
    shop.go(page, "/seller/parcels/import")
    content = (
        f"order,sku,quantity,carrier,tracking_number\n{order.number},,,cj,581234567890\nKR-NONE,,,cj,581234567891\n"
    )
    page.get_by_label("CSV file").set_input_files(
        {"name": "parcels.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_role("row", name="KR-NONE")).to_contain_text("Your store has no such order.")
    page.get_by_role("button", name="Send 1 parcel").click()
    expect(page.locator("#run")).to_contain_text("1 order done")

    desk = shop.enter(make_person("ada", roles=("admin",)))
    shop.go(desk, "/admin/fulfilment")
    expect(desk.get_by_role("table", name="Parts of orders by state")).to_contain_text("Shipped")
    expect(desk.get_by_role("table", name="How carriers did")).to_contain_text("CJ대한통운")
    assert violations(desk) == []
