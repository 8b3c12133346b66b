"""Quotes and orders in another currency than the platform's, as programs see them (CAT-04)."""

from __future__ import annotations

import pytest

from portal.db import transaction
from portal.models import Channel
from portal.queries.channels import forget_channels
from tests.blueprints.api.conftest import World, order_body
from tests.factories.account import ADDRESS_US
from tests.factories.cart import put_into_cart

pytestmark = pytest.mark.req("CAT-04")

ADDRESS = {name: value for name, value in ADDRESS_US.items() if name != "country"}
WON = {"amount": {"amount_minor": 35_100, "currency": "KRW"}, "rate": "1300", "source": "bank"}


def test_quote_and_order_tell_both_amounts(world: World) -> None:
    put_into_cart(world.bea.actor, world.mall.us, world.bowl, 2)
    api = world.as_bea(channel=world.mall.us)
    quote = api.post("/quote", {"method": "credit_card"}).json or {}
    assert quote["total"] == {"amount_minor": 2_700, "currency": "USD"}
    assert quote["total_in_platform"].items() >= WON.items()
    assert quote["to_pay_now_in_platform"].items() >= WON.items()
    assert quote["closed"] is None
    placed = api.post("/orders", order_body(quote, address=ADDRESS), Idempotency_Key="one")
    assert placed.status_code == 201, placed.text
    body = placed.json or {}
    assert body["total_in_platform"] == quote["total_in_platform"]
    assert api.read(f"/orders/{body['number']}")["total_in_platform"] == quote["total_in_platform"]


def test_a_stale_rate_refuses_the_order_with_its_code_and_leaves_the_own_currency_open(world: World) -> None:
    put_into_cart(world.bea.actor, world.mall.us, world.bowl, 2)
    with transaction() as session:
        channel = session.get_one(Channel, world.mall.us.id)
        channel.policy = {"fx": {"age_max_days": 0}}
    forget_channels()
    api = world.as_bea(channel=world.mall.us)
    quote = api.post("/quote", {"method": "credit_card"}).json or {}
    assert not quote["can_be_placed"]
    assert quote["closed"]["code"] == "fx_rate_stale"
    assert quote["total_in_platform"] is None
    refused = api.post("/orders", order_body(quote, address=ADDRESS), Idempotency_Key="one")
    assert refused.status_code == 503
    assert (refused.json or {})["code"] == "fx_rate_stale"
    own = world.api.post("/quote", {"method": "credit_card"}).json or {}
    assert own["can_be_placed"]
    assert own["total_in_platform"] is None
    placed = world.api.post("/orders", order_body(own), Idempotency_Key="two")
    assert placed.status_code == 201, placed.text
