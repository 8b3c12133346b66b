"""The mall's programs write segments, automations and offers, and read what became of campaigns (API-01, INC-02…05)."""

from __future__ import annotations

from typing import Any

import pytest

from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.coupon import make_campaign
from tests.factories.order import make_coupon, make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("API-01", "IDN-02")
EVERYBODY = {"title": "Everybody", "rule": "purchases >= 0"}


@pytest.fixture
def mia(world: World) -> Api:
    """A key of marketing's, which may look and write, but gives no deposit away."""
    return Api(world.api.client, make_key(make_person("mia", roles=("marketing",)), world.mall.kr))


@pytest.mark.req("INC-02")
def test_a_segment_is_tried_written_changed_and_read(world: World, mia: Api) -> None:
    asked = {one["name"]: one["kind"] for one in mia.read("/segment-features")["items"]}
    assert (asked["purchases"], asked["since"]) == ("number", "duration")
    tried = data(mia.post("/segments/preview", {"rule": "account_age < 5 d"}))
    assert tried["people"] == tried["customers"] == len(tried["first"]) > 0
    assert rows("SELECT count(*) FROM segment_version") == [(0,)]
    unfit = mia.post("/segments/preview", {"rule": "moon > 1"})
    assert (unfit.status_code, data(unfit)["errors"][0]["field"]) == (422, "rule")
    path = "/segments/everybody"
    new = {**EVERYBODY, "rule": "account_age < 5 d", "version": 0}
    made = data(mia.put(path, new))
    assert (made["version"], made["size"], made["title"]) == (1, tried["people"], "Everybody")
    again = mia.put(path, new)
    assert (again.status_code, data(again)["code"]) == (409, "segment_changed")
    changed = data(mia.put(path, new | {"version": 1, "is_live": False}))
    assert ([one["version"] for one in changed["versions"]], changed["size"]) == ([2, 1], 0)
    misnamed = mia.put("/segments/X", new)
    assert (misnamed.status_code, data(misnamed)["errors"][0]["field"]) == (422, "key")
    assert [one["key"] for one in mia.read("/segments")["items"]] == ["everybody"]
    assert mia.get("/segments/nothing").status_code == 404
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'segment:written'") == [(2,)]


@pytest.mark.req("INC-03")
def test_an_automation_is_written_once_tried_started_and_ended(world: World, mia: Api) -> None:
    mia.put("/segments/everybody", {**EVERYBODY, "version": 0})
    terms: dict[str, Any] = {
        "title": "Welcome",
        "channel_id": world.mall.kr.id,
        "segment": "everybody",
        "campaign_id": make_campaign(distribution="grant"),
        "people_max": 10,
    }
    first = mia.post("/automations", terms, Idempotency_Key="a")
    again = mia.post("/automations", terms, Idempotency_Key="a")
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert data(first) == data(again)
    reused = mia.post("/automations", terms | {"people_max": 11}, Idempotency_Key="a")
    assert (reused.status_code, data(reused)["code"]) == (409, "idempotency_key_reused")
    both = mia.post("/automations", terms | {"event": "order.paid"}, Idempotency_Key="b")
    assert (both.status_code, data(both)["errors"][0]["field"]) == (422, "segment")
    deposit = terms | {"action": "deposit", "campaign_id": None, "amount_minor": 100}
    refused = mia.post("/automations", deposit, Idempotency_Key="c")
    assert (refused.status_code, data(refused)["code"]) == (403, "permission_missing")
    path = f"/automations/{data(first)['id']}"
    start: Any = {"do": "start", "version": 1}
    assert data(mia.post(f"{path}/state", start))["code"] == "automation_untried"
    tried = data(mia.post(f"{path}/simulation"))
    assert (tried["trial"]["days"], tried["version"]) == (90, 2)
    assert data(mia.post(f"{path}/state", start))["code"] == "automation_moved"
    running = data(mia.post(f"{path}/state", {"do": "start", "version": 2}))
    assert (running["state"], running["started_at"] is not None) == ("running", True)
    ended = data(mia.post(f"{path}/state", {"do": "end", "version": running["version"]}))
    assert [one["state"] for one in mia.read("/automations")["items"]] == [ended["state"]] == ["ended"]
    assert mia.get("/automations/999").status_code == 404
    for stranger in (world.stranger, Api(world.api.client, make_key(make_person("sam"), world.mall.kr))):
        assert {stranger.get(one).status_code for one in (path, "/segments", "/mall/offers")} == {403}


