"""Corrections of balances by a program of the house (BAL-07)."""

from __future__ import annotations

import pytest

from portal.jobs.adjustments import work_on_adjustment
from tests.blueprints.api.conftest import Api, World, make_key
from tests.factories.account import make_person
from tests.factories.order import give_deposit
from tests.factories.refund import rows

pytestmark = pytest.mark.req("BAL-07", "API-01")


def body(world: World, amount: int, **more: object) -> dict[str, object]:
    lines = [{"person": str(world.bea.id), "amount_minor": amount}]
    return {"kind": "deposit", "currency": "KRW", "reason": "Credited twice", "lines": lines, **more}


@pytest.fixture
def hands(world: World) -> tuple[Api, Api]:
    people = [make_person(name, roles=("buyer", "finance")) for name in ("fay", "fred")]
    first, second = (Api(world.api.client, make_key(one, world.mall.kr)) for one in people)
    return first, second


def test_a_program_corrects_a_balance_once_and_a_large_one_with_a_second_person(
    world: World, hands: tuple[Api, Api]
) -> None:
    give_deposit(world.bea, 5_000)
    fay, fred = hands
    for _ in range(2):
        small = fay.post("/adjustments", body(world, -4_000), Idempotency_Key="small-1")
        assert small.status_code == 201, small.text
    other = fay.post("/adjustments", body(world, -1), Idempotency_Key="small-1")
    assert (other.json or {})["code"] == "idempotency_key_reused"
    work_on_adjustment(small.json["id"])  # type: ignore[index]  # It is JSON.
    assert rows("SELECT balance_minor FROM ledger_account WHERE cached") == [(1_000,)]
    assert fay.read(f"/adjustments/{small.json['id']}")["state"] == "done"  # type: ignore[index]  # As above.
    large = fay.post("/adjustments", body(world, 150_000), Idempotency_Key="large-1").json
    assert large["state"] == "waiting"  # type: ignore[index]  # As above.
    path = f"/adjustments/{large['id']}"  # type: ignore[index]  # As above.
    assert fay.post(f"{path}/approval").json["code"] == "adjustment_own"  # type: ignore[index]  # As above.
    assert fred.post(f"{path}/approval").json["state"] == "running"  # type: ignore[index]  # As above.


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"lines": [{"person": "nobody@example.com", "amount_minor": 5}]}, "adjustment_empty"),
        ({"kind": "mileage"}, "adjustment_kind"),
        ({"currency": "ZZZ"}, "adjustment_kind"),
        ({"kind": "mileage", "currency": "PTS", "points_until": "2020-02-30"}, "adjustment_expiry"),
        ({"reason": "no"}, "adjustment_reason"),
        ({"lines": []}, "request_invalid"),
    ],
)
def test_what_cannot_be_has_its_code(world: World, hands: tuple[Api, Api], more: dict[str, object], code: str) -> None:
    answer = hands[0].post("/adjustments", body(world, 5, **more), Idempotency_Key="k-1")
    assert (answer.status_code, (answer.json or {})["code"]) == (422, code)
    assert rows("SELECT count(*) FROM adjustment WHERE state <> 'draft'") == [(0,)]


def test_a_buyer_corrects_nothing(world: World) -> None:
    assert world.api.post("/adjustments", body(world, 5), Idempotency_Key="k-1").status_code == 403
    assert world.api.get("/adjustments/x").status_code == 403
