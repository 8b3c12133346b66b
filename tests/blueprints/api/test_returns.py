"""A program asks to send goods back, and the store's program answers, receives and inspects (API-01, ORD-005)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.blueprints.api.conftest import Api, World, make_key
from tests.factories.account import make_person
from tests.factories.order import make_order
from tests.factories.parcel import send
from tests.factories.refund import rows


@pytest.mark.req("ORD-005", "API-01", "IDN-02")
def test_programs_of_buyer_and_store_take_a_return_to_its_end(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 3})
    sam = make_person("sam", roles=("buyer", "seller"), store_ids=(world.mall.store_ids[0],))
    sue = make_person("sue", roles=("buyer", "seller"), store_ids=(world.mall.store_ids[1],))
    store, other = (Api(world.api.client, make_key(person, world.mall.kr)) for person in (sam, sue))
    line = str(rows("SELECT id FROM order_line WHERE order_id = :id", id=order.id)[0][0])
    body = {"lines": [{"line_id": line, "units": 2}], "reason": "damaged"}
    path = f"/orders/{order.number}/returns"
    early: Any = world.api.post(path, body, Idempotency_Key="r-0").json
    assert early["code"] == "return_not_sent_yet"
    send(order.part_ids[0], sam)
    first: Any = world.api.post(path, body, Idempotency_Key="r-1")
    again: Any = world.api.post(path, body, Idempotency_Key="r-1")
    assert (first.status_code, again.json["id"]) == (201, first.json["id"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert world.api.post(path, body, Idempotency_Key="r-2").status_code == 422
    [listed] = store.read("/store/returns")["items"]
    own = f"/store/returns/{listed['id']}"
    assert other.get(own).status_code == 404
    assert other.post(f"{own}/approval", {"return_to": "x"}).status_code == 404
    assert world.api.post(f"{own}/approval", {"return_to": "x"}).status_code == 404
    unknown: Any = store.post(f"{own}/approval", {}).json
    assert unknown["code"] == "return_address_missing"
    agreed: Any = store.post(f"{own}/approval", {"return_to": "12 Store Street", "version": 1}).json
    assert agreed["status"] == "approved"
    stale: Any = store.post(f"{own}/receipt", {"version": 1})
    assert (stale.status_code, stale.json["code"]) == (409, "return_changed")
    came: Any = store.post(f"{own}/receipt", {"lines": [{"line_id": line, "units": 1}]}).json
    states = [unit["state"] for unit in came["lines"][0]["units"]]
    assert states == ["received", "missing"]
    unit = came["lines"][0]["units"][0]["id"]
    verdict = {"unit_id": unit, "accepted": True, "condition": "new", "restock": True}
    done: Any = store.post(f"{own}/inspection", {"units": [verdict]}).json
    assert (done["status"], done["refund"]["status"]) == ("settled", "approved")
    assert world.api.read(f"/returns/{first.json['number']}")["refund"] == done["refund"]
    assert world.api.get("/returns/R-NONE").status_code == 404
