"""A store's program: what is to be sent, accepted and sent, through the API, and nothing of other stores."""

from __future__ import annotations

from typing import Any

import pytest

from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import Api, World, make_key
from tests.factories.account import make_person
from tests.factories.order import make_order


@pytest.mark.req("ORD-003", "API-01", "IDN-02")
def test_a_program_accepts_and_sends_what_its_store_sold(world: World) -> None:
    order = make_order(world.max, world.mall, {world.bowl: 3})
    sam = make_person("sam", store_ids=(world.mall.store_ids[0],))
    sue = make_person("sue", store_ids=(world.mall.store_ids[1],))
    api, other, narrow = (
        Api(world.api.client, make_key(person, world.mall.kr, *permissions))
        for person, permissions in ((sam, ()), (sue, ()), (sam, (Permission.CATALOGUE_VIEW,)))
    )
    listed = api.read("/store/orders")
    assert [one["order_number"] for one in listed["items"]] == [order.number]
    path = f"/store/orders/{listed['items'][0]['id']}"
    accepted = api.post(f"{path}/acceptance")
    assert accepted.json
    assert accepted.json["status"] == "accepted"
    assert api.post(f"{path}/acceptance").status_code == 200
    line = api.read(path)["lines"][0]["line_id"]
    parcel = {"carrier": "cj", "tracking_number": "5812-0000-0001", "lines": [{"line_id": line, "quantity": 2}]}

    unfit: Any = api.post(f"{path}/shipments", parcel | {"tracking_number": "1"}).json
    assert unfit["code"] == "tracking_number_unfit"
    first: Any = api.post(f"{path}/shipments", parcel).json
    again: Any = api.post(f"{path}/shipments", parcel).json
    assert (first["part_status"], again["is_repeat"]) == ("packed", True)
    assert first["shipment"]["id"] == again["shipment"]["id"]
    rest: Any = api.post(f"{path}/shipments", {"carrier": "cj", "tracking_number": "581200000002"}).json
    assert rest["part_status"] == "shipped"
    assert [len(one["lines"]) for one in api.read(path)["shipments"]] == [1, 1]
    assert api.post(f"{path}/shipments", {"carrier": "cj", "tracking_number": "581200000003"}).status_code == 409

    assert other.get(path).status_code == 404
    assert other.post(f"{path}/shipments", parcel).status_code == 404
    assert narrow.get("/store/orders").status_code == 403
    assert world.api.get("/store/orders").status_code == 403
