"""Topping up the deposit in a browser: by card in the page, and on a provider's page without a script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from portal.bench.own import Running
from tests.browser.conftest import OpenPage, picture, violations
from tests.browser.test_purchase import GOOD, fill_card, stage

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.req("BAL-02", "PAY-01")]


def come_in(page: Page, portal: Running) -> None:
    """Somebody new, who has bought nothing yet."""
    page.goto(f"{portal.base}/kr/sign-in?lang=en")
    page.locator("#email").fill("max@example.com")
    page.locator("#password").fill("demo-portal-2026")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda address: "sign-in" not in address)


def test_a_card_tops_up_the_deposit(portal: Running, open_page: OpenPage) -> None:
    page = open_page()
    come_in(page, portal)
    page.goto(f"{portal.base}/kr/account/deposit")
    page.get_by_role("link", name="Top up", exact=True).click()
    expect(page.locator("#amount-hint")).to_contain_text("From ₩1,000 to ₩2,000,000 at once.")
    assert violations(page) == []
    page.locator("#amount").fill("999")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#amount-error")).to_contain_text("Top up at least ₩1,000.")
    page.get_by_role("link", name="₩30,000").click()
    fill_card(page, GOOD)
    assert violations(page) == []
    page.locator("#pay-button").click()
    page.wait_for_url(re.compile(r"/account/paying/"))
    stage(page, "done")
    expect(page.locator("h1")).to_have_text("₩30,000 is paid")
    picture(page, "top-up-done")
    assert violations(page) == []
    page.get_by_role("link", name="See the deposit").click()
    expect(page.locator("table")).to_contain_text("₩30,000")


def test_it_works_without_a_script_on_a_phone(portal: Running, open_page: OpenPage) -> None:
    page = open_page(javascript=False, width=390)
    come_in(page, portal)
    page.goto(f"{portal.base}/kr/account/deposit/top-up?amount=5000")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#method-bank_transfer").check()
    page.locator("#pay-button").click()
    page.wait_for_url(lambda address: not address.startswith(portal.base))
    page.locator("button[value=approve]").click()
    page.wait_for_url(re.compile(r"/account/paying/"))
    stage(page, "done")
