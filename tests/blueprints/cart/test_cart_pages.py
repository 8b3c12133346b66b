"""The cart's page (B01), as a plain page and in place."""

from __future__ import annotations

import re
from html import unescape

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from portal.db import reading
from portal.models import CartLine, WebSession
from tests.blueprints.pages import HTMX, cookie, send, sign_in
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall, make_variant, put_into_cart, set_price, set_stock

pytestmark = pytest.mark.req("CAT-02")


def add(client: FlaskClient, variant_id: object, quantity: object = 1, **more: object) -> tuple[int, str]:
    answer = send(client, "/cart/lines", {"variant_id": variant_id, "quantity": quantity, **more})
    return answer.status_code, answer.location or ""


def words(client: FlaskClient, address: str = "/cart") -> str:
    """What a person reads on the page."""
    html = client.get(address).text
    body = html[html.index("<main") : html.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def lines() -> dict[int, int]:
    with reading() as session:
        return {row.variant_id: row.quantity for row in session.execute(select(CartLine.variant_id, CartLine.quantity))}


def test_an_empty_cart_says_what_to_do_and_makes_no_session(client: FlaskClient, mall: Mall) -> None:
    assert "Your cart is empty" in words(client)
    assert 'href="/"' in client.get("/cart").text
    with reading() as session:
        assert session.scalars(select(WebSession.id)).all() == []


def test_the_first_line_makes_a_visitors_session(client: FlaskClient, mall: Mall) -> None:
    bowl = make_variant(mall)
    assert add(client, bowl, 2) == (303, "/cart")
    assert lines() == {bowl: 2}
    with reading() as session:
        assert session.execute(select(WebSession.user_id)).all() == [(None,)]
    first = cookie(client)
    add(client, bowl)
    assert lines() == {bowl: 3}
    assert cookie(client).split(".")[0] == first.split(".")[0]


def test_every_store_has_its_lines_subtotal_fee_and_what_is_missing(client: FlaskClient, mall: Mall) -> None:
    bowl, spoon = make_variant(mall, krw=12_000), make_variant(mall, store=1, krw=26_000, name="Spoon")
    add(client, bowl, 2)
    add(client, spoon, 2)
    page = words(client)
    hanok, maru = page.index("Hanok"), page.index("Maru")
    total = page.index("Amounts")
    assert "Subtotal ₩24,000 Shipping ₩3,000 ₩26,000 more from this store and shipping is free." in page[hanok:maru]
    assert "Subtotal ₩52,000 Shipping Free" in page[maru:total]
    assert "more from this store" not in page[maru:total]
    # 24,000 + 52,000 + 3,000, of which 79,000 / 11 is the tax within.
    assert re.search(r"Items ₩76,000 Shipping ₩3,000 Tax included ₩7,18\d Total .*₩79,000", page[total:])
    assert 'href="/checkout"' in client.get("/cart").text


def test_where_tax_comes_on_top_the_total_has_it(client: FlaskClient, mall: Mall) -> None:
    add(client, make_variant(mall, usd=1_000))
    page = words(client, "/us/cart")
    assert re.search(r"Items \$10\.00 Shipping \$5\.00 Tax \$1\.20 Total .*\$16\.20", page)


def test_quantities_change_and_zero_removes_without_a_script(client: FlaskClient, mall: Mall) -> None:
    bowl, cup = make_variant(mall), make_variant(mall, name="Cup")
    add(client, bowl)
    add(client, cup)
    assert send(client, f"/cart/lines/{bowl}", {"quantity": "5"}, page="/cart").status_code == 303
    assert lines() == {bowl: 5, cup: 1}
    send(client, f"/cart/lines/{bowl}", {"quantity": "０"}, page="/cart")
    assert lines() == {cup: 1}
    send(client, f"/cart/lines/{cup}/removal", page="/cart")
    assert lines() == {}
    assert send(client, f"/cart/lines/{cup}/removal").status_code == 303


def test_the_stepper_is_a_number_field_with_a_button(client: FlaskClient, mall: Mall) -> None:
    bowl = make_variant(mall, on_hand=7)
    add(client, bowl)
    html = client.get("/cart").text
    form = html[html.index(f'action="/cart/lines/{bowl}"') :]
    form = form[: form.index("</form>")]
    assert f'type="number" inputmode="numeric" id="quantity-{bowl}" name="quantity" value="1" min="0" max="7"' in form
    assert re.search(r'<button[^>]*type="submit"[^>]*data-js-hide', form)


@pytest.mark.parametrize("quantity", ["-1", "0", "10000", "1000000000", "9" * 40, "1.5", "many", "", "1e3", "٣٤٥٦٧"])
def test_a_quantity_that_is_none_is_refused_in_words(client: FlaskClient, mall: Mall, quantity: str) -> None:
    bowl = make_variant(mall, on_hand=50_000)
    assert add(client, bowl, quantity)[0] == 303
    assert lines() == {}
    assert "The quantity must be between 1 and 9999." in words(client)


@pytest.mark.parametrize("variant", ["999999", "-3", "abc", "9" * 30, ""])
def test_an_unknown_product_is_refused_in_words(client: FlaskClient, mall: Mall, variant: str) -> None:
    assert add(client, variant)[0] == 303
    assert "not on sale any more" in words(client)
    with reading() as session:
        assert session.scalars(select(WebSession.id)).all() == []


def test_after_a_refusal_one_is_where_one_was(client: FlaskClient, mall: Mall) -> None:
    bowl = make_variant(mall, on_hand=2)
    assert add(client, bowl, 3, next="/products/goods-1?v=2") == (303, "/products/goods-1?v=2")
    assert add(client, bowl, 3, next="//evil.example") == (303, "/")


def test_htmx_gets_the_answer_and_the_count(client: FlaskClient, mall: Mall) -> None:
    bowl = make_variant(mall, on_hand=3)
    page = send(client, "/cart/lines", {"variant_id": bowl, "quantity": 2}, headers=HTMX)
    assert page.status_code == 200
    assert page.text.lstrip().startswith('<div id="cart-answer"')
    assert "It is in your cart." in page.text
    assert re.search(r'id="cart-link"[^>]*hx-swap-oob="true"', page.text)
    assert re.search(r'id="cart-count"[^>]*>2<', page.text)
    refused = send(client, "/cart/lines", {"variant_id": bowl, "quantity": 2}, headers=HTMX)
    assert refused.status_code == 422
    assert "Only 3 can be had. Your cart holds 2." in refused.text
    assert "cart-link" not in refused.text
    assert lines() == {bowl: 2}


def test_htmx_changes_the_cart_in_place(client: FlaskClient, mall: Mall) -> None:
    bowl = make_variant(mall, on_hand=9)
    add(client, bowl, 2)
    changed = send(client, f"/cart/lines/{bowl}", {"quantity": "4"}, page="/cart", headers=HTMX)
    assert changed.status_code == 200
    assert changed.text.lstrip().startswith('<section id="cart"')
    assert "<html" not in changed.text
    assert "₩48,000" in changed.text
    assert re.search(r'id="cart-count"[^>]*>4<', changed.text)
    assert re.findall(r'<\w+ id="([^"]+)"[^>]* autofocus', changed.text) == [f"line-{bowl}"]
    refused = send(client, f"/cart/lines/{bowl}", {"quantity": "10"}, page="/cart", headers=HTMX)
    assert refused.status_code == 422
    assert "Only 9 can be had. Your cart holds 4." in refused.text
    removed = send(client, f"/cart/lines/{bowl}/removal", page="/cart", headers=HTMX)
    assert "Your cart is empty" in removed.text
    assert re.findall(r'<\w+ id="([^"]+)"[^>]* autofocus', removed.text) == ["page-title"]
    assert re.search(r'id="cart-count"[^>]*></span>', removed.text)


def test_the_page_and_the_part_are_the_same_address(client: FlaskClient, mall: Mall) -> None:
    add(client, make_variant(mall))
    part = client.get("/cart", headers=HTMX | {"HX-Target": "cart"})
    assert part.text.lstrip().startswith('<section id="cart"')
    assert "HX-Target" in part.headers["Vary"]
    assert part.headers["Cache-Control"] == "no-store"
    assert "<html" in client.get("/cart").text


def test_what_changed_meanwhile_is_said(client: FlaskClient, mall: Mall) -> None:
    bowl = make_variant(mall, krw=12_000, on_hand=9)
    cup = make_variant(mall, krw=5_000, on_hand=9, name="Cup")
    add(client, bowl, 4)
    add(client, cup)
    set_price(bowl, mall.kr, 13_500)
    set_stock(bowl, on_hand=3)
    page = words(client)
    assert "The price of Rice bowl has changed from ₩12,000 to ₩13,500." in page
    assert "Only 3 are left. Change the quantity to buy them." in page
    # What cannot be bought is not in the amounts.
    assert "Items ₩5,000 Shipping ₩3,000" in page
    set_stock(cup, on_hand=0)
    page = words(client)
    assert "This product is sold out." in page
    assert "Nothing in your cart can be bought here just now." in page
    assert 'id="to-checkout"' not in client.get("/cart").text


def test_what_another_shop_sells_is_kept_and_said(client: FlaskClient, mall: Mall) -> None:
    add(client, make_variant(mall, usd=None))
    assert "This product is not sold in this shop. Your cart keeps it for the others." in words(client, "/us/cart")
    assert "not sold in this shop" not in words(client)


def test_one_browser_does_not_see_the_cart_of_another(app: APIFlask, client: FlaskClient, mall: Mall) -> None:
    bowl = make_variant(mall)
    add(client, bowl)
    stranger = app.test_client()
    assert "Your cart is empty" in words(stranger)
    send(stranger, f"/cart/lines/{bowl}", {"quantity": "9"})
    send(stranger, f"/cart/lines/{bowl}/removal")
    assert lines() == {bowl: 1}


def test_a_cart_filled_elsewhere_is_there_after_signing_in(app: APIFlask, client: FlaskClient, mall: Mall) -> None:
    bea = make_person("bea")
    put_into_cart(bea.actor, mall.us, make_variant(mall), 3)
    sign_in(client)
    assert "Rice bowl" in words(client)
    assert re.search(r'id="cart-count"[^>]*>3<', client.get("/").text)


def test_names_cannot_bring_markup(client: FlaskClient, mall: Mall) -> None:
    add(client, make_variant(mall, name="<script>alert(1)</script>"))
    html = client.get("/cart").text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_the_cart_page_takes_few_statements(client: FlaskClient, mall: Mall, statements: list[str]) -> None:
    bea = make_person("bea")
    for _ in range(12):
        put_into_cart(bea.actor, mall.kr, make_variant(mall))
    sign_in(client)
    client.get("/cart")
    statements.clear()
    client.get("/cart")
    assert len(statements) <= 5, statements
    with reading() as session:
        assert session.execute(text("SELECT count(*) FROM cart_line")).scalar_one() == 12


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    return make_mall()


def test_a_refusal_carries_its_code(client: FlaskClient, mall: Mall) -> None:
    bowl = make_variant(mall, on_hand=3)
    answer = send(client, "/cart/lines", {"variant_id": str(bowl), "quantity": "-1"}, page="/cart")
    assert answer.headers["X-Error-Code"] == "quantity_out_of_range"


def test_the_count_in_the_head_fetches_itself_for_who_is_signed_in(client: FlaskClient, mall: Mall) -> None:
    assert 'hx-trigger="sse:cart"' not in client.get("/us/").text
    bea = make_person("bea")
    sign_in(client, bea.email)
    put_into_cart(bea.actor, mall.kr, make_variant(mall), 3)
    assert 'hx-trigger="sse:cart"' in client.get("/us/").text
    link = client.get("/us/cart", headers=HTMX | {"HX-Target": "cart-link"}).text
    assert link.lstrip().startswith("<a")
    assert re.search(r'id="cart-count"[^>]*>3<', link)
