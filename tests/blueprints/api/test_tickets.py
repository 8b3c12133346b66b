"""Tickets opened, read and answered by programs (ORD-08)."""

from __future__ import annotations

import pytest

from portal.blueprints.api.files import EXAMPLE
from portal.rules.permissions import Permission
from portal.services.accounts.throttle import HOUR, Limit, Rule
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.order import make_order

pytestmark = pytest.mark.req("ORD-08", "API-01")


def test_a_program_asks_and_the_stores_program_answers(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 1})
    sam = make_person("sam", store_ids=world.mall.store_ids)
    shop = Api(world.api.client, make_key(sam, world.mall.kr, Permission.TICKET_VIEW, Permission.TICKET_ANSWER))
    body = {"kind": "delay", "about": f"part:{order.part_ids[0]}", "text": "Where is it?\nI wait."}

    opened = world.api.post("/tickets", body, Idempotency_Key="one")
    again = world.api.post("/tickets", body, Idempotency_Key="one")
    other = world.api.post("/tickets", body | {"text": "Else"}, Idempotency_Key="one")
    assert (opened.status_code, again.status_code) == (201, 201)
    assert data(opened) == data(again)
    assert (other.status_code, data(other)["code"]) == (409, "idempotency_key_reused")
    path = f"/tickets/{data(opened)['ticket']['number']}"
    assert world.stranger.get(path).status_code == 404
    assert world.stranger.post(f"{path}/messages", {"text": "x"}, Idempotency_Key="x").status_code == 404
    assert world.stranger.post("/tickets", body, Idempotency_Key="x").status_code == 404

    (waiting,) = shop.read("/tickets?side=store&view=waiting")["items"]
    assert waiting["number"] in path
    note = shop.post(f"{path}/messages", {"text": "Check the van.", "is_note": True}, Idempotency_Key="n")
    answered = shop.post(f"{path}/messages", {"text": "Tomorrow.", "solves": True}, Idempotency_Key="a")
    assert (note.status_code, answered.status_code) == (201, 201)
    read = world.api.read(path)
    assert read["ticket"]["status"] == "solved"
    assert [one["text"] for one in read["messages"]] == ["Where is it?\nI wait.", "Tomorrow."]
    assert len(shop.read(path)["messages"]) == 3
    world.api.post(f"{path}/messages", {"text": "It came."}, Idempotency_Key="b")
    assert [one["status"] for one in world.api.read("/tickets")["items"]] == ["reopened"]
    assert world.api.get("/tickets?side=store").status_code == 404
    assert world.as_bea(Permission.ORDER_VIEW).get("/tickets").status_code == 403


@pytest.mark.req("ORD-08")
def test_files_go_along_are_taken_by_who_may_read_them_and_the_matter_is_solved(world: World) -> None:
    body = {"kind": "other", "text": "It is dented.", "files": [EXAMPLE]}
    opened = world.api.post("/tickets", body, Idempotency_Key="f")
    assert opened.status_code == 201, opened.text
    path = f"/tickets/{data(opened)['ticket']['number']}"
    (file,) = data(opened)["messages"][0]["files"]
    taken = world.api.get(f"{path}/files/{file['id']}")
    assert (taken.mimetype, taken.content_length) == ("image/png", file["size"])
    assert taken.headers["X-Content-Type-Options"] == "nosniff"
    assert world.stranger.get(f"{path}/files/{file['id']}").status_code == 404
    assert world.stranger.post(f"{path}/state", {"to": "solved"}).status_code == 404
    assert world.api.post(f"{path}/state", {"to": "closed"}).status_code == 409
    for _ in range(2):
        solved = world.api.post(f"{path}/state", {"to": "solved"})
        assert (solved.status_code, data(solved)["ticket"]["status"]) == (200, "solved")
    again = world.api.post("/tickets", body | {"files": []}, Idempotency_Key="f")
    assert (again.status_code, data(again)["code"]) == (409, "idempotency_key_reused")


