"""Routing rules written in a browser, with the script and without: added, moved, saved, put in force (PAY-04)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop, at_rest
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import make_gateway, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.req("PAY-04")]


def fill(page: Page, n: int, account: str, countries: str) -> None:
    page.locator(f"[name=rule{n}-target]").first.select_option(label=account)
    page.locator(f"#rule{n}-countries").fill(countries)


@pytest.mark.parametrize(("javascript", "width"), [(True, 1280), (False, 390)])
def test_rules_are_written_moved_and_put_in_force(shop: Shop, javascript: bool, width: int) -> None:
    make_gateway("one")
    make_gateway("two")
    page = shop.enter(make_person("fay", roles=("finance",)), javascript=javascript, width=width)
    shop.go(page, "/admin/gateways/rules")
    page.get_by_role("link", name="New version").click()
    page.locator("#add").click()
    expect(page.locator("#rule1")).to_be_focused()
    fill(page, 1, "one", "KR")
    page.locator("#add").click()
    fill(page, 2, "two", "")
    page.locator("#rule2-countries").press("Enter")  # Enter saves nothing that is half written.
    at_rest(page)
    expect(page.locator("[data-rule]")).to_have_count(2)
    page.locator("#up-2").click()
    expect(page.locator("#rule1-countries")).to_have_value("")
    fill(page, 1, "two", "USA")
    page.locator("#save").click()
    expect(page.locator("#rule1-countries-error")).to_be_visible()
    picture(page, f"rules-editor-{width}")
    if javascript:
        assert violations(page) == []
    fill(page, 1, "two", "US")
    page.locator("#save").click()
    expect(page.locator("#says + *, .numbered").first).to_contain_text("from buyers in United States go to two")
    page.locator("#reason").fill("Cheaper")
    page.get_by_role("button", name="Put version 1 in force").click()
    expect(page.locator("h1 + .badge")).to_have_attribute("data-state", "live")
    picture(page, f"rules-version-{width}")
    if javascript:
        assert violations(page) == []
    if javascript:  # Nothing is done on this page: it is only looked at, by a script.
        shop.go(page, "/admin/gateways/rules?lang=ko")
        picture(page, f"rules-{width}")
        assert violations(page) == []
    make_order(make_person("bea"), shop.mall, {make_variant(shop.mall, krw=12_000): 1})
    shop.go(page, "/admin/gateways/rules/new?lang=en")
    page.locator("#add").click()
    page.locator("[name=rule3-target]").first.select_option(label="two")
    page.locator("#remove-2").click()
    at_rest(page)
    page.locator("#save").click()
    page.get_by_role("link", name="Replay past attempts").click()
    page.get_by_role("button", name="Replay").click()
    expect(page.locator("[data-sample]")).to_have_count(1)
    picture(page, f"rules-replay-{width}")
    if javascript:
        assert violations(page) == []
    page.locator("[data-sample] a").click()
    expect(page.locator("[data-verdict=chosen]")).to_be_visible()
    picture(page, f"rules-payment-{width}")
    if javascript:
        assert violations(page) == []
    assert rows("SELECT version, reason FROM routing_release") == [(1, "Cheaper")]
