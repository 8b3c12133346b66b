"""A store's program keeps its products and counts its stock, and touches nothing of other stores (CAT-01, ORD-10)."""

from __future__ import annotations

from typing import Any

import pytest

from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person

COLOUR = {"en": "Colour", "ko": "색상"}


def variant(sku: str, english: str, korean: str, *, krw: int | None = 9_000, **more: Any) -> dict[str, Any]:
    prices = [{"channel": "kr", "amount_minor": krw}] if krw is not None else []
    options = [{"name": COLOUR, "value": {"en": english, "ko": korean}}]
    return {"sku": sku, "options": options, "prices": prices, **more}


def product(**more: Any) -> dict[str, Any]:
    variants = [variant("CUP-SAGE", "Sage", "세이지", on_hand=7), variant("CUP-CLAY", "Clay", "흙색", on_hand=3)]
    return {"name": {"en": "Cup", "ko": "컵"}, "section": "kitchen", "variants": variants, **more}


@pytest.fixture
def sam(world: World) -> Api:
    person = make_person("sam", store_ids=(world.mall.store_ids[0],))
    return Api(world.api.client, make_key(person, world.mall.kr))


def make(api: Api, body: dict[str, Any], key: str = "p1") -> Any:
    answer = api.post("/store/products", body, Idempotency_Key=key)
    assert answer.status_code == 201, answer.text
    return answer.json


def as_sent(found: dict[str, Any]) -> dict[str, Any]:
    """What was read, as it is sent back."""
    names = ("id", "sku", "options", "picture", "is_offered")
    rows = [{name: one[name] for name in names} for one in found["variants"]]
    for row, one in zip(rows, found["variants"], strict=True):
        row["prices"] = [{"channel": p["channel"], "amount_minor": p["price"]["amount_minor"]} for p in one["prices"]]
    kept = {name: found[name] for name in ("name", "description", "section", "state", "pictures", "version")}
    return {**kept, "variants": rows}


@pytest.mark.req("API-01", "CAT-01")
def test_a_product_is_made_once_changed_and_sold(world: World, sam: Api) -> None:
    made = make(sam, product())
    again = sam.post("/store/products", product(), Idempotency_Key="p1")
    assert (data(again)["id"], again.headers["Idempotent-Replayed"]) == (made["id"], "true")
    other = sam.post("/store/products", product(state="active"), Idempotency_Key="p1")
    assert (other.status_code, data(other)["code"]) == (409, "idempotency_key_reused")
    assert (made["state"], made["version"], [one["stock"]["on_hand"] for one in made["variants"]]) == (
        "draft",
        1,
        [7, 3],
    )
    assert world.api.get(f"/catalogue/products/{made['slug']}").status_code == 404

    wish = as_sent(made) | {"state": "active"}
    wish["variants"][0]["prices"] = [{"channel": "kr", "amount_minor": 8_000, "compare_at_minor": 9_000}]
    del wish["variants"][1]
    changed = data(sam.call("PUT", f"/store/products/{made['id']}", wish))
    assert (changed["state"], changed["version"]) == ("active", 2)
    assert [one["is_offered"] for one in changed["variants"]] == [True, False]
    shown = world.api.read(f"/catalogue/products/{made['slug']}")
    assert [(one["sku"], one["price"]["amount_minor"]) for one in shown["variants"]] == [("CUP-SAGE", 8_000)]
    stale = sam.call("PUT", f"/store/products/{made['id']}", wish)
    assert (stale.status_code, data(stale)["code"]) == (409, "product_changed")

    nowhere = as_sent(changed) | {"state": "archived"}
    nowhere["variants"][0]["prices"] = []
    ended = data(sam.call("PUT", f"/store/products/{made['id']}", nowhere))
    assert ended["variants"][0]["prices"] == []
    assert [one["id"] for one in sam.read("/store/products?state=archived")["items"]] == [made["id"]]
    assert made["id"] not in [one["id"] for one in sam.read("/store/products")["items"]]


