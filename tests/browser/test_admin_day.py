"""One long day of an administrator, from the search for an order to the trail of all that he did."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop
from tests.factories.cart import make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.factories.returns import Case
from tests.factories.ticket import make_ticket

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.req("ORD-11", "ORD-08", "IDN-05", "AUD-01")
@pytest.mark.ux("A09", "A13", "A16")
def test_a_day_from_a_search_to_the_trail(shop: Shop) -> None:
    case = Case(shop.mall)
    fresh = make_order(case.bea, shop.mall, {make_variant(shop.mall): 1})
    return_id = case.ask({case.line: 1})
    ticket = make_ticket(case.bea, f"order:{fresh.id}")
    page = shop.enter(case.ada)

    # A caller names a number: the order is found, looked at, stopped with a reason, and let go on.
    shop.go(page, "/admin/")
    page.keyboard.press("/")
    page.get_by_role("searchbox", name="Search everything").fill(fresh.number)
    page.keyboard.press("Enter")
    expect(page).to_have_url(shop.address(f"/admin/orders/{fresh.number}"))
    page.get_by_role("link", name="Hold").first.click()
    page.get_by_role("button", name="Put on hold").click()
    expect(page.locator("main")).to_contain_text("Choose a reason: it stands in the record.")
    page.get_by_role("radio", name=re.compile("legal")).first.check(force=True)
    page.get_by_label("Note for the record").fill("The police asked")
    page.get_by_role("button", name="Put on hold").click()
    holds = page.get_by_role("region", name="Holds")
    expect(holds).to_contain_text("The police asked")
    assert violations(page) == []
    holds.get_by_role("button", name=re.compile("End the hold")).click()
    expect(holds).to_have_count(0)

    # What comes back is agreed to, received, and its money goes back.
    page.get_by_role("link", name="Returns").first.click()
    page.locator(f"a[href*='{return_id}']").first.click()
    page.get_by_label("Where the buyer sends it").fill("12 Store Street, Seoul")
    page.get_by_role("button", name="Agree").click()
    page.get_by_role("button", name="Received").click()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    picture(page, "admin-day-return")
    page.get_by_role("link", name="Refunds").first.click()
    page.get_by_role("navigation", name="Queues of refunds").get_by_role("link", name="All").click()
    expect(page.get_by_role("main")).to_contain_text(case.order.number)

    # Where the rest stands, and what is late.
    page.get_by_role("link", name="Fulfilment").first.click()
    expect(page.get_by_role("table", name="Parts of orders by state")).to_contain_text("New")
    page.get_by_role("link", name="Exceptions").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert violations(page) == []

    # A question is seen to.
    page.get_by_role("link", name="Tickets").first.click()
    shop.go(page, f"/admin/tickets/{ticket.id}")
    expect(page.get_by_role("main")).to_contain_text("Where is it?")
    page.get_by_label("Answer or note").fill("Asked the store")
    page.get_by_role("button", name="Keep as a note").click()
    expect(page.get_by_role("main")).to_contain_text("Asked the store")

    # Somebody's account is frozen, and cleared.
    shop.go(page, f"/admin/users/{case.bea.id}")
    page.get_by_role("link", name="Freeze the account").click()
    page.get_by_role("radio").first.check(force=True)
    page.get_by_role("button", name="Freeze the account").click()
    expect(page.get_by_role("region", name="Freeze")).to_contain_text("Nothing can be bought")
    page.get_by_role("link", name="Clear the account").click()
    page.get_by_label("Why the account is clear").fill("She showed her card")
    page.get_by_role("button", name="Clear the account").click()
    expect(page.get_by_role("region", name="Freeze")).to_contain_text("She showed her card")

    # All of it stands in the trail, under his name.
    page.get_by_role("link", name="Audit trail").first.click()
    picture(page, "admin-day-trail")
    done = {action for (action,) in rows("SELECT action FROM audit_row WHERE actor = :who", who=f"user:{case.ada.id}")}
    asked = {"part:held", "part:hold-ended", "return:decided", "return:inspected", "user:frozen", "user:cleared"}
    assert asked <= done, done
