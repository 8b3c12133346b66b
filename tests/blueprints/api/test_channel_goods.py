"""A store's program says what each channel sells, for how much, in which words, and what is kept for it (CHN-03)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.kit import clock
from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.refund import rows

pytestmark = pytest.mark.req("CHN-03", "API-01", "IDN-02")


@pytest.fixture
def path(world: World) -> str:
    product = rows("SELECT product_id FROM variant WHERE id = :id", id=world.bowl)[0][0]
    return f"/store/products/{product}/channels"


@pytest.fixture
def store(world: World) -> Api:
    return Api(world.api.client, make_key(make_person("sam", store_ids=(world.mall.store_ids[0],)), world.mall.kr))


def test_a_program_sets_price_units_texts_and_sale_of_one_channel(world: World, store: Api, path: str) -> None:
    ends, later = ((clock.now() + timedelta(days=days)).isoformat() for days in (2, 9))
    priced = store.post(f"{path}/us/prices", {"amount_minor": 850, "valid_until": ends})
    assert priced.status_code == 201, priced.text
    ((variant,), (window,)) = data(priced)["variants"], data(priced)["prices"]
    assert (variant["price_now"]["amount_minor"], variant["price"]["amount_minor"]) == (850, 1_000)
    twice = store.post(f"{path}/us/prices", {"amount_minor": 800, "valid_until": later})
    assert (twice.status_code, data(twice)["code"]) == (409, "price_window_overlaps")
    past = store.post(f"{path}/us/prices", {"amount_minor": 1, "valid_until": "2020-01-01T00:00:00Z"})
    assert (past.status_code, data(past)["code"]) == (422, "price_window_unfit")
    ended = store.post(f"{path}/us/prices/{window['id']}/end")
    assert data(ended)["variants"][0]["price_now"]["amount_minor"] == 1_000
    assert store.post(f"{path}/us/prices/{window['id']}/end").status_code == 404

    units: Any = {"variants": [{"variant_id": world.bowl, "kept": 40, "floor": 2}]}
    kept = data(store.call("PUT", f"{path}/us/units", units))["variants"][0]
    assert (kept["kept"], kept["floor"]) == (40, 2)
    over = {"variants": [{"variant_id": world.bowl, "kept": 90}]}
    much = store.put(f"{path}/kr/units", over)
    assert (much.status_code, data(much)["params"]) == (409, {"free": 60})
    foreign = {"variants": [{"variant_id": world.lamp, "kept": 1}]}
    assert store.put(f"{path}/us/units", foreign).status_code == 404

    own: Any = {"name": {"en": "Sage bowl"}, "by_hand": True}
    silent = store.put(f"{path}/us/texts", own)
    assert (silent.status_code, [one["field"] for one in data(silent)["errors"]]) == (422, ["why"])
    here = data(store.put(f"{path}/us/texts", own | {"why": "They say sage"}))
    texts = here["texts"]
    [decided] = here["decisions"]
    assert (decided["term"], decided["after"], decided["why"]) == ("product-name-en", "Sage bowl", "They say sage")
    assert (texts["version"], texts["name"], texts["description"], texts["by_hand"]) == (
        1,
        {"en": "Sage bowl"},
        {},
        True,
    )
    stale = store.put(f"{path}/us/texts", {"name": {"en": "Moss bowl"}})
    assert (stale.status_code, data(stale)["code"]) == (409, "local_texts_changed")
    nowhere = store.put(f"{path}/us/texts", {"version": 1, "section": "moon"})
    assert (nowhere.status_code, data(nowhere)["code"]) == (422, "product_section_missing")

    assert not data(store.put(f"{path}/us/sale", {"is_sold": False}))["is_sold"]
    assert {one["channel"]: one["is_sold"] for one in store.read(path)["items"]} == {"kr": True, "us": False}


def test_goods_of_another_store_and_channels_that_are_not_there_are_not_found(
    world: World, store: Api, path: str
) -> None:
    other = Api(world.api.client, make_key(make_person("sue", store_ids=(world.mall.store_ids[1],)), world.mall.kr))
    asked = {"is_sold": False}
    assert [one.put(f"{path}/us/sale", asked).status_code for one in (other, world.api)] == [404, 403]
    assert store.put(f"{path}/moon/sale", asked).status_code == 404
    narrow = Api(
        world.api.client,
        make_key(make_person("sid", store_ids=(world.mall.store_ids[0],)), world.mall.kr, Permission.PRODUCT_EDIT),
    )
    units = {"variants": [{"variant_id": world.bowl, "kept": 1}]}
    assert narrow.put(f"{path}/us/units", units).status_code == 403
    assert len(narrow.read(path)["items"]) == 2
