"""What the checkout's tests share: a mall with gateways, a buyer with a cart, and forms as the page has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any

import orjson
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from portal.db import reading, transaction
from portal.models import GatewayAccount
from portal.queries.gateways import forget_gateways
from tests.blueprints.desks import browser
from tests.factories.account import ADDRESS_KR, Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant, put_into_cart

CARD_METHODS = ["credit_card", "debit_card", "international_card"]
STRIPE = {
    "secret_key": "sk_test_123",
    "publishable_key": "pk_test_portal",
    "webhook_secrets": "whsec_123",
    "api_base": "http://127.0.0.1:9",
    "js_url": "http://127.0.0.1:9/v3/",
}
PAYLINK = {"secret_key": "plk_123", "webhook_secrets": "whsec_dGVzdA==", "api_base": "http://127.0.0.1:9"}
CONSENTS = {f"consent_{kind}": "2026-11" for kind in ("terms", "seller_data", "payment_agency")}
NEW_ADDRESS = {name: ADDRESS_KR[name] for name in ("name", "phone", "postcode", "line1", "line2")}


class _Fields(HTMLParser):
    """The values that a browser without a script would send with the form."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, kind = given.get("name"), given.get("type", "text")
        if tag != "input" or not name or "disabled" in given:
            return
        if kind in ("radio", "checkbox") and "checked" not in given:
            return
        self.values.setdefault(name, []).append(given.get("value") or "")


def fields_of(page: str) -> dict[str, Any]:
    """The form's values as the page has them."""
    parser = _Fields()
    start = page.index('id="checkout"')
    parser.feed(page[page.rindex("<", 0, start) : page.index("</form>", start)])
    return parser.values


@dataclass
class Desk:
    """A buyer in front of the checkout."""

    app: APIFlask
    client: FlaskClient
    mall: Mall
    bea: Person | None
    variants: list[int]

    def open(self, **more: Any) -> str:
        return self.client.get("/checkout", **more).text

    def form(self, **changes: Any) -> dict[str, Any]:
        """What the page would send, with changes; None takes a field away."""
        values = fields_of(self.open()) | {
            name: value if isinstance(value, list) else [value] for name, value in changes.items()
        }
        return {name: value for name, value in values.items() if value != [None]}

    def paying(self, **changes: Any) -> dict[str, Any]:
        """A form with everything that buying needs."""
        filled = {"method": "bank_transfer", **CONSENTS, **NEW_ADDRESS, **changes}
        return self.form(**filled)

    def place(self, **changes: Any) -> TestResponse:
        return self.client.post("/checkout/orders", data=self.paying(**changes))

    def update(self, *, htmx: bool = False, **changes: Any) -> TestResponse:
        headers = {"HX-Request": "true", "HX-Target": "amounts"} if htmx else {}
        return self.client.post("/checkout/choices", data=self.form(**changes), headers=headers)


def make_gateways() -> None:
    """Stripe for cards first, then a gateway with a page of its own for everything. Nobody listens behind them."""
    with transaction() as session:
        for name, credentials, methods in (
            ("stripe", STRIPE, CARD_METHODS),
            ("paylink", PAYLINK, [*CARD_METHODS, "bank_transfer", "wallet", "mobile_carrier"]),
        ):
            session.add(
                GatewayAccount(
                    gateway=name,
                    name=name,
                    credentials=orjson.dumps(credentials).decode(),
                    methods=methods,
                    currencies=["KRW", "USD"],
                    priority=10 if name == "stripe" else 20,
                )
            )
    forget_gateways()


def make_desk(app: APIFlask, *, signed_in: bool = True, krw: tuple[int, ...] = (12_000, 5_500)) -> Desk:
    """A mall of two stores, and bea with one thing of each in her cart."""
    mall = make_mall()
    make_gateways()
    bea = make_person("bea") if signed_in else None
    variants = [make_variant(mall, store=n % 2, krw=price) for n, price in enumerate(krw)]
    desk = Desk(app, browser(app, bea), mall, bea, variants)
    if bea is not None:
        for variant in variants:
            put_into_cart(bea.actor, mall.kr, variant)
    return desk


def facts(query: str, **values: object) -> list[tuple[Any, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query), values)]


def counts() -> Mapping[str, int]:
    """How many rows of everything that a purchase writes."""
    tables = ("orders", "payment", "payment_attempt", "tender", "ledger_hold", "reservation", "coupon_use", "consent")
    return {table: facts(f"SELECT count(*) FROM {table}")[0][0] for table in tables}  # noqa: S608  # A name of our own.


def amounts_of(page: str) -> list[int]:
    """The amounts of the form as the page carries them."""
    found = re.search(r'name="shown_rows" value="([^"]*)"', page)
    assert found, "the page shows no amounts"
    return [int(part.rpartition("|")[2]) for part in unescape(found[1]).split(";")]


def errors_of(page: str) -> list[str]:
    """The sentences beside the fields."""
    found = re.findall(r'<p class="error" id="[^"]+-error">.*?</span>(.*?)</span></p>', page, re.DOTALL)
    return [unescape(sentence).strip() for sentence in found]
