"""Requests that are not as described: each has its code, and changes nothing (API-01)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from portal.blueprints.api.operations import OPERATIONS
from portal.db import reading
from portal.models import PaymentAttempt
from tests.blueprints.api.conftest import World, data, list_goods, order_body, place
from tests.blueprints.api.test_keys import address_of
from tests.factories.cart import make_variant

QUANTITIES: tuple[tuple[Any, str, str], ...] = (
    ({"quantity": 0}, "quantity", "too_small"),
    ({"quantity": 10**9}, "quantity", "too_large"),
    ({"quantity": 10**30}, "quantity", "too_large"),
    ({"quantity": -1}, "quantity", "too_small"),
    ({"quantity": True}, "quantity", "not_an_integer"),
    ({"quantity": "2"}, "quantity", "not_an_integer"),
    ({"quantity": 2.5}, "quantity", "not_an_integer"),
    ({"quantity": None}, "quantity", "not_an_integer"),
    ({}, "quantity", "field_missing"),
    ({"quantity": 1, "price": 1}, "price", "field_unknown"),
    ([], "", "not_an_object"),
)
BODIES = (
    (b"{", "application/json", 400, "json_malformed"),
    (b"", "application/json", 400, "json_malformed"),
    (b"\xff\xfe", "application/json", 400, "json_malformed"),
    (b"[" * 5000, "application/json", 400, "json_malformed"),
    (b"quantity=2", "application/x-www-form-urlencoded", 415, "content_type_unsupported"),
    (b'{"quantity":2}', "text/plain", 415, "content_type_unsupported"),
    (b" " * 65_537, "application/json", 413, "body_too_large"),
)
QUERIES = (
    ("colour=red", "colour", "parameter_unknown"),
    ("limit=5&limit=6", "limit", "parameter_repeated"),
    ("limit=0", "limit", "too_small"),
    ("limit=101", "limit", "too_large"),
    ("limit=1_0", "limit", "not_an_integer"),
    ("limit=%201", "limit", "not_an_integer"),
    ("in_stock=1", "in_stock", "not_a_boolean"),
    ("sort=random", "sort", "not_one_of"),
    ("q=%00", "q", "malformed"),
    ("price_min=-1", "price_min", "too_small"),
    ("price_max=99999999999999999999999", "price_max", "not_an_integer"),
)


@pytest.mark.req("API-01")
def test_a_quantity_is_a_whole_number_within_bounds(world: World) -> None:
    for body, field, code in QUANTITIES:
        answer = world.api.put(f"/cart/lines/{world.bowl}", body)
        assert (answer.status_code, data(answer)["code"]) == (422, "request_invalid"), body
        assert [(one["field"], one["code"]) for one in data(answer)["errors"]] == [(field, code)]
    assert world.api.read("/cart")["lines"] == []


@pytest.mark.req("API-01")
def test_a_body_is_json_of_a_bounded_size(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.api.key}"}
    for raw, kind, status, code in BODIES:
        answer = world.api.client.put(f"/api/v1/cart/lines/{world.bowl}", data=raw, content_type=kind, headers=headers)
        assert (answer.status_code, data(answer)["code"]) == (status, code), raw[:20]
        assert answer.mimetype == "application/problem+json"


@pytest.mark.req("API-01")
def test_a_query_has_known_parameters_of_their_type(world: World) -> None:
    for query, field, code in QUERIES:
        answer = world.api.get(f"/catalogue/products?{query}")
        assert (answer.status_code, data(answer)["code"]) == (422, "request_invalid"), query
        assert [(one["field"], one["code"]) for one in data(answer)["errors"]] == [(field, code)]


def test_parameters_are_refused_where_there_are_none(world: World) -> None:
    answer = world.api.get("/cart?verbose=1")
    assert (answer.status_code, data(answer)["errors"][0]["code"]) == (422, "parameter_unknown")


@pytest.mark.req("API-01")
def test_lists_are_read_on_by_cursor_and_a_cursor_fits_its_query_only(world: World) -> None:
    for _ in range(3):
        make_variant(world.mall, name="Tray")
    list_goods()
    first = world.api.read("/catalogue/products?limit=2")
    second = world.api.read(f"/catalogue/products?limit=2&cursor={first['next_cursor']}")
    back = world.api.read(f"/catalogue/products?limit=2&cursor={second['previous_cursor']}")
    third = world.api.read(f"/catalogue/products?limit=2&cursor={second['next_cursor']}")
    ids = [item["id"] for page in (first, second, third) for item in page["items"]]
    assert ids == sorted(set(ids), reverse=True)
    assert len(ids) == first["total"] == 5
    assert back["items"] == first["items"]
    assert third["next_cursor"] is None
    for other in (f"sort=price&cursor={first['next_cursor']}", "cursor=abc", "cursor=%C3%A9"):
        answer = world.api.get(f"/catalogue/products?{other}")
        assert (answer.status_code, data(answer)["code"]) == (400, "cursor_invalid")
    answer = world.api.get(f"/orders?cursor={first['next_cursor']}")
    assert (answer.status_code, data(answer)["code"]) == (400, "cursor_invalid")


@pytest.mark.req("API-01")
def test_no_list_takes_the_cursor_of_another_one(world: World) -> None:
    for _ in range(2):
        make_variant(world.mall, name="Tray")
    list_goods()
    cursor = world.api.read("/catalogue/products?limit=2&sort=price")["next_cursor"]
    lists = [op for op in OPERATIONS if op.query is not None and "cursor" in op.query.model_fields]
    assert len(lists) > 8
    for op in lists:
        answer = world.api.get(f"{address_of(op)}?cursor={cursor}")
        assert data(answer)["code"] in {"cursor_invalid", "permission_missing", "not_found", "product_unknown"}, op.name


def test_the_catalogue_is_narrowed(world: World) -> None:
    def slugs(query: str) -> list[str]:
        return [item["name"]["en"] for item in world.api.read(f"/catalogue/products?{query}")["items"]]

    assert slugs("q=lamp") == ["Lamp"]
    assert slugs("store=hanok") == ["Rice bowl"]
    assert slugs("section=kitchen&sort=-price") == ["Lamp", "Rice bowl"]
    assert slugs("price_max=12000&in_stock=true") == ["Rice bowl"]
    assert slugs("reduced=true") == slugs("q=x") == []
    for query, code in (("store=none", "store_unknown"), ("section=none", "section_unknown")):
        answer = world.api.get(f"/catalogue/products?{query}")
        assert (answer.status_code, data(answer)["code"]) == (404, code)
    assert [one["slug"] for one in world.api.read("/catalogue/sections")["items"]] == ["kitchen"]
    stores = world.api.read("/catalogue/stores")["items"]
    assert {one["slug"] for one in stores} == {"hanok", "maru"}
    assert stores[0]["shipping"]["free_over"] == {"amount_minor": 50_000, "currency": "KRW"}


def test_the_catalogue_is_not_sent_twice(world: World) -> None:
    first = world.api.get("/catalogue/products")
    again = world.api.get("/catalogue/products", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    make_variant(world.mall, name="Tray")
    list_goods()
    assert world.api.get("/catalogue/products", If_None_Match=first.headers["ETag"]).status_code == 200


def test_what_is_somebodys_own_is_kept_by_nobody_else_and_not_sent_twice_either(world: World) -> None:
    first = world.api.get("/cart")
    assert first.headers["Cache-Control"] == "no-store"
    assert world.api.get("/cart", If_None_Match=first.headers["ETag"]).status_code == 304
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    assert world.api.get("/cart", If_None_Match=first.headers["ETag"]).status_code == 200


ADDRESSES = (
    ("GET", "/nothing", 404, "not_found"),
    ("GET", "/catalogue/products/none", 404, "product_unknown"),
    ("GET", "/catalogue/products/%00", 404, "not_found"),
    ("GET", "/orders/%00", 404, "not_found"),
    ("POST", "/orders/%00/cancellation", 404, "not_found"),
    ("GET", "/returns/%00", 404, "not_found"),
    ("PUT", "/cart/lines/99999999999999999999", 404, "not_found"),
    ("PUT", "/cart/lines/x", 404, "not_found"),
    ("POST", "/cart", 405, "method_not_allowed"),
    ("OPTIONS", "/cart", 405, "method_not_allowed"),
)


def test_what_is_not_there_is_a_problem_too(world: World) -> None:
    for method, path, status, code in ADDRESSES:
        answer = world.api.call(method, path, {"quantity": 1} if method == "PUT" else None)
        assert (answer.status_code, data(answer)["code"]) == (status, code), path
        assert answer.mimetype == "application/problem+json"
        assert data(answer).keys() >= {"type", "title", "status", "code", "detail"}
        assert ("Allow" in answer.headers) == (status == 405)


def test_problems_are_english_or_korean(world: World) -> None:
    english = world.api.get("/orders/none")
    french = world.api.get("/orders/none", Accept_Language="fr")
    assert data(english) == data(french)
    assert "Accept-Language" in world.api.get("/cart").headers["Vary"]


def test_all_faults_of_an_order_are_told_at_once(world: World) -> None:
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    body = order_body(data(world.api.post("/quote", {"method": "credit_card"})))
    body |= {"contact": {"email": "nobody"}, "consents": {"terms": "2026-11"}}
    body["address"] = body["address"] | {"country": "DE"}
    answer = world.api.post("/orders", body, Idempotency_Key="k")
    assert answer.status_code == 422
    assert {one["field"] for one in data(answer)["errors"]} == {
        "address.country",
        "contact.email",
        "consents.seller_data",
        "consents.payment_agency",
    }
    body = order_body(data(world.api.post("/quote", {"method": "credit_card"})))
    body["address"] = body["address"] | {"postcode": "1", "phone": "12"}
    answer = world.api.post("/orders", body, Idempotency_Key="k")
    assert (answer.status_code, data(answer)["code"]) == (422, "address_unfit")
    assert {(one["field"], one["code"]) for one in data(answer)["errors"]} == {
        ("address.postcode", "postcode_unfit"),
        ("address.phone", "phone_unfit"),
    }


CHOICES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"deposit_minor": 1, "method": "credit_card"}, "DEPOSIT_ABOVE_BALANCE"),
    ({"mileage_points": 1, "method": "credit_card"}, "MILEAGE_ABOVE_BALANCE"),
    ({"method": None}, "METHOD_MISSING"),
    ({"method": "pay_later"}, "METHOD_NOT_OFFERED"),
)


def test_choices_that_cannot_be_are_refused_by_their_code(world: World) -> None:
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    for choices, code in CHOICES:
        answer = place(world.api, choices=choices)
        assert (answer.status_code, data(answer)["code"]) == (422, code)
    assert world.api.read("/orders")["items"] == []


def test_an_unknown_code_is_told_in_the_quote(world: World) -> None:
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    quote = data(world.api.post("/quote", {"codes": ["NONE1"]}))
    assert [(one["code"], one["reason"]["code"]) for one in quote["refused_codes"]] == [("NONE1", "COUPON_UNKNOWN")]
    assert quote["can_be_placed"]


def test_braces_in_a_return_address_name_nothing_of_ours(world: World) -> None:
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    body = order_body(data(world.api.post("/quote", {"method": "credit_card"})))
    body["return_url"] = "https://partner.example/{order_id.__class__}?x={0}"
    assert world.api.post("/orders", body, Idempotency_Key="k").status_code == 201
    with reading() as session:
        kept = session.scalars(select(PaymentAttempt.return_url)).one()
    assert kept == "https://partner.example/%7Border_id.__class__%7D?x=%7B0%7D"


def test_an_empty_cart_has_no_quote(world: World) -> None:
    answer = world.api.post("/quote", {})
    assert (answer.status_code, data(answer)["code"]) == (409, "cart_empty")


def test_taking_out_may_be_sent_again(world: World) -> None:
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    world.api.put(f"/cart/lines/{world.lamp}", {"quantity": 1})
    for path in (f"/cart/lines/{world.bowl}", "/cart"):
        for _ in range(2):
            answer = world.api.delete(path)
            assert (answer.status_code, answer.data) == (204, b"")
    assert world.api.read("/cart")["lines"] == []