@pytest.mark.req("INC-04", "INC-05")
def test_an_offer_is_written_once_and_moved_and_choosing_has_versions(world: World, mia: Api) -> None:
    terms = {"title": "Ten percent", "campaign_id": make_campaign(distribution="grant"), "people_max": 10}
    made = data(mia.post("/mall/offers", terms, Idempotency_Key="a"))
    assert data(mia.post("/mall/offers", terms, Idempotency_Key="a")) == made
    unfit = mia.post("/mall/offers", terms | {"campaign_id": 10**9}, Idempotency_Key="b")
    assert (unfit.status_code, data(unfit)["errors"][0]["field"]) == (422, "campaign_id")
    move: Any = {"do": "start", "version": 1}
    assert data(mia.post(f"/mall/offers/{made['id']}/state", move))["state"] == "running"
    assert data(mia.post(f"/mall/offers/{made['id']}/state", move))["code"] == "offer_moved"
    (listed,) = mia.read("/mall/offers")["items"]
    assert (listed["version"], listed["figures"]["chosen"]) == (2, 0)
    usual = mia.read("/mall/offer-strategy")
    assert (usual["version"], usual["versions"]) == (0, [])
    new: Any = usual["terms"] | {"mode": "rules", "note": "Simpler", "version": 0}
    assert data(mia.put("/mall/offer-strategy", new))["terms"]["mode"] == "rules"
    assert data(mia.put("/mall/offer-strategy", new))["code"] == "offer_moved"
    short = mia.put("/mall/offer-strategy", new | {"every_days": 1, "version": 1})
    assert (short.status_code, data(short)["errors"][0]["field"]) == (422, "every_days")


@pytest.mark.req("CPN-13")
def test_figures_and_uses_of_a_campaign_are_for_who_issues_it(world: World, mia: Api) -> None:
    campaign = make_coupon("AUTUMN10")
    order = make_order(world.bea, world.mall, {world.bowl: 2}, codes=("AUTUMN10",))
    path = f"/campaigns/{campaign}"
    figures = mia.read(f"{path}/figures")
    (money,) = figures["currencies"]
    assert (figures["redeemed"], figures["people"], money["uses"]) == (1, 1, 1)
    assert money["cost"] == money["borne_by_platform"]
    (use,) = mia.read(f"{path}/uses?state=redeemed")["items"]
    assert (use["order"], use["person"], use["code"]) == (order.number, str(world.bea.id), "AUTUMN10")
    assert use["discount"] == money["cost"]
    assert mia.read(f"{path}/uses?state=released")["items"] == []
    sam = Api(world.api.client, make_key(make_person("sam", store_ids=world.mall.store_ids[:1]), world.mall.kr))
    for one in ("figures", "uses"):
        assert (sam.get(f"{path}/{one}").status_code, mia.get(f"/campaigns/999999/{one}").status_code) == (404, 404)


@pytest.mark.req("CPN-02")
def test_lists_of_a_campaigns_coupons_are_as_long_as_is_asked(world: World) -> None:
    ada = Api(world.api.client, make_key(make_person("ada", roles=("admin",)), world.mall.kr, Permission.COUPON_ISSUE))
    campaign = make_campaign(distribution="code")
    batch = data(ada.post(f"/campaigns/{campaign}/batches", {"size": 3}))["id"]
    page = ada.read(f"/campaigns/{campaign}/codes?batch={batch}&limit=2")
    assert len(page["items"]) == 2
    rest = ada.read(f"/campaigns/{campaign}/codes?batch={batch}&limit=2&cursor={page['next_cursor']}")
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
