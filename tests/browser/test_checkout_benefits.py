"""Coupons, deposit and mileage at the checkout."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from portal.db import transaction
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import CouponGrant
from tests.browser.inside import Shop, at_rest, fill_new_address, leave, renewed, rows, to_pay
from tests.factories.account import Person, make_person
from tests.factories.cart import make_variant, put_into_cart, set_price
from tests.factories.order import give_deposit, give_mileage, make_coupon

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def give_coupon(person: Person, code: str, *, percent: int, **more: object) -> None:
    campaign_id = make_coupon(code, percent=percent, **more)  # type: ignore[arg-type]  # As it takes them.
    with transaction() as session:
        session.add(CouponGrant(id=new_id(), user_id=person.id, campaign_id=campaign_id, granted_at=clock.now()))


@pytest.mark.ux("B11")
@pytest.mark.req("CPN-06")
def test_the_best_coupons_are_applied_and_every_other_says_why_not(shop: Shop) -> None:
    bea = make_person("bea")
    give_coupon(bea, "A", percent=10, lane="week")
    give_coupon(bea, "B", percent=5, lane="week")
    give_coupon(bea, "C", percent=20, minimum={"KRW": 100_000})
    page = shop.checkout(20_000, person=bea)
    coupons = page.locator("#coupons")
    expect(coupons).to_contain_text("The best of your coupons are applied.")
    cards = {
        name: coupons.locator("li").filter(has=page.locator(".coupon-name", has_text=f"{name} off"))
        for name in ("10%", "5%", "20%")
    }
    expect(cards["10%"].get_by_role("checkbox")).to_be_checked()
    expect(cards["10%"]).to_contain_text("-₩2,000")
    expect(cards["5%"]).to_contain_text("This coupon cannot be combined with 10% off.")
    expect(cards["20%"]).to_contain_text("Spend ₩80,000 more to use this coupon; it is valid from ₩100,000.")
    expect(cards["20%"].get_by_role("checkbox")).to_be_disabled()
    expect(page.locator("#code")).to_be_hidden()
    page.get_by_text("Have a code?").click()
    expect(page.locator("#code")).to_be_visible()


@pytest.mark.ux("B12")
@pytest.mark.req("CPN-07")
def test_a_refused_code_is_named_with_its_reason_and_what_would_work(shop: Shop) -> None:
    bea = make_person("bea")
    give_coupon(bea, "A", percent=10)
    make_coupon("BIG", percent=50, minimum={"KRW": 100_000})
    page = shop.checkout(20_000, person=bea)
    before = rows(page)
    page.get_by_text("Have a code?").click()
    page.locator("#code").fill("big")
    with renewed(page):
        page.locator("#code").press("Enter")
    message = page.locator("#code-message")
    expect(message).to_contain_text("BIG was not applied. Spend ₩80,000 more to use this coupon")
    expect(message).to_contain_text("You can use “10% off”.")
    expect(page.locator("#code")).to_be_focused()
    expect(page.locator("#code")).to_have_attribute("aria-invalid", "true")
    assert rows(page) == before


@pytest.mark.ux("B13")
@pytest.mark.req("CPN-08")
def test_a_coupon_that_drops_out_is_said_with_the_new_total(shop: Shop) -> None:
    bea = make_person("bea")
    bowl = make_variant(shop.mall, krw=20_000)
    put_into_cart(bea.actor, shop.mall.kr, bowl)
    give_coupon(bea, "A", percent=10, minimum={"KRW": 15_000})
    page = shop.enter(bea)
    shop.go(page, "/checkout")
    to_pay(page, 20_000 - 2_000 + 3_000)
    set_price(bowl, shop.mall.kr, 9_000)
    with renewed(page):
        page.get_by_label("Bank transfer").check()
    said = page.locator("#coupons").get_by_role("status")
    expect(said).to_contain_text("“10% off” no longer applies.")
    expect(said).to_contain_text("Spend ₩6,000 more to use this coupon")
    expect(said).to_contain_text("To pay now: ₩12,000")
    to_pay(page, 12_000)


@pytest.mark.ux("B14")
@pytest.mark.req("BAL-03", "BAL-06")
def test_balances_say_what_is_held_and_use_all_fills_the_most_allowed(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 50_000)
    give_mileage(bea, 2_345)
    shop.set_policy({"mileage": {"minimum_points": 500, "step_points": 100, "maximum_points": 1500}})
    page = shop.checkout(10_000, person=bea)
    expect(page.locator("#deposit-hint")).to_contain_text("You have ₩50,000, of which ₩50,000 can be used now.")
    mileage = page.locator("#mileage-hint")
    expect(mileage).to_contain_text("You have 2,345 P, of which 2,345 P can be used now.")
    expect(mileage).to_contain_text("From 500 P, in steps of 100 P.")
    expect(mileage).to_contain_text("At most 1,500 P for an order.")
    with renewed(page):
        page.get_by_role("button", name="Use all Mileage").click()
    expect(page.locator("#mileage")).to_have_value("1,500")
    to_pay(page, 10_000 + 3_000 - 1_500)
    with renewed(page):
        page.get_by_role("button", name="Use all Deposit").click()
    # The deposit is taken first: it may cover everything, and then no point is.
    expect(page.locator("#deposit")).to_have_value("13,000")
    to_pay(page, 0)
    expect(mileage).to_contain_text("no more is left to pay.")
    leave(page, "mileage", "450")
    expect(page.locator("#mileage-message")).to_contain_text("Mileage can be used from 500 points.")


@pytest.mark.ux("B13", "B23")
def test_a_coupon_that_is_gone_at_the_last_step_is_named_before_anything_is_charged(shop: Shop) -> None:
    bea = make_person("bea")
    give_coupon(bea, "A", percent=10)
    page = shop.checkout(20_000, person=bea)
    fill_new_address(page)
    page.get_by_label("Bank transfer").check()
    page.locator("#consents-all").check()
    to_pay(page, 21_000)
    at_rest(page)  # An answer that came after the change would already tell of it.
    with transaction() as session:
        session.execute(text("UPDATE campaign SET valid_until = now() - interval '1 minute'"))
    page.locator("#pay-button").click()
    changed = page.locator("#changed")
    expect(changed).to_be_focused()
    expect(changed.get_by_role("row", name="Coupon")).to_contain_text("-₩2,000")
    expect(page.locator("#coupons").get_by_role("status")).to_contain_text("“10% off” no longer applies.")
