"""Korean pages are Korean from the skip link to the footer, and say so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.gateways.base import RefundFailed
from portal.services.notifications.render import render_mail
from tests.blueprints.checkout.checkouts import Desk, make_desk
from tests.blueprints.desks import browser
from tests.blueprints.pages import send
from tests.factories.account import make_person
from tests.factories.order import LONG_AGO, give_deposit, give_mileage, make_coupon, make_order
from tests.factories.refund import answer_legs, ask_refund
from tests.i18n.pages import english_in, english_of, language_of
from tests.services.refunds.test_decisions import Case, move_part

VISITORS = ["/", "/search", "/search?q=없음", "/stores", "/stores/hanok", "/sections/kitchen", "/cart", "/checkout"]
VISITORS += ["/sign-in", "/sign-up", "/password-reset", "/password-reset/sent", "/nothing-here"]
BUYERS = ["/account/deposit", "/account/payments"]
BUYERS += ["/account", "/account/addresses", "/account/addresses/new", "/account/notices", "/account/sessions"]
BUYERS += ["/preferences", "/orders", "/cart", "/checkout", "/seller/", "/admin/"]
SELLERS = ["/seller/", "/seller/orders", "/seller/orders?view=all", "/seller/payments", "/seller/refunds?queue=all"]
ADMINS = ["/admin/", "/admin/orders", "/admin/orders?held=1", "/admin/payments", "/admin/ledger", "/admin/users"]
ADMINS += [
    "/admin/refunds?queue=all",
    "/admin/ledger/accounts",
    "/admin/audit",
    "/admin/outbox?view=all",
    "/admin/search?q=bea@example.com",
]


def test_pages_of_visitors(client: FlaskClient, korean: Callable[[FlaskClient, str], None], shop: Desk) -> None:
    for path in [*VISITORS, "/products/" + slug_of(client)]:
        korean(client, path)


def test_pages_of_buyers(korean: Callable[[FlaskClient, str], None], shop: Desk) -> None:
    assert shop.bea is not None
    for outcome in ("captured", "authorised", "declined", "unknown", "pending", "requires_action"):
        order = make_order(shop.bea, shop.mall, {shop.variants[0]: 1}, outcome=outcome)
        korean(shop.client, f"/orders/{order.number}")
        if outcome == "captured":
            korean(shop.client, f"/orders/{order.number}/refund")
            ask_refund(order)
            korean(shop.client, f"/orders/{order.number}")
    for path in BUYERS:
        korean(shop.client, path)


def test_a_checkout_that_refuses(shop: Desk) -> None:
    shop.client.get("/?lang=ko")
    answer = shop.client.post("/checkout/orders", data=shop.form(email="bea", coupon_code="NOPE"))
    assert answer.status_code == 422
    assert "문제가 있습니다" in answer.text
    assert [run for run in english_of(answer.text) if run not in ("NOPE", "bea")] == []


def test_fields_that_were_left_empty(client: FlaskClient, shop: Desk) -> None:
    client.get("/?lang=ko")
    for address in ("/sign-in", "/sign-up", "/password-reset"):
        answer = send(client, address, {"email": "", "password": "", "name": ""}, page=address)
        assert answer.status_code == 422, address
        assert english_of(answer.text) == [], address


def test_pages_of_sellers(app: APIFlask, korean: Callable[[FlaskClient, str], None], shop: Desk) -> None:
    assert shop.bea is not None
    order = make_order(shop.bea, shop.mall, {shop.variants[0]: 1})
    sam = browser(app, make_person("sam", store_ids=(shop.mall.store_ids[0],)))
    part = f"/seller/orders/{order.part_ids[0]}"
    for path in [*SELLERS, part, f"{part}/packing-slip"]:
        korean(sam, path)


def test_pages_of_administrators(app: APIFlask, korean: Callable[[FlaskClient, str], None], shop: Desk) -> None:
    rich = make_person("max", now=LONG_AGO)
    give_deposit(rich, 10_000)
    give_mileage(rich, 5_000)
    make_coupon()
    goods = dict.fromkeys(shop.variants, 1)
    paid = make_order(rich, shop.mall, goods, codes=["AUTUMN10"], deposit_minor=5_000, mileage_points=2_000)
    declined = make_order(rich, shop.mall, goods, outcome="declined")
    ada = browser(app, make_person("ada", roles=("buyer", "admin"), now=LONG_AGO))
    orders = [f"/admin/orders/{order.number}" for order in (paid, declined)]
    details = [f"/admin/payments/{paid.payment_id}", f"/admin/users/{rich.id}", "/admin/ledger/accounts/1"]
    for path in [*ADMINS, *orders, *details, "/admin/ledger/entries/1"]:
        korean(ada, path)


@pytest.mark.parametrize("template", ["verify_email", "password_reset"])
def test_mails(template: str) -> None:
    mail = render_mail(template, locale="ko", name="Bea", link="http://127.0.0.1/x", channel_name={"ko": "포털"})
    assert english_in(mail.subject) == []
    assert english_in(mail.text) == []
    assert english_of(mail.html) == []


@pytest.mark.parametrize("step", ["approved", "succeeded", "refused", "failed"])
def test_mails_of_refunds(step: str) -> None:
    ways = [("mileage", "original"), ("gateway", "original"), ("gateway", "deposit"), ("gateway", "bank")]
    legs = [{"type": kind, "destination": to, "amount_minor": 1, "points": 1} for kind, to in ways]
    refund = {
        "number": "KR-7F3K9Q2MXA",
        "total_minor": 1,
        "currency": "KRW",
        "refusal": "사용한 상품이에요.",
        "plan": {"legs": legs},
        "brand": {},
        "channel_name": {"ko": "포털"},
    }
    mail = render_mail("refund", locale="ko", step=step, refund=refund, name="Bea", link="http://127.0.0.1/x")
    assert english_in(mail.subject) == []
    assert english_in(mail.text) == []
    assert english_of(mail.html) == []


def test_pages_of_refunds_at_the_desks(app: APIFlask, korean: Callable[[FlaskClient, str], None]) -> None:
    case = Case()
    move_part(case.order, "accepted", "packed")
    asked = ask_refund(case.order, part_id=case.order.part_ids[0])
    korean(browser(app, case.sam), f"/seller/refunds/{asked.refund_id}")
    korean(browser(app, case.sam), f"/seller/orders/{case.order.part_ids[0]}/refund")
    failed = ask_refund(case.order, part_id=case.order.part_ids[1])
    answer_legs(failed.refund_id, RefundFailed("declined"))
    for path in (f"refunds/{failed.refund_id}", f"orders/{case.order.number}/refund", "withdrawals"):
        korean(browser(app, case.ada), f"/admin/{path}")
    korean(browser(app, case.bea), f"/orders/{case.order.number}")
    korean(browser(app, case.bea), "/account/deposit")


def slug_of(client: FlaskClient) -> str:
    """A product that the first page shows."""
    return client.get("/").text.partition("/products/")[2].partition('"')[0]


@pytest.fixture
def shop(app: APIFlask) -> Desk:
    """Two stores with goods, and bea in front of her cart."""
    return make_desk(app)


@pytest.fixture
def korean() -> Callable[[FlaskClient, str], None]:
    """Opens a page in Korean and looks at every word of it."""

    def check(client: FlaskClient, path: str) -> None:
        answer = client.get(path, query_string=None if "?" in path else {"lang": "ko"}, follow_redirects=True)
        assert language_of(answer.text) == "ko", path
        assert (path, english_of(answer.text)) == (path, [])

    return check
