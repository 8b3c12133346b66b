"""What both desks have in common, in a browser: the box at their head."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from portal.db import transaction
from portal.services.mark_people import mark_people
from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop
from tests.factories.account import make_person, make_session
from tests.factories.cart import make_variant
from tests.factories.order import make_order

pytestmark = pytest.mark.browser


@pytest.mark.ux("A17", "S07")
def test_one_box_suggests_by_kind_and_opens_what_was_meant(shop: Shop) -> None:
    bea = make_person("bea")
    order = make_order(bea, shop.mall, {make_variant(shop.mall): 1})
    with transaction() as session:
        mark_people(session)
    page = shop.enter(make_person("ada", roles=("admin",)))
    shop.go(page, "/admin/")
    page.keyboard.press("/")
    box = page.get_by_role("searchbox", name="Search everything")
    expect(box).to_be_focused()
    box.press_sequentially("010-1234-5678")
    suggested = page.locator("#suggestions").get_by_role("link", name=order.number, exact=True)
    expect(suggested).to_be_visible()
    picture(page, "desk-suggestions")
    assert violations(page) == []
    box.press("ArrowDown")
    expect(suggested).to_be_focused()
    page.keyboard.press("Escape")
    expect(box).to_be_focused()
    box.fill(order.gateway_ref or "")
    box.press("Enter")
    expect(page).to_have_url(shop.address(f"/admin/payments/{order.payment_id}"))

    seller = shop.enter(make_person("sam", store_ids=shop.mall.store_ids[:1]), width=390, javascript=False)
    shop.go(seller, "/seller/")
    seller.get_by_role("searchbox").fill("김베아")
    seller.get_by_role("searchbox").press("Enter")
    expect(seller.get_by_role("heading", name="Orders")).to_be_visible()
    picture(seller, "seller-search-phone")
    seller.get_by_role("link", name=order.number, exact=True).click()
    expect(seller).to_have_url(shop.address(f"/seller/orders/{order.part_ids[0]}"))


@pytest.mark.ux("A15", "A28")
def test_people_are_masked_until_shown_and_what_one_may_not_do_is_not_there(shop: Shop) -> None:
    bea = make_person("bea")
    make_session(bea)
    page = shop.enter(make_person("rita", roles=("risk",)))
    shop.go(page, "/admin/users?q=bea@example.com")
    expect(page.get_by_role("table", name="People")).not_to_contain_text("bea@example.com")
    page.get_by_role("link", name=bea.id.hex[-8:]).click()
    expect(page.get_by_role("link", name="Change roles")).to_have_count(0)
    expect(page.locator("main")).not_to_contain_text("bea@example.com")
    expect(page.get_by_text("Showing is recorded with your name.").first).to_be_visible()
    page.get_by_role("button", name="Show name and e-mail").click()
    expect(page.locator("main")).to_contain_text("bea@example.com")
    assert violations(page) == []
    page.get_by_role("link", name="Block signing in").click()
    page.get_by_label("Why").fill("Her phone was stolen")
    assert violations(page) == []
    page.get_by_role("button", name="Block signing in").click()
    expect(page.locator("main")).to_contain_text("Signed in nowhere.")
    expect(page.locator("main")).to_contain_text("Her phone was stolen")
    picture(page, "person")
    assert violations(page) == []
    refused = shop.go(page, f"/admin/users/{bea.id}/roles")
    assert refused.status == 403
    expect(page.locator("main")).to_contain_text("role:grant")


@pytest.mark.ux("S03", "S04", "S05")
def test_a_list_is_an_address_that_is_kept_under_a_name(shop: Shop) -> None:
    bea = make_person("bea")
    first, second = (make_order(bea, shop.mall, {make_variant(shop.mall): 1}) for _ in range(2))
    sam = make_person("sam", store_ids=shop.mall.store_ids[:1])
    page = shop.enter(sam)
    shop.go(page, "/seller/orders?view=all&state=released")
    expect(page.get_by_role("link", name="Remove the filter State: New")).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Recipient").check()
    expect(page.get_by_role("columnheader", name="Recipient")).to_be_hidden()
    picture(page, "columns")
    page.get_by_text("Save this view").click()
    page.get_by_label("Name").fill("New ones")
    page.get_by_label("Colleagues see it, too").check()
    assert violations(page) == []
    page.get_by_role("button", name="Save view").click()
    views = page.get_by_role("navigation", name="Saved views")
    expect(views.get_by_role("link", name="New ones")).to_have_attribute("aria-current", "page")
    expect(views.get_by_role("link", name="New ones")).to_contain_text("2")
    picture(page, "saved-view")
    assert violations(page) == []
    page.get_by_role("link", name=first.number, exact=True).click()
    page.go_back()
    expect(page.get_by_role("columnheader", name="Recipient")).to_be_hidden()

    colleague = shop.enter(make_person("sue", store_ids=shop.mall.store_ids[:1]), width=390, javascript=False)
    shop.go(colleague, "/seller/orders?view=all")
    colleague.get_by_role("link", name="New ones").click()
    expect(colleague.get_by_role("link", name=second.number, exact=True)).to_be_visible()
    picture(colleague, "saved-view-phone")
    assert colleague.evaluate("document.documentElement.scrollWidth <= innerWidth")
