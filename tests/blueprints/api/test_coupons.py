"""Coupons by programs: listed, claimed, and given to people (CPN-02, CPN-16)."""

from __future__ import annotations

import pytest

from portal.db import atomically
from portal.jobs.coupons import run_bulk
from portal.kit import clock
from portal.queries.coupon_abuse import Finding, load_settings
from portal.rules.coupons.abuse import AbuseRule
from portal.services.accounts.throttle import COUPON_CODE
from portal.services.coupons.find_abuse import raise_flag
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.coupon import make_campaign
from tests.factories.refund import rows

pytestmark = pytest.mark.req("CPN-02", "API-01")


def test_a_program_claims_for_its_person_and_lists_what_is_held(world: World) -> None:
    offered = make_campaign(cap=3)
    make_campaign("code", code="BYCODE23")
    assert [one["left"] for one in world.api.read("/coupon-offers")["items"]] == [3]
    for is_new in (True, False):
        claimed = world.api.post("/coupons", {"campaign_id": offered})
        assert (claimed.status_code, data(claimed)) == (200, {"campaign_id": offered, "is_new": is_new})
    assert data(world.api.post("/coupons", {"code": "by-code 23"}))["is_new"]
    held = world.api.read("/coupons")["items"]
    assert [(one["code"], one["state"]) for one in held] == [("BYCODE23", "usable"), (None, "usable")]
    assert world.api.read("/coupons?view=over")["items"] == []
    assert world.stranger.read("/coupons")["items"] == []
    for body in ({}, {"code": "X", "campaign_id": 1}, {"campaign_id": 0}):
        assert world.api.post("/coupons", body).status_code == 422
    assert world.api.post("/coupons", {"campaign_id": 4711}).status_code == 404


@pytest.mark.req("FRD-05")
def test_codes_cannot_be_tried_out(world: World) -> None:
    make_campaign("code", code="BYCODE23")
    for number in range(COUPON_CODE.per_account.times):
        answer = world.api.post("/coupons", {"code": f"GUESS{number}"})
        assert (answer.status_code, data(answer)["code"]) == (422, "COUPON_UNKNOWN")
    blocked = world.api.post("/coupons", {"code": "BYCODE23"})
    assert (blocked.status_code, data(blocked)["code"]) == (429, "too_often")
    assert rows("SELECT count(*) FROM coupon_grant") == [(0,)]


@pytest.mark.req("CPN-10")
def test_a_coupon_is_given_to_people_by_whoever_may(world: World) -> None:
    campaign_id = make_campaign("grant")
    path, wish = f"/campaigns/{campaign_id}/grants", {"people": [world.bea.email, "=1+1"], "reason": "Thanks"}
    assert world.api.post(path, wish).status_code == 403
    assert rows("SELECT count(*) FROM coupon_bulk") == [(0,)]
    ada = make_person("ada", roles=("buyer", "admin"))
    desk = Api(world.api.client, make_key(ada, world.mall.kr))
    assert desk.post(path, {**wish, "people": []}).status_code == 422
    assert desk.post("/campaigns/4711/grants", wish).status_code == 404
    begun = desk.post(path, wish)
    assert (begun.status_code, data(begun)["state"]) == (202, "waiting")
    run_bulk(data(begun)["id"])
    shown = desk.read(f"{path}/{data(begun)['id']}")
    assert (shown["state"], shown["done"], shown["failed"]) == ("done", 1, 1)
    assert desk.get(f"{path}/nothing").status_code == 404
    assert world.api.read("/coupons")["items"][0]["terms"]["campaign_id"] == campaign_id


@pytest.mark.req("CPN-14")
def test_a_suspension_is_objected_to_once_and_by_its_holder_only(world: World) -> None:
    campaign_id = make_campaign("code", code="SHARED23")
    world.api.post("/coupons", {"code": "SHARED23"})
    found = Finding(AbuseRule.LEAKED, campaign_id, "SHARED23", None, None, 5)
    atomically(lambda s: raise_flag(s, found, load_settings(s)[AbuseRule.LEAKED], clock.now()))
    (held,) = world.api.read("/coupons")["items"]
    path = f"/coupons/suspicions/{held['suspicion_id']}"
    assert world.api.read(path)["state"] == "open"
    assert world.stranger.get(path).status_code == 404
    assert world.stranger.post(f"{path}/appeal", {"text": "Mine"}).status_code == 404
    assert world.api.post(f"{path}/appeal", {"text": " "}).status_code == 422
    said = data(world.api.post(f"{path}/appeal", {"text": "We share a flat."}))
    assert (said["appeal"], said["appealed_at"]) == (
        "We share a flat.",
        world.api.read("/coupons")["items"][0]["appealed_at"],
    )
    again = world.api.post(f"{path}/appeal", {"text": "Again"})
    assert (again.status_code, data(again)["code"]) == (409, "appealed_already")
