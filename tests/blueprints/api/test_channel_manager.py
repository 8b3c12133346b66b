"""A manager's program has his channel, as the pages give it to him, and nothing of another (CHN-01, IDN-05)."""

from __future__ import annotations

import pytest

from portal.blueprints.api.files import EXAMPLE
from portal.blueprints.api.v1.campaigns.examples import TERMS as EXAMPLE_TERMS
from portal.db import transaction
from portal.models import Channel
from portal.queries.channels import forget_channels
from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.blueprints.api.test_channels import change
from tests.factories.account import make_person
from tests.factories.order import make_coupon, make_order
from tests.factories.refund import rows

TERMS = EXAMPLE_TERMS | {"funding": "platform", "seller_shares": {}}

pytestmark = pytest.mark.req("API-01", "CHN-01", "IDN-02", "IDN-05")


@pytest.fixture
def mei(world: World) -> Api:
    """She manages the channel in Korea."""
    person = make_person("mei")
    with transaction() as session:
        session.get_one(Channel, world.mall.kr.id).manager_id = person.id
    forget_channels()
    return Api(world.api.client, make_key(person, world.mall.kr))


def test_he_reads_and_moves_his_channel_and_finds_no_other(world: World, mei: Api) -> None:
    here, there = (f"/channels/{one.id}" for one in (world.mall.kr, world.mall.us))
    assert [one["code"] for one in mei.read("/channels")["items"]] == ["kr"]
    change("kr", state="readiness")
    found = mei.read(here)
    assert found["manager"] == "mei@example.com"
    tick = {"is_met": True, "version": found["version"]}
    assert mei.put(f"{here}/requirements/support", tick).status_code == 200
    step = {"state": "maintenance", "version": found["version"]}
    answers = [mei.get(there), mei.post(f"{there}/state", step), mei.put(f"{there}/requirements/support", tick)]
    assert [one.status_code for one in answers] == [404, 404, 404]
    assert [one.get("/channels").status_code for one in (world.api, world.stranger)] == [403, 403]


@pytest.mark.req("ORD-11")
def test_he_reads_the_orders_of_his_channel_without_their_buyers(world: World, mei: Api) -> None:
    here = make_order(world.bea, world.mall, {world.bowl: 1})
    there = make_order(world.bea, world.mall, {world.bowl: 1}, channel=world.mall.us)
    listed = mei.get("/mall/orders")
    assert [one["number"] for one in data(listed)["items"]] == [here.number]
    assert mei.read("/mall/orders?channel=us")["items"] == []
    assert mei.read(f"/mall/orders?number={there.number}")["items"] == []
    shown = mei.get(f"/mall/orders/{here.number}")
    assert data(shown)["parts"][0]["lines"][0]["variant_id"] == world.bowl
    assert not any(world.bea.name in one.text or world.bea.email in one.text for one in (listed, shown))
    assert mei.get(f"/mall/orders/{there.number}").status_code == 404
    assert mei.get(f"/mall/orders/{world.bea.email}").status_code == 404
    assert mei.read("/orders")["items"] == []  # Her own: she has bought nothing.
    assert world.api.get("/mall/orders").status_code == 403
    ada = Api(world.api.client, make_key(make_person("ada", roles=("admin",)), world.mall.kr))
    assert {one["number"] for one in ada.read("/mall/orders")["items"]} == {here.number, there.number}
    assert mei.get("/mall/payments").status_code == 403


@pytest.mark.req("CHN-03")
def test_he_says_what_his_channel_sells_and_not_what_another_does(world: World, mei: Api) -> None:
    product = int(rows("SELECT product_id FROM variant WHERE id = :id", id=world.bowl)[0][0])
    here, there = (f"/channels/{one.id}/goods" for one in (world.mall.kr, world.mall.us))
    stop = {"product_ids": [product], "is_sold": False}
    assert data(mei.post(f"{here}/assignment", stop)) == {"changed": 1, "unpriced": []}
    assert [one["product_id"] for one in mei.read(f"{here}?sold=no")["items"]] == [product]
    assert [mei.get(there).status_code, mei.post(f"{there}/assignment", stop).status_code] == [404, 404]
    told = rows("SELECT channel_id, is_off FROM price WHERE variant_id = :id ORDER BY 1", id=world.bowl)
    assert told == [(world.mall.kr.id, True), (world.mall.us.id, False)]
    # Products themselves are their stores'.
    assert [mei.get("/store/products").status_code, mei.get(f"/store/products/{product}").status_code] == [404, 404]


def test_he_reads_the_campaigns_that_run_on_his_channel(world: World, mei: Api) -> None:
    def on(channel_id: int) -> list[dict[str, object]]:
        return [{"name": "channel", "params": {"channel_ids": [channel_id]}}]

    here, there = (make_coupon(f"C{one.code}", conditions=on(one.id)) for one in (world.mall.kr, world.mall.us))
    everywhere = make_coupon("BOTH")
    assert {one["id"] for one in mei.read("/campaigns")["items"]} == {here, everywhere}
    assert [mei.get(f"/campaigns/{one}").status_code for one in (here, there, everywhere)] == [200, 404, 200]
    asked = [mei.get(f"/campaigns/{here}/{what}").status_code for what in ("codes", "dry-run", "holders")]
    assert asked == [200, 404, 404]


