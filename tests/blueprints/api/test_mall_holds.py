"""Programs of the mall stop parts of orders, let them go on, and decide about what rules hold (ORD-002, FRD-08)."""

from __future__ import annotations

from typing import Any

import pytest

from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("API-01", "IDN-02")


@pytest.mark.req("ORD-002", "FRD-08")
def test_a_part_is_stopped_with_a_reason_and_goes_on_when_its_hold_ends(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 1})
    boss = make_person("ada", roles=("admin",))
    ada, narrow = (
        Api(world.api.client, make_key(boss, world.mall.kr, *only)) for only in ((), (Permission.ORDER_VIEW,))
    )
    path = f"/mall/orders/{order.number}"
    hold = f"{path}/parts/{order.part_ids[0]}/holds"
    why = {"kind": "admin", "reason": "legal", "note": "A letter came."}
    refused = narrow.post(hold, why)
    assert (refused.status_code, data(refused)["code"]) == (404, "part_unknown"), "it may only look"
    placed = ada.post(hold, why)
    [held] = data(placed)["items"]
    assert (placed.status_code, held["reason"], held["placed_by"], held["may_end"]) == (201, "legal", "Ada", True)
    assert narrow.read(f"{path}/holds")["items"][0]["may_end"] is False
    assert (data(ada.post(hold, why))["code"], ada.post(hold, why | {"reason": "no"}).status_code) == (
        "hold_exists",
        422,
    )
    end = f"{path}/holds/{held['id']}/end"
    assert narrow.post(end, {}).status_code == 404
    assert data(ada.post(end, {"reason": "Answered."}))["items"] == []
    assert data(ada.post(end, {}))["code"] == "hold_over"
    assert world.api.get(f"{path}/holds").status_code == 403


@pytest.mark.req("ORD-002", "FRD-06")
def test_what_a_rule_holds_is_cleared_or_refused_once(world: World) -> None:
    large = make_variant(world.mall, krw=REVIEWED_KRW)
    bob = make_person("bob", now=LONG_AGO)
    order = make_order(bob, world.mall, {large: 1}, outcome="authorised")
    ada = Api(world.api.client, make_key(make_person("ada", roles=("admin",)), world.mall.kr))
    path = f"/mall/orders/{order.number}"
    assert ada.post(f"{path}/clearance", {"reason": "abuse"}).status_code == 422, "a reason of a refusal"
    stale: Any = ada.post(f"{path}/refusal", {"reason": "abuse", "version": 999})
    assert (stale.status_code, data(stale)["code"]) == (409, "already_reviewed")
    done = [data(ada.post(f"{path}/clearance", {"reason": "confirmed", "note": "By phone."})) for _n in range(2)]
    assert [(one["decision"], one["is_repeat"]) for one in done] == [("clear", False), ("clear", True)]
    assert rows("SELECT fraud_hold FROM orders WHERE id = :id", id=order.id) == [(False,)]
    assert data(ada.post(f"{path}/refusal", {"reason": "abuse"}))["code"] == "already_reviewed"
    assert ada.post("/mall/orders/KR-NONE/clearance", {"reason": "confirmed"}).status_code == 404
    assert world.api.post(f"{path}/clearance", {"reason": "confirmed"}).status_code == 403
