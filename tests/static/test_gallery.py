"""The components in a browser: no accessibility violation, no sideways scrolling, and the script's few behaviours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import COLOURS, WCAG, Profiles, violations

pytestmark = pytest.mark.browser

TAGS = (*WCAG, "best-practice")
DESK: ViewportSize = {"width": 1366, "height": 768}
PAGES = ["", "desk", "form", "sign-in", "confirmation", "error/404"]


@pytest.fixture
def tab(gallery_profiles: Profiles) -> Iterator[Page]:
    said: list[str] = []
    with gallery_profiles.lend(javascript=True) as context:
        page = context.new_page()
        page.set_viewport_size(DESK)
        page.on(
            "console", lambda m: said.append(m.text) if m.type in {"error", "warning"} and "422" not in m.text else None
        )
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
    assert said == []


def sound_in_both_themes(tab: Page) -> None:
    """What stands there, light, is sound; and in the dark its colours are: a theme changes nothing else."""
    assert violations(tab, TAGS) == []
    tab.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    assert violations(tab, rules=COLOURS) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_in_both_themes_and_languages_and_fits_on_phones(tab: Page, path: str) -> None:
    tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    tab.goto(f"/_gallery/{path}?lang=en")
    assert violations(tab, TAGS) == []
    for width in (360, 320):
        tab.set_viewport_size({"width": width, "height": 640})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.set_viewport_size(DESK)
    tab.emulate_media(color_scheme="dark")
    tab.goto(f"/_gallery/{path}?lang=ko")
    assert violations(tab, TAGS) == []


def test_no_violation_with_errors_and_with_an_open_dialog(tab: Page) -> None:
    tab.emulate_media(reduced_motion="reduce")
    tab.goto("/_gallery/form?theme=light")
    tab.get_by_role("button", name="Save").click()
    expect(tab.locator(".error-summary")).to_be_focused()
    assert tab.title().startswith("Error: ")
    sound_in_both_themes(tab)
    tab.goto("/_gallery/?theme=light")
    tab.locator("main a[hx-get]").click()
    expect(tab.locator("#dialog")).to_be_visible()
    sound_in_both_themes(tab)


def test_a_second_submit_of_the_same_form_is_dropped(tab: Page, gallery: Flask) -> None:
    gallery.extensions["sent"].clear()
    tab.goto("/_gallery/")
    form = tab.locator("aside.panel form")
    expect(form.get_by_role("button")).to_have_text("Pay ₩30,269")
    form.evaluate("form => { form.action = '/slow' }")
    with tab.expect_response("**/slow"):
        form.evaluate("form => { for (let i = 0; i < 3; i++) form.requestSubmit() }")
    button = form.get_by_role("button")
    expect(button).to_have_text("Paying…")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(tab.locator("#status")).to_have_text("Paying…")
    assert len(gallery.extensions["sent"]) == 1


def test_a_dialog_has_an_address_and_gives_focus_back(tab: Page) -> None:
    tab.goto("/_gallery/")
    opener = tab.locator("main a[hx-get]")
    opener.focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#dialog")).to_be_visible()
    tab.get_by_role("link", name="Keep order").click()
    expect(tab.locator("#dialog")).to_be_hidden()
    expect(opener).to_be_focused()
    assert tab.goto("/_gallery/confirmation")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Cancel order")


def test_the_theme_is_changed_at_once(tab: Page) -> None:
    tab.goto("/_gallery/")
    with tab.expect_request("**/preferences") as request:
        tab.get_by_role("button", name="Dark").click()
    expect(tab.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert "dark" in (request.value.post_data or "")


def test_rows_are_chosen_and_the_bar_says_how_many(tab: Page) -> None:
    tab.goto("/_gallery/desk")
    bar = tab.locator(".bulk-bar")
    expect(bar).to_be_hidden()
    tab.get_by_label("Choose KR-7F3K9Q2MA").check()
    expect(bar).to_contain_text("1 selected")
    tab.get_by_label("Choose all on this page").check()
    expect(bar).to_contain_text("8 selected")
    tab.get_by_role("button", name="Select all 1,204 matching").click()
    expect(bar).to_contain_text("All 1,204 matching are selected")
    expect(bar.locator("input[name=all_matching]")).to_have_value("1")


def test_a_slash_goes_to_the_search_but_not_out_of_a_field(tab: Page) -> None:
    tab.goto("/_gallery/desk")
    tab.keyboard.press("/")
    search = tab.get_by_label("Search everything")
    expect(search).to_be_focused()
    tab.keyboard.type("a/b?")
    expect(search).to_have_value("a/b?")


def test_the_stepper_keeps_its_bounds_and_use_all_fills(tab: Page) -> None:
    tab.goto("/_gallery/")
    box = tab.locator(".stepper").first
    expect(box.get_by_role("button", name="One more")).to_be_disabled()
    box.get_by_role("button", name="One less").click()
    expect(box.locator("input")).to_have_value("1")
    expect(box.get_by_role("button", name="One less")).to_be_disabled()
    tab.goto("/_gallery/form")
    tab.get_by_role("button", name="Use all").click()
    expect(tab.get_by_label("Deposit", exact=True)).to_have_value("5,000")


def test_a_live_part_fetches_itself_but_not_while_one_types_in_it(tab: Page, gallery: Flask) -> None:
    told = gallery.extensions["told"]
    tab.goto("/live")
    expect(tab.locator("body")).to_have_attribute("data-live", "on")
    tab.evaluate(
        "document.body.addEventListener('htmx:sseMessage', "
        "() => { document.body.dataset.heard = Number(document.body.dataset.heard || 0) + 1 })"
    )
    before = int(tab.locator("#fetched").inner_text())
    told.put("event: order\nid: 7\ndata: 1042\n\n")
    expect(tab.locator("#fetched")).to_have_text(str(before + 1))
    tab.get_by_label("Note").fill("half a word")
    told.put("event: order\nid: 8\ndata: 1042\n\n")
    expect(tab.locator("body")).to_have_attribute("data-heard", "2")
    expect(tab.get_by_label("Note")).to_have_value("half a word")
    tab.get_by_role("heading", name="Live").click()
    told.put("event: order\nid: 9\ndata: 1042\n\n")
    expect(tab.locator("#fetched")).to_have_text(str(before + 2))
    told.put(None)


def test_a_page_whose_stream_fails_asks_now_and_then(chromium: Browser, gallery_address: str) -> None:
    # Its clock stays with the browser: nobody is lent this one.
    page = chromium.new_page(base_url=gallery_address)
    page.clock.install()
    page.goto("/live?events=/nothing")
    expect(page.locator("body")).not_to_have_attribute("data-live", "on")
    before = int(page.locator("#fetched").inner_text())
    page.clock.run_for(10_000)
    expect(page.locator("body")).to_have_attribute("data-live", "polling")
    page.clock.run_for(11_000)
    expect(page.locator("#fetched")).not_to_have_text(str(before))
    page.close()


def test_without_the_script_everything_is_still_there(gallery_profiles: Profiles) -> None:
    with gallery_profiles.lend(javascript=False) as context:
        page = context.new_page()
        page.goto("/_gallery/desk")
        expect(page.get_by_role("button", name="Apply")).to_be_visible()
        page.goto("/_gallery/")
        expect(page.get_by_role("spinbutton").first).to_be_visible()
        page.get_by_role("link", name="Cancel order").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Cancel order")


def test_a_page_and_its_summary_are_told_without_a_browser(gallery_client: FlaskClient) -> None:
    page = gallery_client.post("/_gallery/form").text
    assert page.index("error-summary") < page.index("<h1")
    assert 'aria-describedby="email-hint email-error"' in page
    assert '<a href="#place-0">' in page


def test_menus_are_whole_on_a_small_phone(tab: Page) -> None:
    tab.set_viewport_size({"width": 320, "height": 640})
    for path in ("", "desk"):
        tab.goto(f"/_gallery/{path}")
        for menu in tab.locator("header .menu").all():
            menu.locator("summary").first.click()
            box = menu.locator(".menu-list").bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 320
            tab.keyboard.press("Escape")
            expect(menu.locator("summary").first).to_be_focused()
