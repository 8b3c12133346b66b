"""Webhooks made, read and sent again by programs, each key its own (API-01, API-02)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.rules.permissions import Permission
from portal.services.outbox import Event
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.refund import rows
from tests.factories.webhook import handle_waiting, happen

pytestmark = pytest.mark.req("API-01", "API-02")
BODY = {"name": "App", "url": "https://partner.invalid/hooks", "events": ["order.paid", "cart.changed"]}


def test_a_program_makes_changes_and_removes_its_webhook(world: World) -> None:
    made = world.api.post("/webhooks", BODY)
    assert made.status_code == 201, made.text
    assert data(made)["secret"].startswith("whsec_")
    path = f"/webhooks/{data(made)['webhook']['id']}"
    assert [one["id"] for one in world.api.read("/webhooks")["items"]] == [data(made)["webhook"]["id"]]
    assert rows("SELECT user_id, channel_id FROM webhook_endpoint") == [(world.bea.id, world.mall.kr.id)]

    changed = world.api.call("PATCH", path, {"version": 1, "events": ["order.paid"], "state": "off"})
    assert (data(changed)["events"], data(changed)["state"]) == (["order.paid"], "off")
    late = world.api.call("PATCH", path, {"version": 1, "name": "Late"})
    assert (late.status_code, data(late)["code"]) == (409, "webhook_changed")
    assert data(world.api.post(f"{path}/test"))["code"] == "webhook_stopped"
    secret = world.api.post(f"{path}/secret", {"overlap_hours": 1})
    assert secret.status_code == 201
    assert data(secret)["webhook"]["previous_secret_until"] is not None

    stranger = world.stranger
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"version": 1}),
        ("DELETE", "", None),
        ("POST", "/secret", {}),
        ("POST", "/test", None),
        ("GET", "/messages", None),
        ("POST", "/replay", {"since": clock.now().isoformat()}),
        ("POST", f"/messages/{data(made)['webhook']['id']}/redelivery", None),
    ):
        assert stranger.call(method, path + rest, body).status_code == 404
        assert world.as_bea().call(method, path + rest, body).status_code == 404  # Another key of the same person.
    assert world.api.delete(path).status_code == 204
    assert world.api.get(path).status_code == 404


def test_messages_are_listed_replayed_and_sent_again(world: World) -> None:
    since = clock.now() - timedelta(minutes=5)
    happen(Event("cart.changed", "cart:1", {"version": 2}, world.mall.kr.id, world.bea.id))
    path = f"/webhooks/{data(world.api.post('/webhooks', BODY))['webhook']['id']}"
    happen(Event("cart.changed", "cart:1", {"version": 3}, world.mall.kr.id, world.bea.id))
    happen(Event("cart.changed", "cart:2", {"version": 3}, world.mall.kr.id, world.max.id))
    assert len(world.api.read(f"{path}/messages?state=waiting")["items"]) == 1
    assert data(world.api.post(f"{path}/replay", {"since": since.isoformat()})) == {"messages": 1}
    page = world.api.read(f"{path}/messages?limit=1")
    assert page["items"][0]["data"] == {"object": "cart", "id": "1"}
    assert world.api.get(f"{path}/messages?cursor={page['next_cursor']}&state=dead").status_code == 400
    assert len(world.api.read(f"{path}/messages?cursor={page['next_cursor']}&limit=1")["items"]) == 1
    again = world.api.post(f"{path}/messages/{page['items'][0]['id']}/redelivery")
    assert again.status_code == 202
    assert world.api.post(f"{path}/test").status_code == 202
    handle_waiting()
    assert world.api.read(path)["waiting"] == 3
    too_far = world.api.post(f"{path}/replay", {"since": "2020-01-01T00:00:00Z"})
    assert data(too_far)["code"] == "webhook_replay_too_far"


def test_a_program_gets_no_further_than_its_person(world: World) -> None:
    sam = make_person("sam", store_ids=world.mall.store_ids[:1])
    shop = Api(world.api.client, make_key(sam, world.mall.kr))
    asked = BODY | {"events": ["stock.low"], "reach": "store"}
    assert shop.post("/webhooks", asked).status_code == 201
    assert shop.post("/webhooks", asked | {"store": "no-such-store"}).status_code == 404
    assert shop.post("/webhooks", asked | {"events": ["account.frozen"]}).status_code == 422
    assert world.api.post("/webhooks", asked).status_code == 404
    assert world.api.post("/webhooks", BODY | {"events": ["order.paid"], "reach": "mall"}).status_code == 404
    assert world.as_bea(Permission.ORDER_VIEW).get("/webhooks").status_code == 403
    inside = world.api.post("/webhooks", BODY | {"url": "https://169.254.169.254/latest"})
    assert (inside.status_code, data(inside)["code"]) == (422, "webhook_unfit")
    assert [one["field"] for one in data(inside)["errors"]] == ["url"]
