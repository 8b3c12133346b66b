"""The books in a browser: a buyer's history, a correction with its second person, and what a store is paid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from portal.db import transaction
from portal.jobs.payouts import close_periods
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.rules.states import Machine
from portal.services.history import Move, record_moves
from portal.services.orders.release_part import release_part
from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop, at_rest
from tests.factories.account import make_person
from tests.factories.bank import give_bank
from tests.factories.cart import make_variant
from tests.factories.order import give_deposit, make_coupon, make_order

pytestmark = pytest.mark.browser


PHONE = 390


def look_on_a_dark_phone(page: Page, name: str) -> None:
    """What stands there, made narrow and dark, is as sound; afterwards it is as it was."""
    wide = page.viewport_size
    assert wide is not None
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": PHONE, "height": wide["height"]})
    picture(page, f"{name}-{PHONE}")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(wide)
    page.emulate_media(color_scheme="light")


@pytest.mark.req("BAL-10")
def test_a_buyer_reads_the_history_of_her_deposit(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 50_000)
    make_order(bea, shop.mall, {make_variant(shop.mall, krw=9_900): 1}, deposit_minor=12_900)
    page = shop.enter(bea)
    shop.go(page, "/account/balances")
    picture(page, "balances-1280")
    assert violations(page) == []
    look_on_a_dark_phone(page, "balances")
    page.get_by_role("link", name="Deposit · KRW").click()
    expect(page.get_by_text("2 movements", exact=True)).to_be_visible()
    picture(page, "history-1280")
    assert violations(page) == []
    look_on_a_dark_phone(page, "history")
    page.locator("#filter-what").select_option("top_up")
    expect(page.locator("#history").get_by_text("1 movement", exact=True)).to_be_visible()
    at_rest(page)
    page.locator("#filter-on").fill("2020-01-01")
    page.locator("#filter-on").press("Tab")
    expect(page.get_by_text("it was ₩0.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.req("BAL-07")
def test_a_large_correction_goes_through_two_hands(shop: Shop) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    fay, fred = (make_person(name, roles=("buyer", "finance")) for name in ("fay", "fred"))
    page = shop.enter(fay)
    shop.go(page, "/admin/adjustments")
    assert violations(page) == []
    page.get_by_role("link", name="New correction").first.click()
    page.get_by_label("Person").fill("bea@example.com")
    page.get_by_label("Amount").fill("150,000")
    page.get_by_label("Reason").fill("Broken top-up")
    picture(page, "correction-form")
    assert violations(page) == []
    page.get_by_role("button", name="Go on to the preview").click()
    page.get_by_role("button", name="Show balances before and after").click()
    expect(page.get_by_text("₩155,000")).to_be_visible()
    picture(page, "correction-preview")
    assert violations(page) == []
    page.get_by_role("button", name="Correct 1 balance").click()
    expect(page.get_by_text("Somebody else has to approve it.")).to_be_visible()
    other = shop.enter(fred)
    other.goto(page.url)
    other.get_by_role("button", name="Approve", exact=True).click()
    expect(other.get_by_text("Carried out", exact=True)).to_be_visible()
    picture(other, "correction-done")
    assert violations(other) == []


@pytest.mark.req("BAL-13", "CPN-15")
@pytest.mark.ux("S21")
def test_a_store_sees_what_it_is_owed_and_is_paid(shop: Shop) -> None:
    make_coupon("OWN", percent=10, store_id=shop.mall.store_ids[0], funding="seller")
    make_coupon("MALL", percent=5)
    order = make_order(make_person("bea"), shop.mall, {make_variant(shop.mall, krw=9_900): 2}, codes=["OWN", "MALL"])
    with transaction() as session:
        steps = (("released", "shipped"), ("shipped", "delivered"))
        moves = [Move(Machine.PART, order.part_ids[0], old, new, order.id) for old, new in steps]
        record_moves(session, *moves, actor=SYSTEM, now=clock.now())
        session.execute(text("UPDATE order_part SET status = 'delivered'"))
    with transaction() as session:
        release_part(session, part_id=order.part_ids[0], actor=SYSTEM, now=clock.now())
    with clock.frozen(clock.now() + timedelta(days=40)):
        close_periods()
    give_bank(shop.mall.store_ids[0])
    page = shop.enter(make_person("sam", roles=("seller",), store_ids=(shop.mall.store_ids[0],)))
    shop.go(page, "/seller/balance")
    picture(page, "seller-balance")
    assert violations(page) == []
    page.get_by_role("link", name="HANOK-KRW-00001").click()
    expect(page.get_by_text("of it paid by the mall for its coupons: ₩891")).to_be_visible()
    picture(page, "seller-statement")
    assert violations(page) == []
    expect(page.locator("#lines tbody td").last).to_have_text(page.locator(".totals tfoot td").inner_text())
    page.get_by_role("link", name=order.number, exact=True).click()
    expect(page.get_by_role("heading", name=order.number)).to_be_visible()
    desk = shop.enter(make_person("fay", roles=("buyer", "finance")))
    shop.go(desk, "/admin/payouts")
    assert violations(desk) == []
    desk.get_by_role("link", name="HANOK-KRW-00001").click()
    desk.get_by_role("button", name="Approve ₩").click()
    desk.get_by_label("The bank's reference").fill("KB 7")
    picture(desk, "payout")
    assert violations(desk) == []
    desk.get_by_role("button", name="as paid").click()
    expect(desk.get_by_text("KB 7")).to_be_visible()
    shop.go(desk, "/admin/ledger/trial-balance")
    picture(desk, "trial-balance")
    assert violations(desk) == []
