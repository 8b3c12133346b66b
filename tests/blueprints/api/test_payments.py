"""Payments looked back at by a program (PAY-13)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from tests.blueprints.api.conftest import World, data
from tests.factories.cart import make_variant
from tests.factories.order import make_order

pytestmark = pytest.mark.req("PAY-13", "API-01")


def test_a_program_reads_its_persons_payments(world: World) -> None:
    before = clock.now()
    orders = [make_order(world.bea, world.mall, {make_variant(world.mall): 2}) for _ in range(3)]
    first = world.api.read("/payments?limit=2")
    assert [one["order_number"] for one in first["items"]] == [orders[2].number, orders[1].number]
    rest = world.api.read(f"/payments?limit=2&cursor={first['next_cursor']}")
    assert [one["order_number"] for one in rest["items"]] == [orders[0].number]
    shown = world.api.read(f"/payments/{orders[0].payment_id}")
    assert shown["gateway_transaction_id"] == orders[0].gateway_ref
    assert shown["amount"] == shown["order_total"] == {"amount_minor": 27_000, "currency": "KRW"}
    assert shown["status"] == "captured"
    until = before.isoformat().replace("+", "%2B")
    assert world.api.read(f"/payments?created_until={until}")["items"] == []
    assert len(world.api.read(f"/payments?created_from={until}")["items"]) == 3
    assert world.stranger.read("/payments")["items"] == []
    assert world.stranger.get(f"/payments/{orders[0].payment_id}").status_code == 404


@pytest.mark.parametrize("value", ["yesterday", "2026-11-21", "2026-11-21T00:00:00", "0", "%00"])
def test_an_instant_needs_its_offset(world: World, value: str) -> None:
    answer = world.api.get(f"/payments?created_from={value}")
    assert (answer.status_code, data(answer)["code"]) == (422, "request_invalid")


def test_what_is_no_id_is_no_payment(world: World) -> None:
    assert world.api.get("/payments/nothing").status_code == 404
    late = (clock.now() + timedelta(days=1)).isoformat().replace("+", "%2B")
    assert world.api.read(f"/payments?created_from={late}")["items"] == []
