"""A program quotes a refund, asks for it once, and follows it (API-01, REF-01)."""

from __future__ import annotations

import uuid

import pytest
from apiflask import APIFlask

from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import World, data
from tests.blueprints.confirming import by_mail
from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import MadeOrder, give_deposit, make_coupon, make_order
from tests.factories.refund import answer_legs, lines_of, rows

pytestmark = pytest.mark.req("API-01", "REF-01")


def bought(world: World) -> MadeOrder:
    give_deposit(world.bea, 5_000)
    goods = {make_variant(world.mall, krw=12_000): 2, make_variant(world.mall, store=1, krw=5_500): 1}
    return make_order(world.bea, world.mall, goods, deposit_minor=5_000)


def test_what_was_quoted_is_done_once_and_followed(world: World) -> None:
    order = bought(world)
    path = f"/orders/{order.number}"
    quoted = world.api.post(f"{path}/refund-quote", {})
    assert quoted.status_code == 200, quoted.text
    quote = data(quoted)
    assert quote["total"] == {"amount_minor": 35_500, "currency": "KRW"}
    assert {leg["type"]: leg["amount"]["amount_minor"] for leg in quote["legs"]} == {
        "deposit": 5_000,
        "gateway": 30_500,
    }
    body = {"fingerprint": quote["fingerprint"]}
    first = world.api.post(f"{path}/refunds", body, Idempotency_Key="refund-1")
    again = world.api.post(f"{path}/refunds", body, Idempotency_Key="refund-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert data(first)["id"] == data(again)["id"]
    answer_legs(uuid.UUID(data(first)["id"]))
    (refund,) = data(world.api.get(f"{path}/refunds"))["items"]
    assert refund["status"] == "succeeded"
    assert {leg["status"] for leg in refund["legs"]} == {"succeeded"}


def test_units_of_a_line_and_what_stands_against_them(world: World) -> None:
    order = bought(world)
    path, line = f"/orders/{order.number}", str(lines_of(order)[0])
    one = data(world.api.post(f"{path}/refund-quote", {"lines": [{"line_id": line, "units": 1}]}))
    assert one["total"]["amount_minor"] == 12_000
    many = world.api.post(f"{path}/refund-quote", {"lines": [{"line_id": line, "units": 3}]})
    assert (many.status_code, data(many)["code"]) == (422, "refund_units_out_of_range")
    stale = world.api.post(f"{path}/refunds", {"fingerprint": one["fingerprint"]}, Idempotency_Key="k")
    assert (stale.status_code, data(stale)["code"]) == (409, "refund_changed_since_shown")
    assert rows("SELECT count(*) FROM refund") == [(0,)]


@pytest.mark.req("IDN-02")
def test_others_and_limited_keys_get_nothing(world: World) -> None:
    order = bought(world)
    path = f"/orders/{order.number}/refunds"
    assert world.stranger.get(path).status_code == 404
    assert world.stranger.post(f"/orders/{order.number}/refund-quote", {}).status_code == 404
    assert world.as_bea(Permission.ORDER_VIEW).get(path).status_code == 403


@pytest.mark.req("IDN-04")
def test_a_large_refund_is_confirmed_in_a_browser_and_then_goes_through_once(app: APIFlask, world: World) -> None:
    order = make_order(world.bea, world.mall, {make_variant(world.mall, krw=600_000): 1})
    path = f"/orders/{order.number}"
    body = {"fingerprint": data(world.api.post(f"{path}/refund-quote", {}))["fingerprint"]}
    first = world.api.post(f"{path}/refunds", body, Idempotency_Key="large")
    problem = data(first)
    assert (first.status_code, problem["code"], problem["params"]) == (403, "step_up_needed", {"why": "needed"})
    page = "/step-up/" + problem["confirm_at"].rpartition("/step-up/")[2]
    assert browser(app, make_person("sue")).get(page).status_code == 404
    client = browser(app, world.bea)
    assert "A program that acts for you asks for it." in client.get(page).text
    answered = by_mail(client, page)
    assert "send the same request again" in client.get(answered.response.location).text
    # Another key of hers has confirmed nothing.
    other = world.as_bea(Permission.REFUND_HANDLE).post(f"{path}/refunds", body, Idempotency_Key="other")
    assert data(other)["code"] == "step_up_needed"
    again = world.api.post(f"{path}/refunds", body, Idempotency_Key="large")
    assert again.status_code == 201, again.text
    assert rows("SELECT count(*) FROM refund") == [(1,)]


@pytest.mark.req("REF-05")
def test_a_quote_says_what_of_a_discount_is_asked_back(world: World) -> None:
    make_coupon(percent=10, minimum={"KRW": 30_000}, on_refund="ask_back")
    order = make_order(world.bea, world.mall, {make_variant(world.mall, krw=20_000): 2}, codes=["AUTUMN10"])
    path, line = f"/orders/{order.number}", str(lines_of(order)[0])
    one = data(world.api.post(f"{path}/refund-quote", {"lines": [{"line_id": line, "units": 1}]}))
    assert (one["total"]["amount_minor"], one["discount_asked_back"]["amount_minor"]) == (16_000, 2_000)
