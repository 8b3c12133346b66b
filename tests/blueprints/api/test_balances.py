"""Balances and their history read by a program (BAL-10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from tests.blueprints.api.conftest import World
from tests.factories.order import give_deposit

pytestmark = pytest.mark.req("BAL-10", "API-01")


def test_a_program_reads_a_history_page_by_page_and_a_balance_of_the_past(world: World) -> None:
    start = clock.now()
    for minutes, amount in ((0, 100), (1, 20), (2, 3)):
        with clock.frozen(start + timedelta(minutes=minutes)):
            give_deposit(world.bea, amount)
    first = world.api.read("/balances/deposit/KRW/movements?limit=2&kind=top_up")
    assert [one["balance_after"]["amount_minor"] for one in first["items"]] == [123, 120]
    rest = world.api.read(f"/balances/deposit/KRW/movements?limit=2&kind=top_up&cursor={first['next_cursor']}")
    assert [one["balance_after"]["amount_minor"] for one in rest["items"]] == [100]
    at = (start + timedelta(minutes=1)).isoformat().replace("+", "%2B")
    with clock.frozen(start + timedelta(hours=1)):
        then = world.api.read(f"/balances/deposit/KRW?at={at}")
    assert (then["balance"]["amount_minor"], then["usable"]) == (100, None)
    assert world.api.read("/balances/deposit/KRW")["usable"]["amount_minor"] == 123
    assert world.stranger.read("/balances/deposit/KRW/movements")["items"] == []
    assert world.stranger.read("/balances/mileage/PTS")["balance"] == {"amount_minor": 0, "currency": "PTS"}
    assert world.api.get("/balances/order_escrow/KRW").status_code == 404
