"""Reviews, questions and the wishlist on pages (CAT-03)."""

from __future__ import annotations

import html
import io
import re

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.db import transaction
from portal.models import Product, Variant
from portal.services.catalogue.refresh_listings import refresh_listings
from tests.blueprints.desks import browser, fields
from tests.documents.test_attachments import PDF, picture
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.remark import deliver, make_review

pytestmark = pytest.mark.req("CAT-03")


def send_form(client: FlaskClient, page: str, action: str, **typed: object) -> str:
    """Send a form of a page as a browser would; where it leads, or the answer's text when it was refused."""
    hidden = fields(client.get(page).text)
    answer = client.post(action, data=hidden | typed, content_type="multipart/form-data")
    return answer.location if answer.status_code == 303 else html.unescape(answer.text)


def slug_of(variant_id: int) -> str:
    """Where the variant's product is shown; from now on lists show it too."""
    with transaction() as session:
        found = select(Product.id, Product.slug).join(Variant, Variant.product_id == Product.id)
        product_id, slug = session.execute(found.where(Variant.id == variant_id)).one()
        refresh_listings(session, product_ids=[product_id])
    return str(slug)


def test_a_review_with_a_picture_is_read_by_everybody_answered_and_hidden(app: APIFlask, books: None) -> None:
    mall = make_mall()
    bea, sam = make_person("bea"), make_person("sam", store_ids=mall.store_ids[:1])
    ada = make_person("ada", roles=("admin",))
    variant_id = make_variant(mall)
    line_id, slug = deliver(make_order(bea, mall, {variant_id: 1}), sam)[0], slug_of(variant_id)
    as_bea, as_sam, as_ada, visitor = (browser(app, one) for one in (bea, sam, ada, None))
    form = f"/account/reviews/{line_id}"
    assert form in as_bea.get("/account/reviews").text
    assert browser(app, make_person("max")).get(form).status_code == 404

    assert "Choose one to five stars." in send_form(as_bea, form, form, text="<b>Nice</b>")
    paper = [(io.BytesIO(PDF), "bill.pdf")]
    assert "neither a picture" in send_form(as_bea, form, form, stars="4", pictures=paper)
    photo = [(io.BytesIO(picture()), "me.jpg")]
    assert send_form(as_bea, form, form, stars="4", text="<b>Nice</b>", pictures=photo) == "/account/reviews"

    page = visitor.get(f"/products/{slug}").text
    assert "&lt;b&gt;Nice&lt;/b&gt;" in page
    assert "4.0 of 5 stars from 1 review" in page
    assert "Bea" not in page
    shown = re.search(r"/reviews/pictures/[0-9a-f-]+", page)
    assert shown
    assert visitor.get(shown[0]).mimetype == "image/jpeg"

    desk = "/seller/remarks?kind=review"
    answer = re.search(r'action="(/seller/remarks/[^"]+/answer[^"]*)"', as_sam.get(desk).text)
    assert answer
    send_form(as_sam, desk, html.unescape(answer[1]), text="Thank you!")
    assert "Thank you!" in visitor.get(f"/products/{slug}/remarks").text

    desk = "/admin/remarks?kind=review&view=shown"
    hide = re.search(r'action="(/admin/remarks/[^"]+/hiding[^"]*)"', as_ada.get(desk).text)
    assert hide
    assert "Say why" in send_form(as_ada, desk, html.unescape(hide[1]), reason="")
    send_form(as_ada, desk, html.unescape(hide[1]), reason="Shows somebody else")
    assert "Nice" not in visitor.get(f"/products/{slug}").text
    assert visitor.get(shown[0]).status_code == 404
    assert "Shows somebody else" in as_bea.get("/account/reviews").text


def test_a_question_needs_a_person_and_its_answer_stands_below_it(app: APIFlask, books: None) -> None:
    mall = make_mall()
    bea, sam = make_person("bea"), make_person("sam", store_ids=mall.store_ids[:1])
    slug = slug_of(make_variant(mall))
    as_bea, as_sam, visitor = (browser(app, one) for one in (bea, sam, None))
    page = f"/products/{slug}"
    assert "Sign in to ask the store." in visitor.get(page).text
    assert "/sign-in" in send_form(visitor, "/sign-in", f"{page}/questions", text="x")

    assert send_form(as_bea, page, f"{page}/questions", text="How <large>?").startswith(page)
    assert "How &lt;large&gt;?" in visitor.get(page).text
    desk = as_sam.get("/seller/remarks").text
    answer = re.search(r'action="(/seller/remarks/[^"]+/answer[^"]*)"', desk)
    assert answer
    send_form(as_sam, "/seller/remarks", html.unescape(answer[1]), text="12 cm")
    assert "12 cm" in visitor.get(page).text
    assert "How &lt;large" not in as_sam.get("/seller/remarks").text
    sue = browser(app, make_person("sue", store_ids=mall.store_ids[1:2]))
    token = fields(sue.get("/seller/remarks").text)
    assert sue.post(html.unescape(answer[1]), data=token | {"text": "mine"}).status_code == 404


def test_cards_of_a_list_show_the_average(app: APIFlask, books: None) -> None:
    mall = make_mall()
    bea, sam = make_person("bea"), make_person("sam", store_ids=mall.store_ids[:1])
    variant_id = make_variant(mall)
    make_review(bea, deliver(make_order(bea, mall, {variant_id: 1}), sam)[0], 3)
    slug_of(variant_id)
    assert "3.0 of 5 stars from 1 review" in browser(app).get("/stores/hanok").text


def test_the_heart_keeps_a_thing_and_moves_it_into_the_cart(app: APIFlask, books: None) -> None:
    mall = make_mall()
    bea = make_person("bea")
    variant_id = make_variant(mall)
    slug = slug_of(variant_id)
    as_bea, page = browser(app, bea), f"/products/{slug}"

    back = send_form(as_bea, page, "/account/wishes", variant_id=str(variant_id), next=page)
    assert back == page
    assert "Take off the wishlist" in as_bea.get(page).text
    listed = as_bea.get("/account/wishes").text
    assert f"/account/wishes/{variant_id}/move" in listed
    assert send_form(as_bea, "/account/wishes", f"/account/wishes/{variant_id}/move") == "/account/wishes"
    assert "Nothing on your wishlist" in as_bea.get("/account/wishes").text
    assert slug in as_bea.get("/cart").text
    assert "/sign-in" in send_form(browser(app), page, "/account/wishes", variant_id=str(variant_id))
    for wrong in ("", "x", "9" * 30, "0"):
        assert send_form(as_bea, page, "/account/wishes", variant_id=wrong, next="//elsewhere.example") == "/"
    assert "Nothing on your wishlist" in as_bea.get("/account/wishes").text
