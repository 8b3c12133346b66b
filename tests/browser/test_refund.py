"""Cancelling a paid order in a browser: two clicks, the amounts follow the choice, the page follows the money (B27)."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect

from portal.bench.own import Running
from portal.gateways.base import RefundFailed
from tests.browser.conftest import OpenPage, picture, violations
from tests.browser.inside import Shop
from tests.browser.test_purchase import (
    GOOD,
    agree_and_pay,
    be_new,
    fill_address_kr,
    fill_card,
    fill_cart,
    stage,
)
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import MadeOrder, give_deposit, give_mileage, make_coupon, make_order
from tests.factories.refund import answer_legs, ask_refund, rows
from tests.services.refunds.test_decisions import Case, move_part

# This card takes a refund and says later that it could not be done.
REFUND_FAILS = "4000000000005126"

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.ux("B27"), pytest.mark.req("REF-01", "REF-04")]


def bought(shop: Shop, **more: int) -> MadeOrder:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    make_coupon("TEN", percent=10)
    goods = {make_variant(shop.mall): 2, make_variant(shop.mall, store=1, krw=5_500): 1}
    return make_order(bea, shop.mall, goods, deposit_minor=5_000, mileage_points=2_000, codes=["TEN"])


@pytest.mark.parametrize("javascript", [True, False])
def test_two_clicks_give_everything_back(shop: Shop, javascript: bool) -> None:
    order = bought(shop)
    page = shop.enter(order.buyer, javascript=javascript)
    shop.go(page, f"/orders/{order.number}")
    page.locator("#ask-refund").click()
    plan = page.locator("#refund-plan")
    expect(plan.locator("dt")).to_contain_text(["Deposit", "Mileage", "Credit card", "Together"])
    expect(plan).to_contain_text("₩32,550 goes back to Deposit, Mileage and Credit card ···· 4242 now.")
    expect(plan).to_contain_text("Your coupon “10% off” comes back to you.")
    picture(page, f"plan-{javascript}")
    if javascript:
        assert violations(page) == []
    page.locator("#confirm-refund").click()
    expect(page.locator(".stage h1")).to_have_text("Your order is cancelled, and your money is on its way")
    picture(page, f"under-way-{javascript}")
    refund_id = rows("SELECT id FROM refund")[0][0]
    assert isinstance(refund_id, uuid.UUID)
    answer_legs(refund_id)
    expect(page.locator(".stage h1")).to_have_text("Everything of this order was given back")
    expect(page.locator("[data-refund=succeeded]")).to_be_visible()
    if javascript:
        assert violations(page) == []
    picture(page, f"done-{javascript}")


def test_the_amounts_follow_the_choice_on_a_phone(shop: Shop) -> None:
    order = bought(shop)
    page = shop.enter(order.buyer, width=390, dark=True)
    shop.go(page, f"/orders/{order.number}/refund")
    total = page.locator("#refund-plan [data-total]")
    whole = total.get_attribute("data-total")
    page.locator("input[name^=units-]").nth(0).fill("1")
    page.locator("input[name^=units-]").nth(0).blur()
    expect(total).not_to_have_attribute("data-total", str(whole))
    expect(page.locator("#refund-plan")).to_contain_text("a part of what it was used for is kept")
    picture(page, "phone")
    page.locator("#confirm-refund").click()
    expect(page.locator("[data-refund]")).to_be_visible()
    assert rows("SELECT sum(quantity)::int FROM refund_line WHERE line_id IS NOT NULL") == [(2,)]
    picture(page, "phone-after")


@pytest.mark.ux("S20")
def test_a_store_agrees_and_an_administrator_follows_up_what_failed(shop: Shop) -> None:
    case = Case(shop.mall)
    move_part(case.order, "accepted", "packed")
    asked = ask_refund(case.order, part_id=case.order.part_ids[0], reason="too_late")
    page = shop.enter(case.sam)
    shop.go(page, "/seller/refunds")
    picture(page, "seller-queue")
    page.get_by_role("link", name=case.order.number, exact=True).click()
    agree = page.get_by_role("button", name="Agree: ₩39,000 back")
    expect(agree).to_be_visible()
    picture(page, "seller-refund")
    assert violations(page) == []
    agree.click()
    expect(page.get_by_text("You agreed. The money goes back.")).to_be_visible()
    answer_legs(asked.refund_id, RefundFailed("expired_or_canceled_card"))
    desk = shop.enter(case.ada, width=390)
    shop.go(desk, "/admin/refunds?queue=failed")
    desk.get_by_role("link", name=case.order.number, exact=True).click()
    expect(desk.get_by_text("The card is closed. Offer deposit or a bank transfer.")).to_be_visible()
    picture(desk, "admin-failed")
    assert violations(desk) == []
    desk.get_by_label("Send it another way").select_option("deposit")
    desk.get_by_role("button", name="Send ₩39,000").click()
    expect(desk.get_by_text("It goes out another way now.")).to_be_visible()
    picture(desk, "admin-after")
    shop.go(desk, "/admin/")
    picture(desk, "admin-home")
    assert rows("SELECT status FROM refund") == [("succeeded",)]


@pytest.mark.req("STR-04")
def test_bought_and_given_back_with_everything_running(portal: Running, open_page: OpenPage) -> None:
    """Workers, gateway and notices of a whole portal: paid by card, cancelled, the money back, the page follows."""
    page = open_page()
    fill_cart(page, f"{portal.base}/kr")
    page.goto(f"{portal.base}/kr/checkout")
    be_new(page)
    fill_address_kr(page)
    fill_card(page, GOOD)
    agree_and_pay(page)
    stage(page, "paid")
    page.locator("#ask-refund").click()
    page.locator("#confirm-refund").click()
    expect(page.locator("[data-refund=succeeded]")).to_be_visible()
    expect(page.locator(".stage h1")).to_have_text("Everything of this order was given back")


@pytest.mark.req("STR-04", "STR-02", "REF-03")
def test_a_refund_that_fails_later_is_offered_another_way(portal: Running, open_page: OpenPage) -> None:
    """The provider takes its word back by notice: the page says so, and the buyer takes deposit instead."""
    page = open_page()
    fill_cart(page, f"{portal.base}/kr", goods=1)
    page.goto(f"{portal.base}/kr/checkout")
    be_new(page)
    fill_address_kr(page)
    fill_card(page, REFUND_FAILS)
    agree_and_pay(page)
    stage(page, "paid")
    page.locator("#ask-refund").click()
    page.locator("#confirm-refund").click()
    expect(page.locator("[data-refund=failed]")).to_be_visible()
    page.get_by_role("button", name="Send it there").click()
    expect(page.locator("[data-refund=succeeded]")).to_be_visible()
    expect(page.locator("[data-refund=succeeded]")).to_contain_text("This way was closed; it is sent another way.")
