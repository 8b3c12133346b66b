"""A purchase by a program, from the catalogue to the paid order (API-01, PAY-10)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from portal.db import reading, transaction
from portal.gateways.base import ActionNeeded, Approved, Declined, DeclineReason, FetchOutcome
from portal.kit import clock
from portal.models import Order, PaymentAttempt
from portal.rules.permissions import SYSTEM
from portal.services.payments.claim_attempt import claim_attempt
from portal.services.payments.settle_attempt import settle_attempt
from tests.blueprints.api.conftest import Api, World, data, order_body, place
from tests.factories.account import make_person
from tests.factories.cart import make_variant, set_price
from tests.factories.order import CARD, LONG_AGO, give_deposit, give_mileage, make_coupon, make_order


def won(amount_minor: int) -> dict[str, object]:
    return {"amount_minor": amount_minor, "currency": "KRW"}


def fill(api: Api, variant_id: int, quantity: int = 1) -> None:
    answer = api.put(f"/cart/lines/{variant_id}", {"quantity": quantity})
    assert answer.status_code == 200, answer.text


def settle(outcome: FetchOutcome) -> None:
    """What the gateway says of the only attempt."""
    with reading() as session:
        attempt_id = session.scalars(select(PaymentAttempt.id)).one()
    with transaction() as session:
        claim_attempt(session, attempt_id=attempt_id, worker="tests", now=clock.now())
    with transaction() as session:
        settle_attempt(session, attempt_id=attempt_id, outcome=outcome, actor=SYSTEM, now=clock.now())


def orders_placed() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Order)) or 0


@pytest.mark.req("API-01")
def test_a_program_finds_fills_quotes_places_and_sees_it_paid(world: World) -> None:
    api = world.api
    make_coupon("AUTUMN10", percent=10)
    give_deposit(world.bea, 5_000)
    give_mileage(world.bea, 1_000)
    item = api.read("/catalogue/products?q=bowl")["items"][0]
    variant = api.read(f"/catalogue/products/{item['slug']}")["variants"][0]
    assert variant["price"] == won(12_000)
    fill(api, variant["id"], 2)
    fill(api, world.lamp)
    assert api.read("/cart")["subtotal"] == won(54_000)

    choices = {"codes": [" autumn-10 "], "deposit_minor": 5_000, "mileage_points": 1_000, "method": "credit_card"}
    quote = api.post("/quote", choices).json or {}
    assert [(row["kind"], row["amount"]["amount_minor"]) for row in quote["amounts"]] == [
        ("items", 54_000),
        ("discount", -5_400),
        ("shipping", 6_000),
        ("tax", 4_965),
        ("deposit", -5_000),
        ("mileage", -1_000),
        ("to_pay_now", 48_600),
    ]
    assert quote["coupons"][0]["is_applied"]
    assert quote["can_be_placed"]
    assert {"method": "credit_card", "is_usable": True}.items() <= quote["methods"][0].items()

    placed = api.post("/orders", order_body(quote, **choices), Idempotency_Key="first")
    assert placed.status_code == 201, placed.text
    body = placed.json or {}
    number = body["number"]
    assert placed.headers["Location"] == f"/api/v1/orders/{number}"
    assert (body["status"], body["to_pay_now"], body["next_action"]["type"]) == ("pending", won(48_600), "wait")
    assert api.read("/cart")["lines"] == []
    assert api.read("/balances")["deposit"] == {"balance": won(5_000), "held": won(5_000), "usable": won(0)}

    settle(Approved(gateway_ref="pay_1", captured=True, amount_minor=48_600, currency="KRW", card=CARD))
    order = api.read(f"/orders/{number}")
    assert (order["status"], order["next_action"]["type"]) == ("paid", "none")
    assert order["amounts"] == [{**row, "coupon": ""} for row in quote["amounts"]]
    assert order["payment"]["card"] == {"brand": "visa", "last4": "4242"}
    assert [part["store"]["slug"] for part in order["parts"]] == ["hanok", "maru"]
    assert sum(part["to_pay"]["amount_minor"] for part in order["parts"]) == 54_600
    assert [one["number"] for one in api.read("/orders?status=under_way")["items"]] == [number]
    assert api.read("/orders?status=open")["items"] == []


@pytest.mark.req("PAY-10")
def test_the_same_key_gives_the_same_answer_and_one_order(world: World) -> None:
    fill(world.api, world.bowl)
    quote = world.api.post("/quote", {"method": "credit_card"}).json or {}
    body = order_body(quote)
    first = world.api.post("/orders", body, Idempotency_Key="k1")
    settle(Approved(gateway_ref="pay_1", captured=True, amount_minor=15_000, currency="KRW", card=CARD))
    again = world.api.post("/orders", body, Idempotency_Key="k1")
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    other = world.api.post("/orders", body | {"locale": "ko"}, Idempotency_Key="k1")
    assert (other.status_code, data(other)["code"]) == (409, "idempotency_key_reused")
    assert orders_placed() == 1


@pytest.mark.req("PAY-10")
def test_the_same_request_from_many_threads_is_one_order(world: World) -> None:
    fill(world.api, world.bowl)
    body = order_body(world.api.post("/quote", {"method": "credit_card"}).json or {})
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: world.api.post("/orders", body, Idempotency_Key="k"), range(6)))
    assert {one.status_code for one in answers} == {201}
    assert len({one.data for one in answers}) == 1
    assert sorted(one.headers.get("Idempotent-Replayed", "") for one in answers) == ["", *["true"] * 5]
    assert orders_placed() == 1


@pytest.mark.parametrize("key", [None, "", "x" * 201])
def test_an_order_needs_a_key_of_its_own(world: World, key: str | None) -> None:
    fill(world.api, world.bowl)
    body = order_body(world.api.post("/quote", {"method": "credit_card"}).json or {})
    headers = {} if key is None else {"Idempotency_Key": key}
    answer = world.api.post("/orders", body, **headers)
    assert (answer.status_code, data(answer)["code"]) == (400, "idempotency_key_missing")
    assert orders_placed() == 0


def test_another_price_than_the_quoted_one_places_nothing_and_brings_the_new_quote(world: World) -> None:
    fill(world.api, world.bowl)
    body = order_body(world.api.post("/quote", {"method": "credit_card"}).json or {})
    set_price(world.bowl, world.mall.kr, 13_000)
    refused = world.api.post("/orders", body, Idempotency_Key="k")
    problem = refused.json or {}
    assert (refused.status_code, problem["code"]) == (409, "changed_since_shown")
    assert problem["quote"]["total"] == won(16_000)
    accepted = world.api.post("/orders", body | {"fingerprint": problem["quote"]["fingerprint"]}, Idempotency_Key="k")
    assert accepted.status_code == 201, accepted.text


def test_goods_that_are_gone_are_named_and_nothing_is_placed(world: World) -> None:
    few = make_variant(world.mall, on_hand=3)
    fill(world.api, few, 3)
    make_order(world.max, world.mall, {few: 1})
    before = orders_placed()
    quote = world.api.post("/quote", {"method": "credit_card"}).json or {}
    assert not quote["can_be_placed"]
    assert [line["variant_id"] for line in quote["unavailable"]] == [few]
    answer = world.api.post("/orders", order_body(quote), Idempotency_Key="k")
    assert (answer.status_code, data(answer)["code"]) == (409, "changed_since_shown")
    assert orders_placed() == before


def test_a_blocked_payment_stays_blocked_under_its_key(world: World) -> None:
    """A young account and more than three million won."""
    set_price(world.bowl, world.mall.kr, 3_500_000)
    fill(world.api, world.bowl)
    body = order_body(world.api.post("/quote", {"method": "credit_card"}).json or {})
    first = world.api.post("/orders", body, Idempotency_Key="k")
    assert (first.status_code, data(first)["code"]) == (403, "payment_blocked")
    assert first.mimetype == "application/problem+json"
    again = world.api.post("/orders", body, Idempotency_Key="k")
    assert (again.status_code, again.data, again.headers["Idempotent-Replayed"]) == (403, first.data, "true")
    assert again.mimetype == "application/problem+json"


def test_an_order_paid_from_the_deposit_needs_no_method(world: World) -> None:
    give_deposit(world.bea, 50_000)
    fill(world.api, world.bowl)
    choices = {"deposit_minor": 50_000, "method": None}
    answer = place(world.api, choices=choices)
    assert answer.status_code == 201, answer.text
    body = answer.json or {}
    assert (body["status"], body["to_pay_now"], body["next_action"]["type"]) == ("paid", won(0), "none")


def test_the_next_action_follows_the_gateway(world: World) -> None:
    fill(world.api, world.bowl)
    number = (place(world.api).json or {})["number"]
    settle(ActionNeeded(gateway_ref="pay_1", kind="redirect", url="https://pay.example/s/1"))
    action = world.api.read(f"/orders/{number}")["next_action"]
    assert (action["type"], action["url"]) == ("redirect", "https://pay.example/s/1")


def test_a_declined_order_says_why_and_the_cart_is_back(world: World) -> None:
    fill(world.api, world.bowl, 2)
    number = (place(world.api).json or {})["number"]
    settle(Declined(code="51", reason=DeclineReason.INSUFFICIENT_FUNDS, retry_helps=False, gateway_ref="pay_1"))
    order = world.api.read(f"/orders/{number}")
    assert (order["status"], order["payment"]["reason"]) == ("failed", "insufficient_funds")
    assert world.api.read("/cart")["quantity"] == 2


def test_an_order_under_review_says_so(world: World) -> None:
    old = make_person("sue", now=LONG_AGO)
    set_price(world.bowl, world.mall.kr, 3_500_000)
    from tests.blueprints.api.conftest import make_key

    api = Api(world.api.client, make_key(old, world.mall.kr))
    fill(api, world.bowl)
    number = (place(api).json or {})["number"]
    settle(Approved(gateway_ref="pay_1", captured=False, amount_minor=3_500_000, currency="KRW", card=CARD))
    order = api.read(f"/orders/{number}")
    assert (order["status"], order["is_under_review"], order["next_action"]["type"]) == ("pending", True, "none")


def test_a_pending_order_can_be_given_up_once(world: World) -> None:
    fill(world.api, world.bowl, 2)
    number = (place(world.api).json or {})["number"]
    ended = world.api.post(f"/orders/{number}/cancellation")
    assert (ended.status_code, (ended.json or {})["status"]) == (200, "cancelled")
    assert world.api.read("/cart")["quantity"] == 2
    again = world.api.post(f"/orders/{number}/cancellation")
    assert (again.status_code, data(again)["code"]) == (409, "order_not_pending")
