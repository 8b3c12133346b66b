"""Tickets, reviews and choices of notices in a browser (ORD-08, CAT-03, NOT-01)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from portal.rules.tickets import Side
from tests.browser.conftest import check_looks, picture, violations
from tests.browser.inside import Shop
from tests.documents.test_attachments import picture as drawn
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import make_order
from tests.factories.remark import deliver
from tests.factories.ticket import answer, make_ticket

pytestmark = pytest.mark.browser


@pytest.mark.req("ORD-08", "CAT-03", "NOT-01")
def test_a_buyer_writes_with_a_picture_reviews_and_chooses_what_he_hears(shop: Shop, tmp_path: Path) -> None:
    bea, sam = make_person("bea"), make_person("sam", store_ids=shop.mall.store_ids)
    order = make_order(bea, shop.mall, {make_variant(shop.mall): 1})
    deliver(order, sam)
    photo = tmp_path / "lid.png"
    photo.write_bytes(drawn("PNG"))
    page = shop.enter(bea)

    shop.go(page, f"/orders/{order.number}")
    page.get_by_role("link", name="Write to this store").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    check_looks(page, "ticket-new")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#text-error")).to_contain_text("Write what you want to say.")
    page.get_by_label("What happened, or what do you want to know?").fill("The lid is broken.")
    page.get_by_label("Pictures or PDFs").set_input_files(photo)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/account/tickets/T-*")
    expect(page.get_by_text("The lid is broken.")).to_be_visible()
    expect(page.get_by_role("img", name="lid.png")).to_be_visible()
    check_looks(page, "ticket")

    shop.go(page, "/account/reviews")
    page.get_by_role("link", name="Write a review").click()
    page.get_by_label("4 stars: good").check()
    page.get_by_role("button", name="Publish the review").click()
    expect(page.get_by_text("4 of 5 stars")).to_be_attached()
    check_looks(page, "reviews")

    shop.go(page, "/account/notices/choices")
    page.get_by_label("By mail: Tickets").select_option("digest")
    page.get_by_role("button", name="Save the choices").click()
    expect(page.get_by_label("By mail: Tickets")).to_have_value("digest")
    check_looks(page, "notice-choices")


@pytest.mark.req("ORD-08")
@pytest.mark.ux("S17", "S18")
def test_at_the_desk_an_answer_is_sent_once_and_whoever_is_second_keeps_his_words(shop: Shop) -> None:
    bea, ada = make_person("bea"), make_person("ada", roles=("admin",))
    ticket = make_ticket(bea, kind="payment", text="Was I charged twice?")
    page = shop.enter(ada)
    shop.go(page, "/admin/tickets")
    assert violations(page) == []
    page.get_by_role("link", name="Payment, refund or receipt").click()
    expect(page.get_by_label("Answer or note")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_label("Answer or note")).to_be_focused()
    page.keyboard.type("No, once.")
    answer(ticket.id, make_person("mina", roles=("operations",)), Side.MALL, "We look at it.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator("#text-error")).to_contain_text("changed meanwhile")
    expect(page.get_by_label("Answer or note")).to_have_value("No, once.")
    expect(page.get_by_text("We look at it.")).to_be_visible()
    page.get_by_role("button", name="Send the answer").dblclick()
    expect(page.locator(".talk-text", has_text="No, once.")).to_have_count(1)
    picture(page, "ticket-desk")
    assert violations(page) == []
