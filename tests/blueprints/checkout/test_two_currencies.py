"""What a buyer in another currency sees, from the cart to the order, and what he is told when the rate is too old."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from apiflask import APIFlask

from tests.blueprints.api.conftest import list_goods
from tests.blueprints.checkout.checkouts import CONSENTS, Desk, fields_of, make_gateways
from tests.blueprints.desks import browser, counted
from tests.factories.account import ADDRESS_US, make_person
from tests.factories.cart import make_mall, make_variant, put_into_cart
from tests.factories.order import make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("CAT-04"), pytest.mark.usefixtures("books")]

WON = "about ₩35,100 KRW"
# How every second amount begins.
ABOUT = "about ₩"
RATE = "1 USD = 1,300 KRW · bank"
STALE = "Purchases in USD are closed just now: the exchange rate to KRW is too old."


def make_american(app: APIFlask, *, rate_age: timedelta | None = timedelta(hours=1)) -> Desk:
    """Bea with two bowls for ten dollars each in her cart, at the American shop."""
    mall, bea = make_mall(rate_age=rate_age), make_person("bea")
    make_gateways()
    bowl = make_variant(mall)
    put_into_cart(bea.actor, mall.us, bowl, 2)
    return Desk(app, browser(app, bea), mall, bea, [bowl])


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_both_amounts_stand_on_every_page_from_cart_to_order(app: APIFlask) -> None:
    desk = make_american(app)
    for path in ("/us/cart", "/us/checkout"):
        page = text_of(desk.client.get(path).text)
        assert WON in page, path
        assert RATE in page, path
    page = desk.client.get("/us/checkout").text
    address = {name: value for name, value in ADDRESS_US.items() if name != "country"}
    form = fields_of(page) | {"method": ["bank_transfer"], **CONSENTS, **address}
    answer = desk.client.post("/us/checkout/orders", data=form)
    assert answer.status_code == 303, text_of(answer.text)
    order = text_of(desk.client.get(answer.location).text)
    assert WON in order
    assert RATE in order


def test_the_product_has_both_prices(app: APIFlask) -> None:
    desk = make_american(app)
    list_goods()
    slug = rows("SELECT slug FROM product")[0][0]
    assert "about ₩13,000 KRW" in text_of(desk.client.get(f"/us/products/{slug}").text)
    assert ABOUT not in text_of(desk.client.get(f"/products/{slug}").text)


def test_lists_of_goods_have_both_prices_at_one_statement(app: APIFlask) -> None:
    desk = make_american(app)
    list_goods()
    name = rows("SELECT name ->> 'en' FROM product")[0][0]
    store = rows("SELECT slug FROM store ORDER BY id")[0][0]
    for path in ("/", f"/search?q={name}", f"/stores/{store}"):
        assert "about ₩13,000 KRW" in text_of(desk.client.get(f"/us{path}").text), path
        assert ABOUT not in text_of(desk.client.get(path).text), path
    with counted() as sent:
        desk.client.get(f"/us/search?q={name}")
    assert sum("FROM fx_rate" in statement for statement in sent) == 1


def test_lists_of_orders_and_what_comes_back_have_both_amounts(app: APIFlask) -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall): 2}, channel=mall.us, address=ADDRESS_US)
    sam = make_person("sam", roles=("seller",), store_ids=(mall.store_ids[0],))
    ada = make_person("ada", roles=("admin",))
    for person, path in (
        (bea, "/us/orders"),
        (bea, f"/us/orders/{order.number}/refund?reason=changed_mind"),
        (sam, "/seller/orders?view=all"),
        (ada, "/admin/orders"),
        (ada, f"/admin/orders/{order.number}/refund"),
    ):
        assert "about ₩" in text_of(browser(app, person).get(path).text), path
    assert WON in text_of(browser(app, bea).get("/us/orders").text)


def test_the_administrator_sees_both_on_order_and_payment(app: APIFlask) -> None:
    mall, bea, ada = make_mall(), make_person("bea"), make_person("ada", roles=("admin",))
    order = make_order(bea, mall, {make_variant(mall): 2}, channel=mall.us, address=ADDRESS_US)
    client = browser(app, ada)
    for path in (f"/admin/orders/{order.number}", f"/admin/payments/{order.payment_id}"):
        page = text_of(client.get(path).text)
        assert WON in page, path
        assert RATE in page, path
    rates = text_of(client.get("/admin/rates").text)
    assert "Portal US 1 USD = 1,300 KRW" in rates


@pytest.mark.parametrize(
    ("locale", "sentence"), [("en", STALE), ("ko", "지금은 USD 결제를 받지 않습니다. KRW 환율이 너무 오래되었습니다.")]
)
def test_a_stale_rate_closes_the_page_with_a_sentence_and_a_code(app: APIFlask, locale: str, sentence: str) -> None:
    desk = make_american(app, rate_age=timedelta(days=4))
    desk.client.set_cookie("locale", locale)
    page = desk.client.get(f"/us/checkout?lang={locale}").text
    assert sentence in text_of(page)
    assert 'id="pay-button"' not in page
    assert sentence in text_of(desk.client.get(f"/us/cart?lang={locale}").text)
    address = {name: value for name, value in ADDRESS_US.items() if name != "country"}
    form = fields_of(page) | {"method": ["bank_transfer"], **CONSENTS, **address}
    answer = desk.client.post("/us/checkout/orders", data=form)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (503, "fx_rate_stale")
    assert sentence in text_of(answer.text)


def test_meanwhile_the_shop_in_the_platforms_currency_sells(app: APIFlask) -> None:
    desk = make_american(app, rate_age=timedelta(days=4))
    assert "too old" not in desk.open()
    assert desk.place().status_code == 303
    ada = make_person("ada", roles=("admin",))
    assert "Portal US takes no orders" in text_of(browser(app, ada).get("/admin/rates").text)
