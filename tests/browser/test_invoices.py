"""Buying on invoice in a browser: the limit granted at the desk, the invoice read and paid by its buyer (PAY-17)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from portal.jobs.payments import charge_attempt
from portal.services.checkout.place_order import Placed
from tests.browser.conftest import check_looks
from tests.browser.inside import Shop
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.invoice import make_invoice_account
from tests.factories.order import give_deposit
from tests.factories.purchase import ready_to_buy

pytestmark = [pytest.mark.browser, pytest.mark.req("PAY-17")]


def test_a_limit_is_granted_and_an_invoice_is_paid(shop: Shop) -> None:
    make_invoice_account()
    bea, ada = make_person("bea"), make_person("ada", roles=("admin",))
    desk = shop.enter(ada)
    shop.go(desk, "/admin/credit-lines")
    desk.get_by_label("E-mail of the buyer").fill(bea.email)
    desk.get_by_label("Currency").select_option("KRW")
    desk.get_by_label("Limit", exact=True).fill("100,000")
    desk.get_by_label("Why?").fill("Pays well.")
    desk.get_by_role("button", name="Save the limit").click()
    expect(desk.get_by_role("link", name="Bea")).to_be_visible()
    check_looks(desk, "credit-lines")

    placed = ready_to_buy(bea, shop.mall.kr, {make_variant(shop.mall, krw=12_000): 1}, method="invoice")()
    assert isinstance(placed, Placed)
    charge_attempt(str(placed.attempt_id))
    give_deposit(bea, 5_000)
    page = shop.enter(bea)
    shop.go(page, "/account/invoices")
    check_looks(page, "invoices")
    page.locator("#invoices tbody a").click()
    check_looks(page, "invoice")
    page.get_by_role("button", name="Pay ₩5,000 from the deposit").click()
    expect(page.get_by_text("₩5,000 was paid from your deposit.")).to_be_visible()
    page.get_by_role("button", name="Choose how to pay").click()
    expect(page.get_by_role("button", name="Pay ₩10,000")).to_be_visible()
    check_looks(page, "invoice-pay")
    shop.go(desk, "/admin/invoices")
    desk.locator("#invoices tbody th a").click()
    expect(desk.get_by_role("button", name="Write off ₩10,000")).to_be_visible()
    check_looks(desk, "admin-invoice")
