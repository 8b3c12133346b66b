"""Whose card fields the page shows, and that what they make goes to that gateway and to no other (PAY-04, PAY-14)."""

from __future__ import annotations

import json
import re

import pytest
from apiflask import APIFlask
from sqlalchemy import update

from portal.blueprints.security import content_policy
from portal.config import Settings
from portal.db import transaction
from portal.models import GatewayAccount
from portal.queries.gateways import forget_gateways, gateway_directory
from tests.blueprints.checkout.checkouts import CARD_METHODS, Desk, facts, make_desk

ADYEN = {
    "api_key": "AQE_nobody",
    "merchant_account": "PortalSandbox",
    "client_key": "test_nobody",
    "hmac_keys": "00ff",
    "webhook_user": "adyen",
    "webhook_password": "nobody",
    "js_url": "http://127.0.0.1:9/adyen/sdk/adyen.js",
    "css_url": "http://127.0.0.1:9/adyen/sdk/adyen.css",
    "api_base": "http://127.0.0.1:9/adyen",
}
BOX = re.compile(r'data-vendor="(\w+)" data-account="(\d+)"')


@pytest.fixture
def desk(app: APIFlask) -> Desk:
    """A checkout with Stripe first and Adyen after it."""
    made = make_desk(app)
    with transaction() as session:
        session.add(
            GatewayAccount(
                gateway="adyen",
                name="adyen",
                credentials=json.dumps(ADYEN),
                methods=CARD_METHODS,
                currencies=["KRW"],
                priority=15,
            )
        )
    forget_gateways()
    return made


def switch(gateway: str, *, on: bool = True, priority: int = 10) -> None:
    with transaction() as session:
        session.execute(
            update(GatewayAccount).where(GatewayAccount.gateway == gateway).values(enabled=on, priority=priority)
        )
    forget_gateways()


def account_of(gateway: str) -> str:
    return str(next(id for id, one in gateway_directory().items() if one.account.gateway == gateway))


def sent_to() -> list[tuple[str, str]]:
    return [tuple(row) for row in facts("SELECT gateway, gateway_account_id::text FROM payment_attempt")]


@pytest.mark.req("PAY-04")
def test_the_page_shows_the_fields_of_the_gateway_that_routing_names_first(desk: Desk) -> None:
    assert set(BOX.findall(desk.open())) == {("stripe", account_of("stripe"))}
    switch("stripe", on=False)
    page = desk.open()
    assert set(BOX.findall(page)) == {("adyen", account_of("adyen"))}
    assert f'data-style="{ADYEN["css_url"]}"' in page


@pytest.mark.req("PAY-04", "PAY-14")
@pytest.mark.parametrize("gateway", ["stripe", "adyen"])
def test_a_token_goes_to_the_gateway_whose_fields_made_it(desk: Desk, gateway: str) -> None:
    answer = desk.place(method="credit_card", source_token="t" * 5_000, source_account=account_of(gateway))
    assert answer.status_code == 303
    assert sent_to() == [(gateway, account_of(gateway))]


@pytest.mark.req("PAY-04")
def test_a_token_of_before_a_change_of_routing_stays_with_its_gateway(desk: Desk) -> None:
    mine = account_of("stripe")
    switch("stripe", priority=99)
    assert desk.place(method="credit_card", source_token="ctoken_1", source_account=mine).status_code == 303
    assert sent_to() == [("stripe", mine)]


@pytest.mark.req("PAY-04", "PAY-14")
def test_a_token_whose_gateway_was_switched_off_is_sent_to_nobody(desk: Desk) -> None:
    mine = account_of("stripe")
    switch("stripe", on=False)
    answer = desk.place(method="credit_card", source_token="ctoken_1", source_account=mine)
    assert answer.status_code in (409, 422)
    assert "The card fields have changed." in answer.text
    assert sent_to() == []


@pytest.mark.parametrize("account", ["", "x", "-1", "9" * 30, "²"])
def test_what_is_no_account_is_as_if_it_were_not_there(desk: Desk, account: str) -> None:
    assert desk.place(method="credit_card", source_token="ctoken_1", source_account=account).status_code == 303
    assert [gateway for gateway, _ in sent_to()] == ["stripe"]


def test_the_content_policy_names_the_origins_of_every_card_field(environment: dict[str, str]) -> None:
    given = {f"ADYEN_{name.upper()}": value for name, value in ADYEN.items()}
    policy = dict(
        rule.split(" ", 1) for rule in content_policy(Settings.from_environment(environment | given)).split("; ")
    )
    assert {"https://js.stripe.com", "http://127.0.0.1:9"} <= set(policy["script-src"].split())
    assert {"https://hooks.stripe.com", "http://127.0.0.1:9"} <= set(policy["frame-src"].split())
    assert "http://127.0.0.1:9" in policy["style-src"]
    assert "'unsafe-inline'" not in " ".join(policy.values())


def test_keys_of_adyen_that_cannot_be_right_do_not_stop_the_portal(environment: dict[str, str]) -> None:
    policy = content_policy(Settings.from_environment(environment | {"ADYEN_API_KEY": "only this"}))
    assert "https://js.stripe.com" in policy