@pytest.mark.req("FRD-05")
def test_what_a_buyers_program_writes_is_limited_and_a_repeat_counts_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.blueprints.api.v1.tickets.views.TALK", Rule("talk", Limit(2, HOUR), Limit(9, HOUR)))
    order = make_order(world.bea, world.mall, {world.bowl: 1})
    body = {"kind": "delay", "about": f"part:{order.part_ids[0]}", "text": "Where is it?"}
    opened = world.api.post("/tickets", body, Idempotency_Key="one")
    path = f"/tickets/{data(opened)['ticket']['number']}/messages"
    codes = [
        world.api.post(path, {"text": text}, Idempotency_Key=text).status_code
        for text in ("Hello?", "Hello?", "Still?")
    ]
    assert (opened.status_code, codes) == (201, [201, 201, 429])
    refused = world.api.post("/tickets", body, Idempotency_Key="two")
    assert (refused.status_code, data(refused)["code"]) == (429, "too_often")
    assert int(refused.headers["Retry-After"]) > 0
    assert len(world.api.read("/tickets")["items"]) == 1
    sam = make_person("sam", store_ids=world.mall.store_ids)
    shop = Api(world.api.client, make_key(sam, world.mall.kr, Permission.TICKET_VIEW, Permission.TICKET_ANSWER))
    assert shop.post(path, {"text": "Tomorrow."}, Idempotency_Key="a").status_code == 201


@pytest.mark.req("IDN-02")
def test_a_ticket_is_given_to_who_answers_it_and_passed_between_store_and_mall(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 1})
    sam, sue = (make_person(name, store_ids=(world.mall.store_ids[n],)) for n, name in enumerate(("sam", "sue")))
    ada, otto = make_person("ada", roles=("admin",)), make_person("otto", roles=("auditor",))
    shop, other, mall, reader = (
        Api(world.api.client, make_key(person, world.mall.kr)) for person in (sam, sue, ada, otto)
    )
    asked = {"kind": "delay", "about": f"part:{order.part_ids[0]}", "text": "Where is it?"}
    number = data(world.api.post("/tickets", asked, Idempotency_Key="one"))["ticket"]["number"]
    path = f"/tickets/{number}"
    seen = shop.get(path).headers["ETag"]
    to_sam = {"user_id": str(sam.id)}
    given = shop.call("PUT", f"{path}/assignee", to_sam, If_Match=seen)
    assert (given.status_code, data(given)["assignee_id"]) == (200, str(sam.id))
    assert world.api.read(path)["assignee_id"] is None
    late = shop.call("PUT", f"{path}/assignee", {"user_id": None}, If_Match=seen)
    assert (late.status_code, data(late)["code"]) == (412, "changed_since_read")
    unfit = shop.put(f"{path}/assignee", {"user_id": str(sue.id)})
    assert (unfit.status_code, data(unfit)["code"]) == (422, "assignee_unfit")
    assert [one.put(f"{path}/assignee", to_sam).status_code for one in (other, world.api, reader)] == [404, 403, 403]
    assert mall.read("/tickets?side=mall&view=waiting")["items"] == []
    passed = shop.put(f"{path}/addressee", {"to": "mall"})
    assert (data(passed)["ticket"]["answered_by"], data(passed)["assignee_id"]) == ("mall", None)
    assert [one["number"] for one in mall.read("/tickets?side=mall&view=waiting")["items"]] == [number]
    assert data(mall.put(f"{path}/assignee", {"user_id": str(ada.id)}))["assignee_id"] == str(ada.id)
    assert data(shop.put(f"{path}/assignee", to_sam))["code"] == "ticket_with_mall"
    said = mall.post(f"{path}/messages", {"text": "We look into it."}, Idempotency_Key="m")
    assert data(said)["messages"][-1]["side"] == "mall"
    assert data(mall.put(f"{path}/addressee", {"to": "store"}))["ticket"]["answered_by"] == "store"
    assert [one.get("/tickets?side=mall").status_code for one in (shop, world.api, reader)] == [403, 403, 200]
    assert reader.read(path)["ticket"]["number"] == number
