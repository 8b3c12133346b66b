"""A program changes a paid order before a store has packed it (API-01, ORD-06)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from portal.db import transaction
from tests.blueprints.api.conftest import ADDRESS, Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import make_order
from tests.factories.parcel import send
from tests.factories.refund import rows

pytestmark = pytest.mark.req("API-01", "ORD-06", "IDN-02")

ELSEWHERE = ADDRESS | {"line1": "부산 해운대구 센텀로 1", "postcode": "48058"}


def test_a_program_sends_an_order_elsewhere_and_takes_another_option(world: World) -> None:
    order, clay = make_order(world.bea, world.mall, {world.bowl: 3}), make_variant(world.mall, on_hand=10)
    with transaction() as session:
        session.execute(
            text("UPDATE variant SET product_id = (SELECT product_id FROM variant WHERE id = :was) WHERE id = :id"),
            {"was": world.bowl, "id": clay},
        )
    path = f"/orders/{order.number}"
    read = world.api.get(f"{path}/change")
    shown, seen = data(read), read.headers["ETag"]
    (line,) = shown["lines"]
    assert (shown["address_open"], [one["variant_id"] for one in line["choices"]]) == (True, [clay])
    moved = world.api.call("PUT", f"{path}/address", {"address": ELSEWHERE}, If_Match=seen)
    assert (moved.status_code, data(moved)["address"]["line1"]) == (200, ELSEWHERE["line1"])
    assert data(moved)["version"] == shown["version"] + 1
    option = f"{path}/lines/{line['line_id']}/option"
    late = world.api.call("PUT", option, {"variant_id": clay}, If_Match=seen)
    assert (late.status_code, data(late)["code"]) == (412, "changed_since_read")
    assert world.api.put(option, {"variant_id": clay}).status_code == 200
    assert rows("SELECT variant_id FROM order_line WHERE order_id = :id", id=order.id) == [(clay,)]
    unfit = world.api.put(option, {"variant_id": world.lamp})
    assert (unfit.status_code, data(unfit)["code"]) == (422, "option_unfit")
    abroad = world.api.put(f"{path}/address", {"address": ELSEWHERE | {"country": "US", "city": "x", "region": "NY"}})
    assert abroad.status_code == 422
    told = "SELECT count(*) FROM audit_row WHERE action = 'order:amended' AND ref = :ref"
    assert rows(told, ref=f"order:{order.id}") == [(2,)]
    assert world.stranger.get(f"{path}/change").status_code == 404
    assert world.stranger.put(f"{path}/address", {"address": ELSEWHERE}).status_code == 404
    send(order.part_ids[0], make_person("sam", store_ids=(world.mall.store_ids[0],)))
    gone: Any = world.api.put(f"{path}/address", {"address": ADDRESS})
    assert (gone.status_code, gone.json["code"]) == (409, "order_cannot_be_changed")


def test_the_mall_does_it_in_a_buyers_stead_with_a_reason_and_without_reading_his_address(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 1})
    ada = make_person("ada", roles=("buyer", "admin"))
    mall = Api(world.api.client, make_key(ada, world.mall.kr))
    path = f"/orders/{order.number}"
    assert mall.read(f"{path}/change")["address"] is None
    silent = mall.put(f"{path}/address", {"address": ELSEWHERE})
    assert (silent.status_code, data(silent)["code"]) == (422, "amend_reason_missing")
    said = mall.put(f"{path}/address", {"address": ELSEWHERE, "reason": "She asked by phone"})
    assert (said.status_code, data(said)["address"]) == (200, None)
    assert world.api.read(f"{path}/change")["address"]["line1"] == ELSEWHERE["line1"]