@pytest.mark.req("CPN-10")
def test_he_makes_campaigns_for_his_channel_and_for_no_other(world: World, mei: Api) -> None:
    def on(*channels: int) -> dict[str, object]:
        return {**TERMS, "conditions": [{"name": "channel", "params": {"channel_ids": list(channels)}}]}

    here, there = world.mall.kr.id, world.mall.us.id
    everywhere = make_coupon("BOTH")
    for unfit in (on(here, there), on(there), TERMS | {"conditions": []}, on(here) | {"distribution": "grant"}):
        assert mei.post("/campaigns", unfit).status_code == 422
    assert mei.post("/campaigns", on(here) | {"store_id": world.mall.store_ids[0]}).status_code == 403
    made = data(mei.post("/campaigns", on(here)))["id"]
    assert mei.put(f"/campaigns/{made}", on(there) | {"version": 1}).status_code == 422
    assert data(mei.post(f"/campaigns/{made}/launch", {"version": 1}))["state"] in {"running", "scheduled"}
    assert mei.post(f"/campaigns/{made}/codes", {"code": "HERE10"}).status_code == 201
    assert data(mei.post(f"/campaigns/{made}/state", {"to": "paused", "reason": "a mistake"}))["state"] == "paused"
    refused = [
        mei.post(f"/campaigns/{everywhere}/state", {"to": "paused", "reason": "not mine"}),
        mei.post(f"/campaigns/{everywhere}/codes", {"code": "ALL10"}),
        mei.put(f"/campaigns/{everywhere}", on(here) | {"version": 1}),
        mei.post(f"/campaigns/{made}/grants", {"people": ["bea@example.com"], "reason": "a gift"}),
    ]
    assert [one.status_code for one in refused] == [404] * 4
    assert mei.read("/campaigns")["items"][0]["id"] == made


@pytest.mark.req("CHN-01")
def test_a_channel_is_made_by_the_mall_and_changed_by_its_manager(world: World, mei: Api) -> None:
    ada = Api(world.api.client, make_key(make_person("ada", roles=("admin",)), world.mall.kr))
    both = {"en": "Portal Japan", "ko": "포털 재팬"}
    terms = {
        "code": "jp",
        **dict.fromkeys(("name", "issuer", "legal"), both),
        "kind": "web",
        "country": "JP",
        "currency": "JPY",
        "time_zone": "Asia/Tokyo",
        "locales": ["en", "ko"],
        "default_locale": "en",
        "colour": "#1d4ed8",
        "support_email": "help@jp.example.com",
        "manager": "mei@example.com",
        "extensions": {"push": "on"},
        "why": "Opens in Japan",
    }
    assert mei.post("/channels", terms, Idempotency_Key="one").status_code == 403
    unfit = ada.post("/channels", terms | {"name": {"en": "Japan"}, "time_zone": "Mars"}, Idempotency_Key="zero")
    assert (unfit.status_code, {one["field"] for one in data(unfit)["errors"]}) == (422, {"name.ko", "time_zone"})
    made = [ada.post("/channels", terms, Idempotency_Key="one") for _n in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    assert made[1].headers["Idempotent-Replayed"] == "true"
    channel = data(made[0])
    assert (channel["state"], channel["colour"], channel["extensions"]) == ("draft", "#1d4ed8", {"push": "on"})
    path = f"/channels/{channel['id']}"
    change = terms | {"colour": "#15803d", "manager": "ada@example.com", "version": channel["version"]}
    changed = data(mei.put(path, change))
    assert (changed["colour"], changed["manager"]) == ("#15803d", "mei@example.com")
    stale = mei.put(path, change)
    assert (stale.status_code, data(stale)["code"]) == (409, "channel_changed")
    newest = changed["decisions"][0]
    assert (newest["term"], newest["before"], newest["why"]) == ("channel-colour", "#1d4ed8", "Opens in Japan")
    silent = mei.put(path, change | {"colour": "#000000", "why": " ", "version": changed["version"]})
    assert (silent.status_code, [one["field"] for one in data(silent)["errors"]]) == (422, ["why"])
    assert mei.put(f"{path}/logo", {"file": EXAMPLE, "version": changed["version"]}).status_code == 422
    logo = mei.put(f"{path}/logo", {"file": EXAMPLE, "why": "Our mark", "version": changed["version"]})
    assert data(logo)["logo"].startswith("/photos/")
    assert (
        data(mei.put(f"{path}/logo", {"file": None, "why": "Old mark", "version": data(logo)["version"]}))["logo"]
        is None
    )
    assert mei.put(f"/channels/{world.mall.us.id}", change).status_code == 404
    assert mei.put(f"/channels/{world.mall.us.id}/logo", {"file": None, "version": 1}).status_code == 404
    ann = make_person("ann", roles=("operations",))
    narrow = Api(world.api.client, make_key(ann, world.mall.kr, Permission.CHANNEL_VIEW))
    assert narrow.put(path, change).status_code == 403
