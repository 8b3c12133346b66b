"""The seller's desk in a browser, by the lines of its checklist; and one of his days from a new product to a pause."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import text

from portal.db import transaction
from portal.kit import clock
from portal.rules.holds import HoldKind
from portal.rules.permissions import SYSTEM
from portal.services.fulfilment.move_part import move_part
from portal.services.orders.place_hold import place_hold
from tests.browser.conftest import picture, violations
from tests.browser.inside import Shop
from tests.factories.account import Person, make_person
from tests.factories.cart import make_variant, put_into_cart
from tests.factories.order import MadeOrder, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def sam(shop: Shop) -> Person:
    return make_person("sam", store_ids=(shop.mall.store_ids[0],))


@pytest.fixture
def orders(shop: Shop) -> list[MadeOrder]:
    bea = make_person("bea")
    return [make_order(bea, shop.mall, {make_variant(shop.mall, name=name): 1}) for name in ("Bowl", "Cup", "Jar")]


def numbers(page: Page) -> list[str]:
    """The orders that the list shows."""
    return page.locator("#orders tbody th a").all_inner_texts()


@pytest.mark.req("ORD-10")
@pytest.mark.ux("S01", "S02", "S04", "S05", "S06", "S07", "S08", "S09", "S14")
def test_the_inbox_is_narrowed_shared_and_walked_through(shop: Shop, sam: Person, orders: list[MadeOrder]) -> None:
    first, second, third = (one.number for one in orders)
    page = shop.enter(sam)
    shop.go(page, "/seller/")
    tile = page.locator(".tile", has_text="New")
    expect(tile).to_contain_text("3")
    tile.click()
    expect(page.locator("#orders tbody th a")).to_have_text([first, second, third])
    page.get_by_label("Channel").select_option("kr")
    page.wait_for_url("**channel=kr**")
    expect(page.locator(".chip")).to_have_count(1)
    page.get_by_label("Search in this view").fill("Cup")
    page.wait_for_url("**q=Cup**")
    expect(page.locator("#orders tbody tr[data-row]")).to_have_count(1)
    assert numbers(page) == [second]
    assert violations(page) == []
    other = shop.enter(sam, javascript=False)
    other.goto(page.url)
    expect(other.locator("#orders tbody th a")).to_have_text([second])
    other.get_by_label("Search in this view").fill("Jar")
    other.get_by_role("button", name="Apply").click()
    expect(other.locator("#orders tbody th a")).to_have_text([third])
    page.get_by_role("link", name="Clear all").click()
    look = page.get_by_role("link", name=f"Preview of {second}")
    look.focus()
    page.keyboard.press("Enter")  # In place: the list stays, and the key is where it was.
    expect(page.locator(".peek:visible")).to_contain_text("Cup")
    expect(look).to_be_focused()
    expect(look).to_have_attribute("aria-expanded", "true")
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.locator(".peek:visible")).to_have_count(0)
    page.get_by_role("columnheader", name="Placed").get_by_role("link").click()
    expect(page.locator("#orders [aria-sort=descending]")).to_have_text("Placed")
    assert numbers(page) == [third, second, first]
    page.go_back()
    page.get_by_role("link", name=first, exact=True).click()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", name=second)).to_be_visible()
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_role("heading", name=first)).to_be_visible()


@pytest.mark.req("ORD-10")
@pytest.mark.ux("S11", "S12", "S13", "S16", "S19")
def test_what_was_not_done_says_why_and_an_order_shows_what_comes_next(
    shop: Shop, sam: Person, orders: list[MadeOrder]
) -> None:
    page = shop.enter(sam, width=1366, height=768)
    shop.go(page, "/seller/orders")
    page.get_by_label("Choose all on this page").check()
    with transaction() as session:
        place_hold(
            session,
            part_id=orders[1].part_ids[0],
            kind=HoldKind.ADMIN,
            reason="address_unclear",
            note="Which house?",
            actor=SYSTEM,
            now=clock.now(),
        )
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.locator("#run")).to_contain_text("2 done, 1 not")
    expect(page.locator("#run")).to_contain_text(orders[1].number)
    shop.go(page, f"/seller/orders/{orders[0].part_ids[0]}?view=to_send")
    primary = page.locator(".page-head .btn-primary")
    expect(primary).to_have_count(1)
    expect(primary).to_have_text("Mark as packed")
    for one in (primary, page.get_by_role("heading", name="Goods"), page.get_by_role("heading", name="Delivery")):
        box = one.bounding_box()
        assert box
        assert box["y"] < 768
    expect(page.locator(".timeline")).to_contain_text("Accepted")
    expect(page.locator(".timeline")).to_contain_text("Sam")
    with transaction() as session:
        move_part(session, part_id=orders[0].part_ids[0], step="packed", actor=sam.actor, now=clock.now())
    page.evaluate("htmx.trigger('#story-refresh', 'sse:order')")  # What the stream tells.
    expect(page.locator(".timeline")).to_contain_text("Packed")
    expect(page.get_by_text("Something has changed since this page was opened.")).to_be_visible()
    page.get_by_role("link", name="Give back").click()
    expect(page.get_by_role("button", name=re.compile(r"^Give ₩.+ back$"))).to_be_visible()
    expect(page.get_by_text(orders[0].number).first).to_be_visible()


@pytest.mark.req("CAT-01", "ORD-10")
@pytest.mark.ux("S18", "S22")
def test_a_day_from_a_new_product_to_a_pause(shop: Shop, sam: Person) -> None:
    page = shop.enter(sam)
    shop.go(page, "/seller/products")
    page.get_by_role("link", name="New product").first.click()
    page.get_by_label("Name, English", exact=True).first.fill("Moon jar")
    page.get_by_label("Name, Korean", exact=True).first.fill("달항아리")
    page.get_by_label("Category").select_option("Kitchen")
    page.get_by_label("State").select_option("On sale")
    out = io.BytesIO()
    Image.new("RGB", (80, 100), "ivory").save(out, "PNG")
    page.get_by_label("Add pictures").set_input_files(
        {"name": "jar.png", "mimeType": "image/png", "buffer": out.getvalue()}
    )
    option = page.get_by_role("group", name="Option 1")
    option.get_by_label("Name, English").fill("Size")
    option.get_by_label("Name, Korean").fill("크기")
    option.get_by_label("Values").fill("Small / 작은 것\nLarge / 큰 것")
    page.get_by_role("button", name="Make variants").click()
    page.get_by_label("What it shows, English").fill("A white jar")
    small = page.get_by_role("group", name="Small")
    small.get_by_label("Price in Portal Korea").fill("90,000")
    small.get_by_label("On hand").fill("3")
    page.get_by_role("button", name="Copy the first prices to empty ones").click()
    expect(page.get_by_role("group", name="Large").get_by_label("Price in Portal Korea")).to_have_value("90,000")
    assert violations(page) == []
    picture(page, "product-edit")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("The product is saved.")).to_be_visible()
    mine = page.url

    # Leaving a changed form asks first; and whoever was faster is named.
    page.get_by_label("Name, English", exact=True).first.fill("Full moon jar")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="As buyers see it").click()
    assert asked == ["beforeunload"]
    with transaction() as session:
        session.execute(text("UPDATE product SET version = version + 1, changed_by = 'system'"))
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator("#changed")).to_contain_text("changed this product on")
    expect(page.get_by_label("Name, English", exact=True).first).to_have_value("Full moon jar")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Full moon jar")
    page.get_by_role("link", name="As buyers see it").click()
    expect(page.get_by_role("img", name="A white jar").first).to_be_visible()
    assert violations(page) == []

    bea = make_person("bea")
    [(variant,)] = rows("SELECT id FROM variant WHERE sku = 'MOON-JAR-SMALL'")
    order = make_order(bea, shop.mall, {variant: 1})
    put_into_cart(bea.actor, shop.mall.kr, variant)
    shop.go(page, "/seller/")
    page.locator(".tile", has_text="New").click()
    page.get_by_role("link", name=order.number, exact=True).click()
    page.get_by_role("button", name="Accept the order").click()
    page.get_by_role("button", name="Mark as packed").click()
    page.get_by_label("Tracking number", exact=True).fill("5812-3456-7890")
    page.get_by_label("Tracking number", exact=True).press("Enter")
    expect(page.get_by_text("581234567890").first).to_be_visible()

    shop.go(page, "/seller/profile")
    page.get_by_label("Name, Korean").fill("한옥")
    page.get_by_label("The store takes no orders").check()
    page.get_by_label("Message to buyers, English").fill("Back on Monday.")
    page.get_by_label("Message to buyers, Korean").fill("월요일에 돌아옵니다.")
    assert violations(page) == []
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("The store is saved.")).to_be_visible()
    buyer = shop.enter(bea)
    shop.go(buyer, "/cart")
    expect(buyer.locator("#cart")).to_contain_text("Back on Monday.")
    assert violations(buyer) == []
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/seller/members", "/seller/bank"):
        shop.go(page, path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert violations(page) == []
    assert mine.endswith(str(rows("SELECT id FROM product WHERE slug = 'moon-jar'")[0][0]))
