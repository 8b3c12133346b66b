from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from portal.db import database, transaction
from portal.queries.channels import forget_channels
from portal.queries.sections import forget_sections
from portal.rules.permissions import SYSTEM
from portal.services.catalogue.drafts import PriceDraft, VariantDraft
from portal.services.catalogue.save_products import save_products
from tests.services.catalogue.mall import NOW, Mall, build, cup

LIST_STATEMENTS = 8
PRODUCT_STATEMENTS = 5
PAGES = (
    "/kr/",
    "/kr/sections/cups",
    "/kr/search?q=cup",
    "/kr/search",
    "/kr/stores",
    "/kr/stores/sams-cups",
    "/kr/products/cup-1",
)


@pytest.fixture
def mall(client: FlaskClient) -> Iterator[Mall]:
    """Sixty cups: one page and a bit."""
    with transaction() as session:
        mall = build(session)
        drafts = [cup(mall, number, price=10_000 + 100 * number) for number in range(1, 61)]
        drafts.append(cup(mall, 61, on_hand=0))
        drafts.append(cup(mall, 62, variants=(VariantDraft("ONE", prices=(PriceDraft(mall.us, 500),), on_hand=1),)))
        save_products(session, actor=SYSTEM, drafts=drafts, now=NOW)
    yield mall
    forget_channels()
    forget_sections()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def page(client: FlaskClient, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers={key.replace("_", "-"): value for key, value in headers.items()})
    assert answer.status_code == status, answer.text[:500]
    return answer.text


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_page_of_the_shop_is_a_whole_page(client: FlaskClient, mall: Mall, address: str, lang: str) -> None:
    html = page(client, address + ("&" if "?" in address else "?") + f"lang={lang}")
    assert f'<html lang="{lang}"' in html
    assert html.count("<h1") == 1
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]*src=)", html)
    assert not re.search(r"<img(?![^>]*\bwidth=)", html)


@pytest.mark.req("CAT-01")
@pytest.mark.parametrize("address", ["/kr/", "/kr/sections/cups?sort=price", "/kr/search?q=컵", "/kr/stores/sams-cups"])
def test_a_list_asks_the_database_few_things(
    client: FlaskClient, mall: Mall, statements: list[str], address: str
) -> None:
    page(client, address)  # Channels and sections are kept from here on.
    statements.clear()
    page(client, address)
    assert len(statements) <= LIST_STATEMENTS, statements


@pytest.mark.req("CAT-01")
def test_a_product_asks_the_database_few_things(client: FlaskClient, mall: Mall, statements: list[str]) -> None:
    page(client, "/kr/products/cup-1")
    statements.clear()
    page(client, "/kr/products/cup-1")
    assert len(statements) <= PRODUCT_STATEMENTS, statements


def test_a_list_says_where_one_is_and_leads_on_and_back(client: FlaskClient, mall: Mall) -> None:
    first = page(client, "/kr/sections/cups?lang=en")
    assert "1–48 of 61" in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = page(client, following[1].replace("&amp;", "&"))
    assert "49–61 of 61" in second
    back = re.search(r'rel="prev" href="([^"]+)"', second)
    assert back
    assert "1–48 of 61" in page(client, back[1].replace("&amp;", "&"))


def test_a_forged_page_is_the_first_page(client: FlaskClient, mall: Mall) -> None:
    assert "1–48 of 61" in page(client, "/kr/sections/cups?lang=en&cursor=AAAA")


def test_filters_narrow_the_list_and_are_said_in_words(client: FlaskClient, mall: Mall) -> None:
    html = page(client, "/kr/sections/cups?lang=en&min=10,500&max=10,700&stock=1&sort=price")
    assert "1–3 of 3" in html
    for chip in ("from ₩10,500", "up to ₩10,700", "in stock"):
        assert chip in html
    names = re.findall(r'class="card-name"><a href="/kr/products/([^"]+)"', html)
    assert names == ["cup-5", "cup-6", "cup-7"]


def test_bounds_the_wrong_way_round_are_turned(client: FlaskClient, mall: Mall) -> None:
    assert "1–3 of 3" in page(client, "/kr/sections/cups?lang=en&min=10700&max=10500&stock=1")


@pytest.mark.parametrize("price", ["abc", "-5", "1e9", "9" * 40, "0.5"])
def test_a_price_that_is_none_is_told_at_its_field(client: FlaskClient, mall: Mall, price: str) -> None:
    html = page(client, f"/kr/sections/cups?lang=en&min={price}")
    assert 'aria-invalid="true"' in html
    assert "1–48 of 61" in html


def test_nothing_that_fits_offers_to_clear_the_filters(client: FlaskClient, mall: Mall) -> None:
    html = page(client, "/kr/sections/cups?lang=en&min=9000000")
    assert "No product matches these filters" in html
    assert "Clear filters" in html


def test_htmx_gets_the_list_alone(client: FlaskClient, mall: Mall) -> None:
    html = page(client, "/kr/sections/cups?sort=name", HX_Request="true", HX_Target="goods")
    assert html.lstrip().startswith('<div id="goods"')
    assert "<html" not in html


def test_search_says_what_is_too_short(client: FlaskClient, mall: Mall) -> None:
    assert "too short" in page(client, "/kr/search?lang=en&q=c")
    assert "61 products" in page(client, "/kr/search?lang=en&q=컵")
    assert "Nothing found" in page(client, "/kr/search?lang=en&q=zeppelin")


def test_what_was_typed_is_shown_as_text(client: FlaskClient, mall: Mall) -> None:
    html = page(client, "/kr/search?q=<script>alert(1)</script>")
    assert "<script>alert" not in html


def test_a_product_shows_the_variant_of_the_address(client: FlaskClient, mall: Mall) -> None:
    html = page(client, "/kr/products/cup-1?lang=en&v=coral")
    assert "₩11,100" in html
    assert "mug.0001.coral.svg" in html
    assert "Arrives between" in html
    assert 'action="/kr/cart/lines"' in html or 'id="add-to-cart"' in html
    assert 'name="csrf_token"' in html


def test_a_choice_is_a_link_and_htmx_gets_the_product_alone(client: FlaskClient, mall: Mall) -> None:
    html = page(client, "/kr/products/cup-1?v=coral", HX_Request="true", HX_Target="product")
    assert html.lstrip().startswith('<div id="product"')
    assert 'href="/kr/products/cup-1?v=sage"' in html


def test_what_is_sold_out_cannot_be_added(client: FlaskClient, mall: Mall) -> None:
    html = page(client, "/kr/products/cup-61?lang=en")
    assert "Sold out" in html
    assert 'id="add-to-cart"' not in html


@pytest.mark.parametrize(
    "address", ["/kr/products/none", "/kr/sections/none", "/kr/stores/none", "/kr/products/cup-62"]
)
def test_what_the_channel_does_not_have_is_not_found(client: FlaskClient, mall: Mall, address: str) -> None:
    page(client, address, status=404)


def test_a_product_of_one_channel_is_there_on_that_one(client: FlaskClient, mall: Mall) -> None:
    assert "$5.00" in page(client, "/us/products/cup-62?lang=en")


def test_pictures_are_kept_for_ever_and_run_nothing(client: FlaskClient, statements: list[str], mall: Mall) -> None:
    page(client, "/kr/")
    statements.clear()
    answer = client.get("/kr/pictures/mug.0001.sage.svg")
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Set-Cookie" not in answer.headers
    assert statements == []
    page(client, "/kr/pictures/spoon.0001.sage.svg", status=404)
