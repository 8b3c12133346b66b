"""The page of an order: the confirmation, and giving an order up."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.blueprints.checkout.checkouts import counts, facts
from tests.browser.inside import Shop
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import give_deposit, give_mileage, make_coupon, make_order

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.ux("B25")
def test_the_confirmation_says_what_was_paid_and_what_comes_next(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    shop.set_policy({"mileage": {"earn_rate": "0.01"}})
    goods = {make_variant(shop.mall): 2, make_variant(shop.mall, store=1, krw=5_500): 1}
    order = make_order(bea, shop.mall, goods, deposit_minor=5_000, mileage_points=2_000)
    page = shop.enter(bea)
    shop.go(page, f"/orders/{order.number}")
    stage = page.locator(".stage")
    expect(stage.locator("h1")).to_have_text("Thank you, your order is confirmed")
    expect(stage).to_contain_text(order.number)
    expect(stage).to_contain_text("The receipt goes to bea@example.com.")
    expect(stage).to_contain_text("You get a mail when a parcel is on its way.")
    parcels = page.locator("section[aria-labelledby^=part-]")
    expect(parcels).to_have_count(2)
    for parcel in parcels.all():
        expect(parcel).to_contain_text("Being prepared")
        expect(parcel).to_contain_text(re.compile(r"Arrives \w{3} \d"))
    for tender in ("Deposit", "₩5,000", "Mileage", "2,000 P", "Credit card", "Visa ···· 4242"):
        expect(page.locator(".tenders")).to_contain_text(tender)
    expect(page.locator(".promise")).to_contain_text(re.compile(r"You get [\d,]+ P for this order"))
    before = counts()
    page.reload()
    expect(stage.locator("h1")).to_have_text("Thank you, your order is confirmed")
    bookmark = shop.enter(bea)
    shop.go(bookmark, f"/orders/{order.number}")
    expect(bookmark.locator(".stage")).to_contain_text(order.number)
    assert counts() == before


@pytest.mark.ux("B27")
@pytest.mark.req("REF-01")
@pytest.mark.parametrize("javascript", [True, False])
def test_giving_an_order_up_is_near_and_says_what_comes_back(shop: Shop, javascript: bool) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    make_coupon("TEN", percent=10)
    goods = {make_variant(shop.mall): 2}
    order = make_order(bea, shop.mall, goods, deposit_minor=5_000, mileage_points=2_000, codes=["TEN"], outcome=None)
    page = shop.enter(bea, javascript=javascript)
    shop.go(page, f"/orders/{order.number}")
    back = page.locator("#comes-back")
    expect(back.locator("dt")).to_have_text(["Deposit", "Mileage", "Coupon"])
    expect(back.locator("dd")).to_have_text(["₩5,000", "2,000 P", "10% off"])
    page.get_by_role("button", name="Give this order up").click()
    expect(page.locator("[data-stage=ended] h1")).to_have_text("This order was cancelled")
    assert facts("SELECT status FROM orders") == [("cancelled",)]
    assert facts("SELECT kind, held_minor FROM ledger_account WHERE held_minor <> 0") == []
