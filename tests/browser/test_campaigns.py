"""A campaign built in a browser, with the script and without: told in words, tried, launched (CPN-10)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop, at_rest
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import make_coupon, make_order

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.req("CPN-10", "CPN-12", "CPN-13")]


@pytest.mark.parametrize(("javascript", "width"), [(True, 1280), (False, 390)])
def test_a_campaign_is_built_tried_and_launched(shop: Shop, javascript: bool, width: int) -> None:
    make_order(make_person("bea"), shop.mall, {make_variant(shop.mall, krw=10_000): 3})
    page = shop.enter(make_person("mia", roles=("marketing",)), javascript=javascript, width=width)
    shop.go(page, "/admin/campaigns")
    page.get_by_role("link", name="New campaign").click()
    page.locator("#name_en").fill("Weekend")
    page.locator("#percent").fill("10")
    page.locator("#c-window summary").click()
    page.locator("#c-window-weekdays-5").check()
    page.locator("#c-window-weekdays-6").check()
    if not javascript:
        page.locator("#show-preview").click()
    at_rest(page)
    expect(page.locator("#preview")).to_contain_text("10% off, on weekends")
    expect(page.locator("#preview [lang=ko]")).to_contain_text("10% 할인")
    page.locator("#percent").fill("110")
    page.locator("#save").click()
    expect(page.locator("#percent-error")).to_contain_text("A percentage is above 0 and at most 100.")
    picture(page, f"campaign-builder-{width}")
    if javascript:
        assert violations(page) == []
    page.locator("#percent").fill("10")
    page.locator("#c-window-weekdays-5").uncheck()
    page.locator("#c-window-weekdays-6").uncheck()
    at_rest(page)
    page.locator("#save").click()
    expect(page.locator("h1 + .badge")).to_have_attribute("data-state", "draft")
    page.get_by_role("link", name="Dry run").click()
    expect(page.locator("main")).to_contain_text("₩3,000 an order")
    picture(page, f"campaign-dry-run-{width}")
    if javascript:
        assert violations(page) == []
    page.get_by_label("Pages of this campaign").get_by_role("link", name="Figures").click()
    expect(page.locator("main")).to_contain_text("Nobody has used it yet")
    if javascript:
        assert violations(page) == []
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Let it run").click()
    expect(page.locator("h1 + .badge")).to_have_attribute("data-state", "scheduled")
    picture(page, f"campaign-{width}")
    if javascript:
        assert violations(page) == []
    if javascript:  # Nothing is done on this page: it is only looked at, by a script.
        shop.go(page, "/admin/campaigns?lang=ko")
        picture(page, f"campaigns-{width}")
        assert violations(page) == []


def test_figures_are_drawn_within_the_content_policy(shop: Shop) -> None:
    made = make_coupon("DRAWN")
    make_order(make_person("bea"), shop.mall, {make_variant(shop.mall, krw=10_000): 3}, codes=["DRAWN"])
    page = shop.enter(make_person("mia", roles=("marketing",)))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    shop.go(page, f"/admin/campaigns/{made}/figures")
    expect(page.locator("[data-chart] .bars .point")).to_have_count(1)
    picture(page, "campaign-figures-1280")
    assert violations(page) == []
    assert not [one for one in said if "Content Security Policy" in one or "addRelatedStyleRule" in one]
