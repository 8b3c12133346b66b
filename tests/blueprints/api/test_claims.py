"""A store's program claims for its parcel and settles it, and touches no parcel of another store (ORD-005)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.order import make_order
from tests.factories.parcel import send
from tests.factories.refund import rows


@pytest.mark.req("ORD-005", "API-01", "IDN-02")
def test_a_lost_parcel_is_claimed_once_and_paid_back_or_sent_again(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 2})
    sam, sue = (
        make_person(name, roles=("buyer", "seller"), store_ids=(world.mall.store_ids[n],))
        for n, name in enumerate(("sam", "sue"))
    )
    store, other = (Api(world.api.client, make_key(person, world.mall.kr)) for person in (sam, sue))
    send(order.part_ids[0], sam)
    parcel = str(rows("SELECT id FROM shipment WHERE part_id = :id", id=order.part_ids[0])[0][0])
    line = str(rows("SELECT id FROM order_line WHERE order_id = :id", id=order.id)[0][0])
    path, body = f"/store/shipments/{parcel}/claim", {"reason": "lost", "lines": [{"line_id": line, "units": 1}]}
    assert other.post(path, body, Idempotency_Key="c-1").status_code == 404
    first, again = (store.post(path, body, Idempotency_Key="c-1") for _ in range(2))
    assert (first.status_code, data(again)["id"]) == (201, data(first)["id"])
    assert (data(first)["kind"], data(first)["status"]) == ("claim", "requested")
    own = f"/store/returns/{data(first)['id']}"
    wish: dict[str, Any] = {"outcome": "refund", "carrier_liable": True}
    assert data(store.post(f"{own}/settlement", wish))["code"] == "refusal_reason_missing"
    assert other.post(f"{own}/settlement", wish | {"note": "x"}).status_code == 404
    paid = data(store.post(f"{own}/settlement", wish | {"note": "Search closed.", "version": data(first)["version"]}))
    assert (paid["status"], paid["refund"]["status"]) == ("settled", "approved")
    assert store.post(f"{own}/settlement", wish | {"note": "Search closed."}).status_code == 200

    second = data(store.post(path, body, Idempotency_Key="c-2"))
    resent = data(store.post(f"/store/returns/{second['id']}/settlement", {"outcome": "resend"}))
    assert (resent["wish"], resent["status"]) == ("resend", "inspected")
    parcel_out = {"carrier": "cj", "tracking_number": "581200000009"}
    sent = data(store.post(f"/store/returns/{second['id']}/replacement", parcel_out))
    assert (sent["status"], sent["replacement_number"]) == ("settled", "581200000009")
    nothing = store.post(f"/store/returns/{second['id']}/way-back", parcel_out)
    assert (nothing.status_code, data(nothing)["code"]) == (409, "return_nothing_to_send")
