"""A store's program packs, holds, labels and brings what was sold (API-01, ORD-002, ORD-003)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from portal.config import Settings
from portal.db import atomically
from portal.gateways.carriers.base import BoughtLabel
from portal.jobs.parcels import set_tracker
from portal.kit import clock
from portal.rules.holds import HoldKind
from portal.services.fulfilment.settle_label import claim_label, settle_bought
from portal.services.orders.place_hold import place_hold
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.documents.reading import pages_of
from tests.factories.account import Person, make_person
from tests.factories.order import make_order
from tests.factories.parcel import send

pytestmark = pytest.mark.req("API-01", "IDN-02")


def key_of(world: World, person: Person) -> Api:
    return Api(world.api.client, make_key(person, world.mall.kr))


@pytest.fixture
def sam(world: World) -> Person:
    return make_person("sam", store_ids=(world.mall.store_ids[0],))


@pytest.fixture
def store(world: World, sam: Person) -> Api:
    return key_of(world, sam)


@pytest.fixture
def other(world: World) -> Api:
    return key_of(world, make_person("sue", store_ids=(world.mall.store_ids[1],)))


@pytest.fixture
def carrier(settings: Settings) -> Iterator[None]:
    # Nobody listens there: what a carrier would answer is settled by hand.
    set_tracker(replace(settings, trackhub_url="http://127.0.0.1:9", trackhub_api_key="key"))
    yield
    set_tracker(settings)


@pytest.mark.req("ORD-002", "ORD-10")
def test_a_part_is_packed_and_held_and_goes_on_where_it_stopped(world: World, store: Api, other: Api) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 2})
    path = f"/store/orders/{order.part_ids[0]}"
    seen = store.get(path).headers["ETag"]
    assert data(store.post(f"{path}/packing"))["status"] == "packed"
    assert store.post(f"{path}/packing").status_code == 200
    why = {"reason": "address_unclear", "note": "No such house."}
    late = store.post(f"{path}/holds", why, If_Match=seen)
    assert (late.status_code, data(late)["code"]) == (412, "changed_since_read")
    held = store.post(f"{path}/holds", why, If_Match=store.get(path).headers["ETag"])
    assert held.status_code == 201
    (hold,) = data(held)["holds"]
    assert (data(held)["status"], hold["note"], hold["may_end"]) == ("held", "No such house.", True)
    assert data(store.post(f"{path}/holds", why))["code"] == "hold_exists"
    assert data(store.post(f"{path}/packing"))["code"] == "part_on_hold"
    end = f"{path}/holds/{hold['id']}/end"
    assert [one.post(end).status_code for one in (other, world.api)] == [404, 403]
    assert data(store.post(end))["status"] == "packed"
    assert data(store.post(end))["code"] == "hold_over"
    ada = make_person("ada", roles=("admin",))
    atomically(
        lambda s: place_hold(
            s,
            part_id=order.part_ids[0],
            kind=HoldKind.FRAUD,
            reason="identity_unclear",
            note="",
            actor=ada.actor,
            now=clock.now(),
        )
    )
    (ours,) = store.read(path)["holds"]
    assert (ours["kind"], ours["reason"], ours["may_end"]) == ("fraud", "", False)
    assert store.post(f"{path}/holds/{ours['id']}/end").status_code == 404
    assert other.post(f"{path}/holds", why).status_code == 404


@pytest.mark.req("ORD-003")
def test_a_store_brings_what_no_carrier_tells_of(world: World, sam: Person, store: Api, other: Api) -> None:
    orders = [make_order(world.bea, world.mall, {world.bowl: 1}) for _n in range(2)]
    own, tracked = (
        send(order.part_ids[0], sam, carrier=carrier, number=number).shipment_id
        for order, carrier, number in zip(orders, ("own", "cj"), ("Bike 7", None), strict=True)
    )
    path = f"/store/shipments/{own}/arrival"
    assert [one.post(path).status_code for one in (other, world.api)] == [404, 403]
    assert [data(store.post(path))["status"] for _n in range(2)] == ["delivered", "delivered"]
    told = store.post(f"/store/shipments/{tracked}/arrival")
    assert (told.status_code, data(told)["code"]) == (409, "carrier_tells")


@pytest.mark.req("ORD-003")
@pytest.mark.usefixtures("carrier")
def test_labels_are_bought_once_printed_and_given_back(world: World, store: Api, other: Api) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 2})
    path = f"/store/orders/{order.part_ids[0]}/labels"
    line = store.read(f"/store/orders/{order.part_ids[0]}")["lines"][0]["line_id"]
    wish: Any = {"carrier": "cj", "lines": [{"line_id": line, "quantity": 1}]}
    made = [store.post(path, wish, Idempotency_Key="one") for _n in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    assert len({data(one)["id"] for one in made}) == 1
    assert data(store.post(path, {"carrier": "cj"}, Idempotency_Key="one"))["code"] == "idempotency_key_reused"
    assert data(store.post(path, {"carrier": "own"}, Idempotency_Key="two"))["code"] == "carrier_without_labels"
    assert data(store.post(path, {"carrier": "pigeon"}, Idempotency_Key="six"))["code"] == "carrier_unknown"
    assert other.post(path, wish, Idempotency_Key="six").status_code == 404
    label = f"/store/labels/{data(made[0])['id']}"
    assert store.get(f"{label}/file").status_code == 404
    label_id = uuid.UUID(data(made[0])["id"])
    atomically(lambda s: claim_label(s, label_id=label_id, now=clock.now()))
    bought = BoughtLabel("lbl_1", "cj", "681234567890", is_void=False)
    atomically(lambda s: settle_bought(s, label_id=label_id, bought=bought, now=clock.now()))
    ((listed,), (page,)) = store.read(path)["items"], pages_of(store.get(f"{label}/file").data)
    assert (listed["status"], listed["can_print"], listed["lines"][0]["quantity"]) == ("bought", True, 1)
    assert "681234567890" in page
    assert [other.get(f"{label}/file").status_code, other.post(f"{label}/void").status_code] == [404, 404]
    assert [data(store.post(f"{label}/void"))["status"] for _n in range(2)] == ["voiding", "voiding"]
