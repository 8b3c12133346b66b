"""A reviewer's keys, and the sights of a board of figures, in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from portal.db import atomically
from portal.jobs.figures import renew_all
from portal.kit import clock
from portal.services.cases.open_cases import open_cases
from tests.browser.conftest import violations
from tests.browser.inside import Shop
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NO_SIDEWAYS = "document.documentElement.scrollWidth <= innerWidth"


@pytest.mark.req("FRD-06")
@pytest.mark.ux("A07", "A08", "A19", "A23")
def test_cases_are_decided_by_keys_and_figures_say_what_they_are(shop: Shop) -> None:
    for n, name in enumerate(("bea", "max"), start=1):
        goods = {make_variant(shop.mall, krw=REVIEWED_KRW + n): 1}
        make_order(make_person(name, now=LONG_AGO), shop.mall, goods, outcome="authorised")
    atomically(lambda s: open_cases(s, now=clock.now()))
    rita = make_person("rita", roles=("buyer", "admin"))
    page = shop.enter(rita)

    # The queue is walked by j and k, a case opens with Enter; one key chooses a verdict, none fires in a field.
    page.set_viewport_size({"width": 1280, "height": 900})
    shop.go(page, "/admin/cases")
    assert page.evaluate(NO_SIDEWAYS)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/cases/*")
    first = page.url.rpartition("/")[2]
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(NO_SIDEWAYS)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Choose a verdict")
    page.keyboard.press("Escape")
    note = page.get_by_label("Note for the record")
    note.fill("")
    note.press_sequentially("gf")
    expect(note).to_have_value("gf")
    expect(page.locator("input[name=verdict]:checked")).to_have_count(0)
    note.evaluate("field => field.blur()")
    page.keyboard.press("g")
    expect(page.locator("input[name=verdict]:checked")).to_have_value("genuine")
    page.keyboard.press("Enter")

    # The next case opens, is where one reads on, and offers to undo the last.
    page.wait_for_url(f"**decided={first}*")
    expect(page.locator("#page-title")).to_be_focused()
    expect(page.get_by_text("This is the next one.")).to_be_visible()
    page.keyboard.press("u")
    page.wait_for_url(f"**/admin/cases/{first}")
    assert rows("SELECT count(*) FROM risk_case WHERE state = 'open'") == [(2,)]
    page.keyboard.press("g")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**decided={first}*")
    shop.go(page, f"/admin/cases/{first}")
    expect(page.get_by_text("what was sent to a gateway cannot be taken back")).to_be_visible()

    # Before anything was counted, a board says that; then nought, no data, and figures are told apart.
    shop.go(page, "/admin/figures?board=sales&period=7d")
    expect(page.get_by_text("The figures are being counted for the first time.")).to_be_visible()
    renew_all()
    page.reload()
    expect(page.locator("#measure-refunded .tile-value")).to_contain_text("₩0")
    expect(page.locator("#measure-sent_in_time .tile-value")).to_have_text("no data")

    # What a figure means: pointed at, clicked, by Enter; it stays while one points at it, Escape closes it.
    definition, ask = page.locator("#definition-sales"), page.get_by_role("button", name="What Sales means")
    expect(definition).to_be_hidden()
    ask.hover()
    expect(definition).to_be_visible()
    expect(definition).to_contain_text("As of")
    definition.hover()
    expect(definition).to_be_visible()
    page.keyboard.press("Escape")
    expect(definition).to_be_hidden()
    page.mouse.move(0, 0)
    ask.focus()
    page.keyboard.press("Enter")
    expect(definition).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(definition).to_be_hidden()
    ask.click()
    expect(definition).to_be_visible()
    page.keyboard.press("Escape")

    # Loading is a line, failed a banner that says what became of it; stale says since when.
    with shop.served.counted.slow("/admin/figures") as line:
        page.locator("#figure-refresh").evaluate("link => link.click()")
        expect(page.locator("#figure-refresh")).to_have_class("htmx-request")
        line.set()
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.route("**/admin/figures*", lambda route: route.fulfill(status=500, body="broken"))
    page.locator("#figure-refresh").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    page.unroute("**/admin/figures*")
    atomically(lambda s: s.execute(text("UPDATE figure_state SET renewed_at = renewed_at - interval '1 hour'")))
    page.reload()
    expect(page.get_by_text("These figures have not been renewed since")).to_be_visible()
