"""Campaigns over the API: by the same services, within the same reach (API-01, CPN-10)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from portal.blueprints.api.v1.campaigns.examples import TERMS
from portal.db import reading
from portal.models import Campaign
from portal.rules.coupons.conditions import names
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.order import make_order

pytestmark = pytest.mark.req("API-01", "CPN-10")


def only(name: str, **params: Any) -> dict[str, Any]:
    return {"conditions": [{"name": name, "params": params}]}


@pytest.fixture
def mia(world: World) -> Api:
    """A key of marketing's."""
    return Api(world.api.client, make_key(make_person("mia", roles=("marketing",)), world.mall.kr))


@pytest.fixture
def sam(world: World) -> Api:
    """A key of the first store's seller."""
    person = make_person("sam", store_ids=(world.mall.store_ids[0],))
    return Api(world.api.client, make_key(person, world.mall.kr))


def test_a_campaign_is_previewed_made_read_and_tried(world: World, mia: Api) -> None:
    make_order(world.bea, world.mall, {world.lamp: 1})
    preview = mia.post("/campaigns/preview", TERMS)
    assert data(preview)["words"]["en"].startswith("10% off, at most ₩8,000, from ₩20,000 on, in December 2036")
    made = mia.post("/campaigns", TERMS)
    assert made.status_code == 201
    kept = mia.read(f"/campaigns/{data(made)['id']}")
    assert (kept["state"], kept["version"], kept["uses"]) == ("draft", 1, 0)
    assert kept["terms"]["conditions"] == TERMS["conditions"]
    assert [one["id"] for one in mia.read("/campaigns?state=draft")["items"]] == [kept["id"]]
    run = mia.read(f"/campaigns/{kept['id']}/dry-run?days=7")
    assert (run["orders"], run["qualified"]) == (1, 1)
    assert run["currencies"][0]["cost"] == {"amount_minor": 3_000, "currency": "KRW"}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"percent": "100.5"}, "percent", "CAMPAIGN_PERCENT_RANGE"),
        ({"percent": "0"}, "percent", "CAMPAIGN_PERCENT_RANGE"),
        ({"percent": "1.234"}, "percent", "CAMPAIGN_PERCENT_DECIMALS"),
        ({"valid_until": "2036-11-30T00:00:00Z"}, "valid_until", "CAMPAIGN_ENDS_BEFORE_IT_BEGINS"),
        ({"limits": {"total": -1}}, "total", "CAMPAIGN_LIMIT"),
        ({"conditions": [{"name": "moon", "params": {}}]}, "conditions.moon", "condition_unknown"),
        (
            {"conditions": [{"name": "quantity", "params": {"minimum": 0}}]},
            "conditions.quantity.minimum",
            "condition_invalid",
        ),
        (
            {"conditions": [{"name": "tier", "params": {"any_of": ["x"]}}]},
            "conditions.tier.any_of",
            "CAMPAIGN_UNKNOWN_THING",
        ),
        ({"funding": "shared"}, "seller_shares", "CAMPAIGN_SHARES_MISSING"),
    ],
)
def test_every_fault_comes_back_by_field(mia: Api, change: dict[str, Any], field: str, code: str) -> None:
    for path in ("/campaigns", "/campaigns/preview"):
        answer = mia.post(path, TERMS | change)
        assert answer.status_code == 422
        assert (field, code) in {(one["field"], one["code"]) for one in data(answer)["errors"]}
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Campaign)) == 0


def test_a_seller_reaches_his_stores_and_a_buyer_nobody(world: World, mia: Api, sam: Api) -> None:
    of_platform = data(mia.post("/campaigns", TERMS))["id"]
    own = TERMS | {"store_id": world.mall.store_ids[0], "funding": "seller"}
    made = sam.post("/campaigns", own)
    assert made.status_code == 201
    assert [one["id"] for one in sam.read("/campaigns")["items"]] == [data(made)["id"]]
    assert sam.get(f"/campaigns/{of_platform}").status_code == 404
    assert sam.post("/campaigns", TERMS).status_code == 403
    assert sam.post("/campaigns", own | {"store_id": world.mall.store_ids[1]}).status_code == 403
    paid_by_others = data(sam.post("/campaigns", own | {"funding": "platform"}))
    assert paid_by_others["errors"][0]["code"] == "CAMPAIGN_FUNDING_NOT_YOURS"
    assert world.api.get("/campaigns").status_code == 403
    assert world.api.post("/campaigns", TERMS).status_code == 403


def test_every_condition_describes_its_params(mia: Api) -> None:
    found = {one["name"]: one["params_schema"] for one in mia.read("/campaign-conditions")["items"]}
    assert set(found) == set(names())
    assert found["quantity"]["properties"]["minimum"]["maximum"] == 9_999
