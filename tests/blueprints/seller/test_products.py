"""A store's products on its desk: made with variants and pictures, changed, never over somebody's head (CAT-01)."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from portal.db import transaction
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.catalogue.drafts import ProductDraft, VariantDraft
from portal.services.catalogue.save_products import save_product
from tests.blueprints.desks import browser
from tests.blueprints.forms import form_with
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.refund import rows

NEW = "/seller/products/new"


@pytest.fixture
def mall(app: APIFlask, books: None) -> Mall:
    return make_mall()


@pytest.fixture
def sam(mall: Mall) -> Person:
    return make_person("sam", store_ids=(mall.store_ids[0],))


@pytest.fixture
def as_sam(app: APIFlask, sam: Person) -> FlaskClient:
    return browser(app, sam)


def photo(colour: str = "red") -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", (40, 50), colour).save(out, "JPEG", exif=exif)
    return io.BytesIO(out.getvalue()), f"{colour}.jpg"


def post(client: FlaskClient, address: str, form: dict[str, Any], *photos: tuple[io.BytesIO, str]) -> TestResponse:
    return client.post(address, data=form | {"files": list(photos)}, content_type="multipart/form-data")


def words(mall: Mall, **more: str) -> dict[str, str]:
    named = {"name-en": "Moon jar", "name-ko": "달항아리", "section": str(mall.section_id)}
    return named | {"description-en": "White.\n\nRound.", "state": "active", "do": "save"} | more


def make_jar(mall: Mall, client: FlaskClient) -> int:
    """A moon jar in two sizes with a picture, made as a person makes it; its number."""
    size = {"option-0-en": "Size", "option-0-ko": "크기", "option-0-values": "Small / 작은 것\nLarge / 큰 것"}
    form = form_with(client.get(NEW).text, "name-en", **words(mall, **size, do="variants"))
    page = post(client, NEW, form, photo())
    assert page.status_code == 200
    form = form_with(page.text, "name-en", do="fill")
    assert (form["sku-small"], form["sku-large"]) == ("MOON-JAR-SMALL", "MOON-JAR-LARGE")
    page = post(client, NEW, form | {"price-small-kr": "90,000", "compare-small-kr": "99,000", "stock-large": "3"})
    form = form_with(page.text, "name-en", do="save")
    assert form["price-large-kr"] == "90,000"
    form |= {"price-large-us": "70.50", "alt-0-en": "A white jar", "picture-large": form["picture"]}
    saved = post(client, NEW, form)
    assert saved.status_code == 303
    assert post(client, NEW, form).headers["Location"] == saved.headers["Location"]  # Pressed twice.
    return int(saved.headers["Location"].rpartition("/")[2])


@pytest.mark.req("CAT-01")
def test_a_product_is_made_from_its_options_and_bought_at_its_prices(
    app: APIFlask, mall: Mall, as_sam: FlaskClient
) -> None:
    product = make_jar(mall, as_sam)
    assert rows("SELECT sku, state FROM variant ORDER BY position") == [
        ("MOON-JAR-SMALL", "active"),
        ("MOON-JAR-LARGE", "active"),
    ]
    assert rows("SELECT channel_id, price_from_minor, price_to_minor, compare_at_minor FROM listing ORDER BY 1") == [
        (mall.kr.id, 90_000, 90_000, 99_000),
        (mall.us.id, 7_050, 7_050, None),
    ]
    assert rows("SELECT v.sku, s.on_hand FROM stock s JOIN variant v ON v.id = s.variant_id") == [("MOON-JAR-LARGE", 3)]
    assert rows("SELECT action, ref FROM audit_row WHERE action = 'product:saved'") == [
        ("product:saved", f"product:{product}")
    ]
    buyer = browser(app)
    page = html.unescape(buyer.get("/kr/products/moon-jar").text)
    assert 'alt="A white jar"' in page
    address = page.split('<img src="')[1].split('"')[0]
    picture = buyer.get(address)
    assert picture.mimetype == "image/jpeg"
    assert b"secret place" not in picture.data
    assert "immutable" in picture.headers["Cache-Control"]
    assert "Large" in page
    assert as_sam.get("/seller/products?q=moon-jar-l").text.count("data-row") == 1


@pytest.mark.req("CAT-01")
def test_what_is_gone_from_the_options_is_not_offered_and_codes_stay(mall: Mall, as_sam: FlaskClient) -> None:
    here = f"/seller/products/{make_jar(mall, as_sam)}"
    form = form_with(as_sam.get(here).text, "name-en", do="variants")
    form["option-0-values"] = "Large / 아주 큰 것\nHuge"
    form = form_with(post(as_sam, here, form).text, "name-en", do="save")
    assert "on-huge" in form
    assert [one for one in form if one.startswith("on-")] == ["on-large", "on-huge"]
    assert post(as_sam, here, form).status_code == 303
    assert rows("SELECT sku, state, options -> 0 -> 'value' ->> 'ko' FROM variant ORDER BY id") == [
        ("MOON-JAR-SMALL", "archived", "작은 것"),
        ("MOON-JAR-LARGE", "active", "아주 큰 것"),
        ("MOON-JAR-HUGE", "active", "Huge"),
    ]
    assert "MOON-JAR-SMALL" not in as_sam.get(here).text
    exchanged = form_with(as_sam.get(here).text, "name-en", do="save")
    exchanged |= {"sku-large": "MOON-JAR-HUGE", "sku-huge": "MOON-JAR-LARGE"}
    assert post(as_sam, here, exchanged).status_code == 303
    assert rows("SELECT sku FROM variant WHERE state = 'active' ORDER BY id") == [
        ("MOON-JAR-HUGE",),
        ("MOON-JAR-LARGE",),
    ]


@pytest.mark.req("CAT-01")
def test_of_two_editors_the_second_is_told_who_changed_what(app: APIFlask, mall: Mall, as_sam: FlaskClient) -> None:
    here = f"/seller/products/{make_jar(mall, as_sam)}"
    mina = browser(app, make_person("mina", store_ids=(mall.store_ids[0],)))
    mine = form_with(as_sam.get(here).text, "name-en", do="save") | {"name-en": "Sun jar"}
    hers = form_with(mina.get(here).text, "name-en", do="save") | {"price-small-kr": "80,000"}
    assert post(mina, here, hers).status_code == 303
    refused = post(as_sam, here, mine)
    page = html.unescape(refused.text)
    assert refused.status_code == 409
    assert "Mina changed this product on" in page
    assert all(one in page for one in ("Saved now", "80000", "90000", "Sun jar"))
    assert rows("SELECT name ->> 'en', version FROM product") == [("Moon jar", 2)]
    again = form_with(refused.text, "name-en", do="save") | {"price-small-kr": "80,000"}
    assert post(as_sam, here, again).status_code == 303
    assert rows("SELECT name ->> 'en', version FROM product") == [("Sun jar", 3)]


@pytest.mark.req("CAT-01", "ORD-14")
def test_units_are_counted_with_the_product_and_a_new_price_is_told_in_carts(
    app: APIFlask, mall: Mall, as_sam: FlaskClient
) -> None:
    here = f"/seller/products/{make_jar(mall, as_sam)}"
    bea = make_person("bea")
    [(large,)] = rows("SELECT id FROM variant WHERE sku = 'MOON-JAR-LARGE'")
    with transaction() as session:
        add_to_cart(session, actor=bea.actor, channel_id=mall.kr.id, variant_id=large, quantity=1, now=clock.now())
    form = form_with(as_sam.get(here).text, "name-en", do="save")
    assert post(as_sam, here, form | {"stock-large": "7", "price-large-kr": "95000"}).status_code == 303
    assert rows("SELECT delta, reason FROM stock_move") == [(4, "count")]
    cart = html.unescape(browser(app, bea).get("/kr/cart").text)
    assert "₩90,000" in cart
    assert "₩95,000" in cart
    late = form_with(as_sam.get(here).text, "name-en", do="save") | {"stock-large": "9"}
    with transaction() as session:
        session.connection().exec_driver_sql("UPDATE stock SET on_hand = 6, initial = 2, version = version + 1")
    assert post(as_sam, here, late).status_code == 409
    assert rows("SELECT on_hand FROM stock") == [(6,)]


@pytest.mark.req("CAT-01")
def test_what_cannot_be_sold_is_refused_and_all_that_was_typed_stays(mall: Mall, as_sam: FlaskClient) -> None:
    make_variant(mall, store=1)
    [(sku,)] = rows("SELECT sku FROM variant")
    good = form_with(as_sam.get(NEW).text, "name-en", **words(mall), **{"sku-only": "JAR", "price-only-kr": "5"})
    bad: list[tuple[dict[str, Any], str]] = [
        ({"price-only-kr": ""}, "needs to be offered with a price"),
        ({"price-only-kr": "5.5"}, "whole"),
        ({"price-only-us": "-1"}, "amount"),
        ({"compare-only-kr": "5"}, "must be higher"),
        ({"name-ko": ""}, "in both languages"),
        ({"name-en": "x" * 121}, "at most 120"),
        ({"section": ""}, "Choose the category"),
        ({"section": "999999"}, "Choose the category"),
        ({"sku-only": "a b"}, "is no SKU"),
        ({"sku-only": sku}, "belongs to another product"),
        ({"stock-only": "-3"}, "no number of units"),
        ({"option-0-values": "Red\nRed"}, "Each option needs"),
        (
            {f"option-{n}-values": "\n".join(map(str, range(30))) for n in range(2)}
            | {f"option-{n}-en": f"O{n}" for n in range(2)},
            "900 variants",
        ),
        ({"picture": "photo.0199f1a2-0000-7000-8000-000000000000"}, "does not belong to your store"),
    ]
    for changes, sentence in bad:
        answer = post(as_sam, NEW, good | changes)
        assert answer.status_code in {409, 422}, changes
        page = html.unescape(answer.text)
        assert sentence.lower() in page.lower(), changes
        assert 'value="Moon jar"' in page or "name-en" in changes
    told = {
        "name-ko": "in both languages",
        "section": "Choose the category",
        "customs-code": "4 to 10 digits",
        "sku-only": "is no SKU",
        "price-only-kr": "whole",
        "stock-only": "no number of units",
    }
    wrong = {"name-ko": "", "section": "", "customs-code": "7", "sku-only": "a b", "price-only-kr": "5.5"}
    page = html.unescape(post(as_sam, NEW, good | wrong | {"stock-only": "x"}).text)
    faults = dict(re.findall(r'id="([^"]+)-error">.*?</span>([^<]+)</span>', page))
    assert faults.keys() == told.keys()
    assert all(told[field].lower() in faults[field].lower() for field in told)
    kept = form_with(page, "name-en")
    assert {field: kept[field] for field in wrong} == wrong
    page = post(as_sam, NEW, good | {"option-0-values": "Red\nRed", "option-1-en": "Size"}).text
    assert set(re.findall(r'id="(option[^"]+)-error"', page)) == {"option-0-values", "option-1-values"}
    assert post(as_sam, NEW, good | {"key": ""}).status_code == 400
    broken = post(as_sam, NEW, good, (io.BytesIO(b"GIF89a"), "a.jpg"))
    assert broken.status_code == 422
    assert rows("SELECT count(*) FROM product") == [(1,)]
    assert rows("SELECT count(*) FROM photo") == [(0,)]
    assert post(as_sam, NEW, good | {"name-ko": "", "state": "draft", "price-only-kr": ""}).status_code == 303


@pytest.mark.req("CAT-01", "IDN-02")
def test_drafts_and_the_archive_are_the_stores_alone_and_an_import_revives_nothing(
    app: APIFlask, mall: Mall, as_sam: FlaskClient
) -> None:
    product = make_jar(mall, as_sam)
    here, buyer = f"/seller/products/{product}", browser(app)
    sue = browser(app, make_person("sue", store_ids=(mall.store_ids[1],)))
    form = form_with(as_sam.get(here).text, "name-en", do="save")
    for state in ("archived", "draft", "archived"):
        form = form_with(as_sam.get(here).text, "name-en", do="save")
        assert post(as_sam, here, form | {"state": state}).status_code == 303
        assert buyer.get("/kr/products/moon-jar").status_code == 404
        page = as_sam.get(f"{here}/preview").text
        assert "This is a preview for your store" in page
        assert "Moon jar" in page
    assert [sue.get(path).status_code for path in (here, f"{here}/preview")] == [404, 404]
    stolen = form | {"csrf_token": form_with(sue.get(NEW).text, "name-en")["csrf_token"]}
    assert post(sue, here, stolen).status_code == 404
    tabs = as_sam.get("/seller/products?state=archived").text
    assert tabs.count("data-row") == 1
    assert as_sam.get("/seller/products").text.count("data-row") == 0
    [(ref,)] = rows("SELECT external_ref FROM product")
    draft = ProductDraft(
        ref, "jar", mall.store_ids[0], mall.section_id, {"en": "Jar"}, variants=(VariantDraft("MOON-JAR-LARGE"),)
    )
    with transaction() as session:
        save_product(session, actor=SYSTEM, draft=draft, now=clock.now())
    assert rows("SELECT state, name ->> 'en' FROM product") == [("archived", "Jar")]
    assert rows("SELECT count(*) FROM product_picture") == [(1,)]
    assert post(as_sam, here, form | {"state": "active"}).status_code == 409  # The import was faster.


@pytest.mark.req("CAT-01")
def test_pictures_are_put_in_order_and_taken_out(mall: Mall, as_sam: FlaskClient) -> None:
    here = f"/seller/products/{make_jar(mall, as_sam)}"
    form = form_with(as_sam.get(here).text, "name-en", do="pictures")
    form = form_with(post(as_sam, here, form, photo("blue"), photo("green")).text, "name-en", do="pictures")
    red, blue, green = form["picture"]
    form |= {"alt-1-en": "Blue", "place-1": "1", "place-0": "2", "gone-2": "1"}
    form = form_with(post(as_sam, here, form).text, "name-en", do="save")
    assert (form["picture"], form["alt-0-en"], form["alt-1-en"]) == ([blue, red], "Blue", "A white jar")
    assert post(as_sam, here, form).status_code == 303
    assert rows("SELECT picture FROM product") == [(blue,)]
    assert rows("SELECT picture, alt ->> 'en' FROM product_picture ORDER BY position") == [
        (blue, "Blue"),
        (red, "A white jar"),
    ]
    assert f"/photos/{red.removeprefix('photo.')}" in as_sam.get("/kr/products/moon-jar?p=1").text
    assert green not in as_sam.get(here).text
