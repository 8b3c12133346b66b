"""Writes that hold only for what was read: `If-Match` on the cart and on webhooks (API-01, CHN-10)."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.blueprints.api.conftest import World, data

pytestmark = pytest.mark.req("API-01")


def put(world: World, etag: str, quantity: int) -> TestResponse:
    return world.api.call("PUT", f"/cart/lines/{world.bowl}", {"quantity": quantity}, If_Match=etag)


@pytest.mark.req("CHN-10")
def test_a_cart_that_has_changed_since_it_was_read_is_not_changed_by_who_read_it(world: World) -> None:
    empty = world.api.get("/cart").headers["ETag"]
    assert empty.startswith('W/"v0-')
    assert put(world, empty, 1).status_code == 200
    late = put(world, empty, 5)
    assert (late.status_code, data(late)["code"]) == (412, "changed_since_read")
    etag = world.api.get("/cart").headers["ETag"]
    world.as_bea().put(f"/cart/lines/{world.lamp}", {"quantity": 1})
    for method, path in (("DELETE", "/cart"), ("DELETE", f"/cart/lines/{world.bowl}")):
        answer = world.api.call(method, path, If_Match=etag)
        assert (answer.status_code, data(answer)["code"]) == (412, "changed_since_read")
    assert [one["quantity"] for one in world.api.read("/cart")["lines"]] == [1, 1]
    assert world.api.call("DELETE", "/cart", If_Match=world.api.get("/cart").headers["ETag"]).status_code == 204


def test_who_asks_for_no_version_or_any_is_not_refused_and_what_is_no_etag_of_ours_matches_nothing(
    world: World,
) -> None:
    assert put(world, "*", 1).status_code == 200
    assert put(world, "", 2).status_code == 200
    for etag in ('"abc"', "v1", 'W/"v1-zz"', '"v1-' + "0" * 32 + '", "v2-' + "0" * 32 + '"', 'W/"v9' + "9" * 30 + '-"'):
        assert put(world, etag, 3).status_code == 412, etag
    assert world.api.read("/cart")["lines"][0]["quantity"] == 2
    assert world.api.get("/cart", If_Match='"abc"').status_code == 200


def test_a_webhook_that_was_changed_meanwhile_is_neither_removed_nor_given_another_secret(world: World) -> None:
    wanted = {"name": "Shop", "url": "https://partner.invalid/hook", "events": ["order.paid"]}
    path = f"/webhooks/{data(world.api.post('/webhooks', wanted))['webhook']['id']}"
    read = world.api.get(path)
    assert world.api.call("PATCH", path, {"version": data(read)["version"], "name": "New"}).status_code == 200
    etag = read.headers["ETag"]
    for method, where, body in (("DELETE", path, None), ("POST", f"{path}/secret", {"overlap_hours": 24})):
        assert world.api.call(method, where, body, If_Match=etag).status_code == 412
    etag = world.api.get(path).headers["ETag"]
    assert world.api.call("DELETE", path, If_Match=etag).status_code == 204
