"""A cash receipt asked for in a browser: seen with a virtual account only, and refused at its field (PAY-18)."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from portal.db import transaction
from portal.models import GatewayAccount
from portal.queries.gateways import forget_gateways
from tests.browser.conftest import check_looks
from tests.browser.inside import Shop, at_rest, fill_new_address
from tests.factories.refund import rows

pytestmark = [pytest.mark.browser, pytest.mark.req("PAY-18")]

CREDENTIALS = {
    "api_secret": "nobody-listens",
    "webhook_secrets": "whsec_dGVzdA==",
    "store_id": "store-1",
    "channel_key": "channel-1",
    "window_url": "http://127.0.0.1:9/window",
    "api_base": "http://127.0.0.1:9",
}


def test_the_number_is_asked_for_where_money_is_transferred(shop: Shop) -> None:
    with transaction() as session:
        session.add(
            GatewayAccount(
                gateway="portone",
                name="portone",
                credentials=json.dumps(CREDENTIALS),
                methods=["virtual_account"],
                currencies=["KRW"],
            )
        )
    forget_gateways()
    page = shop.checkout(20_000)
    fill_new_address(page)
    receipt = page.locator("#cash-receipt")
    page.get_by_label("Bank transfer").check()
    expect(receipt).to_be_hidden()
    at_rest(page)
    page.get_by_text("More ways to pay").click()
    page.get_by_label("Virtual account").check()
    expect(receipt).to_be_visible()
    number = page.get_by_label("Phone or business number")
    expect(number).to_be_hidden()
    receipt.get_by_label("For").select_option("personal")
    number.fill("02-123-4567")
    page.locator("#consents-all").check()
    at_rest(page)
    check_looks(page, "cash-receipt")
    page.locator("#pay-button").click()
    expect(page.locator("#cash_receipt_number-message")).to_contain_text("Enter the number of a Korean mobile phone")
    expect(number).to_have_attribute("aria-invalid", "true")
    number.fill("010-1234-5678")
    page.locator("#pay-button").click()
    expect(page.get_by_text("number ending in 5678")).to_be_visible()
    check_looks(page, "cash-receipt-order")
    assert rows("SELECT kind FROM cash_receipt_wish") == [("personal",)]
