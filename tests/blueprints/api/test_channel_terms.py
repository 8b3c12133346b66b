"""Terms of a channel, what the mall asks of all, and the end of one, by programs (CHN-02, CHN-04, CHN-05, CHN-08)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from portal.db import transaction
from portal.models import Channel
from portal.queries.channels import forget_channels
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.refund import rows

pytestmark = pytest.mark.req("API-01", "IDN-02", "IDN-05")

FAILED = """
    INSERT INTO outbox_event (kind, subject, channel_id, created_at, due_at, last_error, payload)
    VALUES (:kind, 'order:1', :channel, now(), now() + interval '1 hour', 'gone', '{}')
"""


@pytest.fixture
def mei(world: World) -> Api:
    """She manages the channel in Korea."""
    person = make_person("mei")
    with transaction() as session:
        session.get_one(Channel, world.mall.kr.id).manager_id = person.id
    forget_channels()
    return Api(world.api.client, make_key(person, world.mall.kr))


@pytest.fixture
def ada(world: World) -> Api:
    return Api(world.api.client, make_key(make_person("ada", roles=("admin",)), world.mall.kr))


@pytest.mark.req("CHN-04", "CHN-05")
def test_a_channel_differs_with_a_reason_until_the_mall_says_no(world: World, mei: Api, ada: Api) -> None:
    here, there = (f"/channels/{one.id}/terms" for one in (world.mall.kr, world.mall.us))
    shown = mei.read(here)
    change = {"values": {"gift_card-valid_days": 3650, "top_up-closed": 1}, "version": shown["version"]}
    unfit = mei.put(here, change)
    assert (unfit.status_code, [one["field"] for one in data(unfit)["errors"]]) == (422, ["why"])
    wrong = {"values": {"gift_card-valid_days": 1, "colour": 1}, "why": "x", "version": shown["version"]}
    assert [one["field"] for one in data(mei.put(here, wrong))["errors"]] == ["values.colour"]
    wrong["values"] = {"gift_card-valid_days": 0}
    assert [one["field"] for one in data(mei.put(here, wrong))["errors"]] == ["values.gift_card-valid_days"]
    changed = data(mei.put(here, change | {"why": "The law asks for ten years."}))
    values = {one["name"]: one["value"] for one in changed["terms"] if one["value"] is not None}
    assert values == change["values"]
    assert {one["why"] for one in changed["decisions"]} == {"The law asks for ten years."}
    assert data(mei.put(here, change | {"why": "again"}))["code"] == "channel_changed"
    assert [mei.get(there).status_code, mei.put(there, change).status_code] == [404, 404]
    rule = {
        "kind": "policy",
        "words": {"en": "Cards are alike.", "ko": "카드는 같아요."},
        "features": ["gift_card"],
        "fixed": ["gift_card-valid_days"],
    }
    assert [mei.get("/house-rules").status_code, mei.post("/house-rules", rule).status_code] == [403, 403]
    assert ada.post("/house-rules", rule | {"fixed": ["nothing"]}).status_code == 422
    (written,) = data(ada.post("/house-rules", rule))["rules"]
    assert {one["name"]: one["value"] for one in mei.read(here)["terms"]}["gift_card-valid_days"] is None
    again = change | {"why": "ours", "version": mei.read(here)["version"]}
    assert [one["field"] for one in data(mei.put(here, again))["errors"]] == ["values.gift_card-valid_days"]
    confirm = f"/house-rules/{written['id']}/channels/{world.mall.kr.id}/confirmation"
    assert mei.post(confirm, {"note": "done"}).status_code == 403
    standing = data(ada.post(confirm, {"note": "done"}))["standings"]
    blocked = {one["channel_id"]: one["is_blocked"] for one in standing}
    assert (blocked[world.mall.kr.id], blocked[world.mall.us.id]) == (False, True)
    assert ada.post(confirm, {"note": "done"}).status_code == 409


@pytest.mark.req("CHN-08")
def test_a_manager_handles_what_failed_on_his_channel_and_nothing_of_another(world: World, mei: Api, ada: Api) -> None:
    with transaction() as session:
        session.execute(text(FAILED), {"kind": "order.here", "channel": world.mall.kr.id})
        session.execute(text(FAILED), {"kind": "order.there", "channel": world.mall.us.id})
    here, there = world.mall.kr.id, world.mall.us.id
    shown = mei.read(f"/propagation?channel_id={here}")
    assert [one["kind"] for one in shown["failures"]] == ["order.here"]
    assert {one["kind"] for one in ada.read("/propagation")["failures"]} == {"order.here", "order.there"}
    assert [mei.get(path).status_code for path in ("/propagation", f"/propagation?channel_id={there}")] == [404, 404]
    refused = [
        mei.post("/propagation/retry", {}),
        mei.post("/propagation/retry", {"channel_id": there}),
        mei.post(f"/channels/{there}/reconciliation"),
        ada.post("/channels/987654321/reconciliation"),
    ]
    assert [one.status_code for one in refused] == [404] * 4
    other = rows("SELECT id FROM outbox_event WHERE kind = 'order.there'")[0][0]
    assert data(mei.post("/propagation/retry", {"channel_id": here, "event_id": other})) == {"events": 0}
    assert data(mei.post("/propagation/retry", {"channel_id": here})) == {"events": 1}
    assert data(ada.post("/propagation/retry", {})) == {"events": 1}
    assert set(data(mei.post(f"/channels/{here}/reconciliation"))) == {"listings", "events", "messages"}
    assert world.api.get("/propagation").status_code == 403


@pytest.mark.req("CHN-02")
def test_the_mall_winds_a_channel_up_once_and_its_manager_does_not(world: World, mei: Api, ada: Api) -> None:
    path = f"/channels/{world.mall.us.id}/wind-up"
    version = ada.read(path)["version"]
    end = {"successor_id": world.mall.kr.id, "version": version}
    assert data(ada.post(path, end))["code"] == "channel_wind_up_untimely"
    with transaction() as session:
        session.execute(text("UPDATE channel SET state = 'sunset' WHERE code = 'us'"))
    forget_channels()
    assert data(ada.post(path, end | {"successor_id": None}))["code"] == "channel_successor_unfit"
    assert [mei.get(path).status_code, mei.post(path, end).status_code] == [403, 403]
    done = data(ada.post(path, end))
    assert (done["is_done"], done["successor_id"], len(done["exports"])) == (True, world.mall.kr.id, 4)
    assert data(ada.post(path, end | {"version": done["version"]}))["code"] == "channel_wind_up_untimely"