UNFIT: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"section": "none"}, 422, "product_section_missing"),
    ({"name": {"en": "Cup"}, "state": "active"}, 422, "product_name_missing"),
    ({"variants": [variant("~", "a", "b")]}, 422, "product_sku_unfit"),
    ({"variants": [variant("A", "a", "b", krw=None)], "state": "active"}, 422, "product_nothing_for_sale"),
    ({"pictures": [{"key": "photo.none"}]}, 422, "product_picture_unknown"),
    ({"variants": [{"sku": "A", "prices": [{"channel": "xx", "amount_minor": 1}]}]}, 422, "channel_unknown"),
    (
        {"variants": [{"sku": "A", "prices": [{"channel": "kr", "amount_minor": 2, "compare_at_minor": 1}]}]},
        422,
        "price_invalid",
    ),
    ({"variants": []}, 422, "request_invalid"),
    (
        {"variants": [{"sku": "A", "prices": [{"channel": "kr", "amount_minor": n} for n in (1, 2)]}]},
        422,
        "request_invalid",
    ),
    ({"name": {"de": "Tasse"}}, 422, "request_invalid"),
    ({"store": "maru"}, 404, "not_found"),
)


def test_what_cannot_be_sold_says_why_and_changes_nothing(world: World, sam: Api) -> None:
    for more, status, code in UNFIT:
        answer = sam.post("/store/products", product(**more), Idempotency_Key="u")
        assert (answer.status_code, data(answer)["code"]) == (status, code), more
    taken = sam.read("/store/products")["items"][0]["id"]
    sku = sam.read(f"/store/products/{taken}")["variants"][0]["sku"]
    answer = sam.post("/store/products", product(variants=[variant(sku, "a", "b")]), Idempotency_Key="u")
    assert (answer.status_code, data(answer)["code"]) == (409, "sku_taken")
    assert [one["id"] for one in sam.read("/store/products")["items"]] == [taken]


@pytest.mark.req("ORD-10")
def test_stock_is_counted_and_a_sale_meanwhile_is_seen(world: World, sam: Api) -> None:
    path = f"/store/stock/{world.bowl}"
    [one] = [v for v in sam.read(f"/store/products/{_product(sam)}")["variants"] if v["id"] == world.bowl]
    counted = data(sam.call("PUT", path, {"on_hand": 12, "warn_at": 4, "version": one["stock"]["version"]}))
    assert (counted["on_hand"], counted["warn_at"], counted["kept_back"]) == (12, 4, one["stock"]["kept_back"])
    same = sam.call("PUT", path, {"on_hand": 12, "version": one["stock"]["version"]})
    assert same.status_code == 200
    stale = sam.call("PUT", path, {"on_hand": 13, "version": one["stock"]["version"]})
    assert (stale.status_code, data(stale)["code"]) == (409, "stock_changed")


@pytest.mark.req("IDN-02")
def test_another_store_and_another_permission_reach_nothing(world: World, sam: Api) -> None:
    mine = _product(sam)
    sue = make_person("sue", store_ids=(world.mall.store_ids[1],))
    other = Api(world.api.client, make_key(sue, world.mall.kr))
    wish = as_sent(sam.read(f"/store/products/{mine}"))
    for answer in (
        other.get(f"/store/products/{mine}"),
        other.call("PUT", f"/store/products/{mine}", wish),
        other.call("PUT", f"/store/stock/{world.bowl}", {"on_hand": 1}),
        other.call("PUT", "/store/stock/99999999999999999999", {"on_hand": 1}),
    ):
        assert (answer.status_code, data(answer)["code"]) == (404, "not_found")
    narrow = Api(world.api.client, make_key(sue, world.mall.kr, Permission.CATALOGUE_VIEW))
    assert narrow.get("/store/products").status_code == 403
    assert world.api.get("/store/products").status_code == 403


def _product(api: Api) -> int:
    found: int = api.read("/store/products")["items"][0]["id"]
    return found
