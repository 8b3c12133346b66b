"""A program asks to send goods back, and the store's program answers, receives and inspects (API-01, ORD-005)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from portal.blueprints.api.files import EXAMPLE
from portal.db import transaction
from portal.kit import clock
from portal.services.channels.write_tax_rate import set_tax_rate
from portal.services.refunds.set_rule import RuleTerms, set_refund_rule
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.order import give_deposit, make_order
from tests.factories.parcel import send
from tests.factories.refund import rows
from tests.services.returns.test_cheaper_exchanges import option_of


@pytest.mark.req("ORD-005", "API-01", "IDN-02")
def test_programs_of_buyer_and_store_take_a_return_to_its_end(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 3})
    sam = make_person("sam", roles=("buyer", "seller"), store_ids=(world.mall.store_ids[0],))
    sue = make_person("sue", roles=("buyer", "seller"), store_ids=(world.mall.store_ids[1],))
    store, other = (Api(world.api.client, make_key(person, world.mall.kr)) for person in (sam, sue))
    line = str(rows("SELECT id FROM order_line WHERE order_id = :id", id=order.id)[0][0])
    body = {"lines": [{"line_id": line, "units": 2}], "reason": "damaged"}
    path = f"/orders/{order.number}/returns"
    early: Any = world.api.post(path, body, Idempotency_Key="r-0").json
    assert early["code"] == "return_not_sent_yet"
    send(order.part_ids[0], sam)
    first: Any = world.api.post(path, body, Idempotency_Key="r-1")
    again: Any = world.api.post(path, body, Idempotency_Key="r-1")
    assert (first.status_code, again.json["id"]) == (201, first.json["id"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert world.api.post(path, body, Idempotency_Key="r-2").status_code == 422
    assert [one["number"] for one in world.api.read("/returns")["items"]] == [first.json["number"]]
    assert world.stranger.read("/returns")["items"] == []
    early_parcel = world.api.post(
        f"/returns/{first.json['number']}/shipment", {"carrier": "cj", "tracking_number": "1"}
    )
    assert early_parcel.status_code in {409, 422}
    [listed] = store.read("/store/returns")["items"]
    own = f"/store/returns/{listed['id']}"
    assert other.get(own).status_code == 404
    assert other.post(f"{own}/approval", {"return_to": "x"}).status_code == 404
    assert world.api.post(f"{own}/approval", {"return_to": "x"}).status_code == 404
    unknown: Any = store.post(f"{own}/approval", {}).json
    assert unknown["code"] == "return_address_missing"
    agreed: Any = store.post(f"{own}/approval", {"return_to": "12 Store Street", "version": 1}).json
    assert agreed["status"] == "approved"
    stale: Any = store.post(f"{own}/receipt", {"version": 1})
    assert (stale.status_code, stale.json["code"]) == (409, "return_changed")
    assert world.stranger.post(f"/returns/{first.json['number']}/withdrawal").status_code == 404
    came: Any = store.post(f"{own}/receipt", {"lines": [{"line_id": line, "units": 1}]}).json
    states = [unit["state"] for unit in came["lines"][0]["units"]]
    assert states == ["received", "missing"]
    unit = came["lines"][0]["units"][0]["id"]
    verdict = {"unit_id": unit, "accepted": True, "condition": "new", "restock": True}
    done: Any = store.post(f"{own}/inspection", {"units": [verdict]}).json
    assert (done["status"], done["refund"]["status"]) == ("settled", "approved")
    assert world.api.read(f"/returns/{first.json['number']}")["refund"] == done["refund"]
    assert world.api.get("/returns/R-NONE").status_code == 404


@pytest.mark.req("ORD-005", "API-01")
def test_a_buyers_program_sends_pictures_along_says_that_it_was_sent_or_keeps_the_goods(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 2})
    sam = make_person("sam", roles=("buyer", "seller"), store_ids=(world.mall.store_ids[0],))
    store = Api(world.api.client, make_key(sam, world.mall.kr))
    line = str(rows("SELECT id FROM order_line WHERE order_id = :id", id=order.id)[0][0])
    send(order.part_ids[0], sam)
    asked: list[Any] = [
        world.api.post(
            f"/orders/{order.number}/returns",
            {"lines": [{"line_id": line, "units": 1}], "reason": "damaged", "pictures": [EXAMPLE]},
            Idempotency_Key=f"p-{n}",
        ).json
        for n in range(2)
    ]
    assert rows("SELECT count(*) FROM return_picture") == [(2,)]
    kept = world.api.post(f"/returns/{asked[0]['number']}/withdrawal")
    assert (kept.status_code, (kept.json or {})["status"]) == (200, "cancelled")
    store.post(f"/store/returns/{asked[1]['id']}/approval", {"return_to": "12 Store Street"})
    parcel = {"carrier": "nowhere", "tracking_number": "688012345678"}
    assert world.api.post(f"/returns/{asked[1]['number']}/shipment", parcel).status_code == 422
    for _ in range(2):
        sent: Any = world.api.post(f"/returns/{asked[1]['number']}/shipment", parcel | {"carrier": "cj"})
        assert (sent.status_code, sent.json["status"], sent.json["carrier"]) == (200, "sent", "cj"), sent.text


@pytest.mark.req("CAT-01", "API-01")
def test_a_stores_program_keeps_pictures_and_products_name_them(world: World) -> None:
    sam = make_person("sam", store_ids=(world.mall.store_ids[0],))
    store = Api(world.api.client, make_key(sam, world.mall.kr))
    made: Any = store.post("/store/pictures", {"pictures": [EXAMPLE]})
    assert made.status_code == 201, made.text
    assert made.json["items"][0]["key"]
    assert world.api.post("/store/pictures", {"pictures": [EXAMPLE]}).status_code == 403
    text: Any = store.post("/store/pictures", {"pictures": [{"name": "a.txt", "content": "aGVsbG8="}]})
    assert (text.status_code, text.json["code"]) == (422, "file_kind")


@pytest.mark.req("ORD-005", "API-01", "PAY-10")
def test_a_buyers_program_pays_what_an_exchange_costs_more_or_takes_the_money(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 2})
    sam = make_person("sam", roles=("buyer", "seller"), store_ids=(world.mall.store_ids[0],))
    store = Api(world.api.client, make_key(sam, world.mall.kr))
    send(order.part_ids[0], sam)
    [(line, price)] = rows("SELECT id::text, unit_price_minor::int FROM order_line WHERE order_id = :id", id=order.id)
    dearer = option_of(world.mall, world.bowl, krw=price + 3_000)

    def taken(key: str) -> str:
        """An exchange that waits for its payment."""
        wanted = {"line_id": line, "units": 1, "variant_id": dearer}
        body = {"kind": "exchange", "lines": [wanted], "reason": "changed_mind"}
        asked: Any = world.api.post(f"/orders/{order.number}/returns", body, Idempotency_Key=key).json
        own = f"/store/returns/{asked['id']}"
        store.post(f"{own}/approval", {"return_to": "12 Store Street"})
        came: Any = store.post(f"{own}/receipt", {}).json
        unit = {"unit_id": came["lines"][0]["units"][0]["id"], "accepted": True, "condition": "new", "restock": True}
        assert store.post(f"{own}/inspection", {"units": [unit]}).status_code == 200
        return f"/returns/{asked['number']}"

    path = taken("first")
    waits = world.api.read(path)
    assert (waits["to_pay"], waits["pay_by"] is not None) == ({"amount_minor": 3_000, "currency": "KRW"}, True)
    deposit = {"method": "deposit"}
    for what in ("payments", "money"):
        assert world.stranger.post(f"{path}/{what}", deposit, Idempotency_Key="max").status_code == 404
    poor = world.api.post(f"{path}/payments", deposit, Idempotency_Key="poor")
    assert (poor.status_code, data(poor)["code"]) == (409, "balance_too_low")
    card = world.api.post(f"{path}/payments", {"method": "credit_card", "source_token": "t"}, Idempotency_Key="card")
    assert (card.status_code, data(card)["next_action"]["type"]) == (201, "wait")
    give_deposit(world.bea, 5_000)
    for _ in range(2):
        paid = world.api.post(f"{path}/payments", deposit, Idempotency_Key="one")
        assert (paid.status_code, data(paid)["payment_id"], data(paid)["exchange"]["to_pay"]) == (201, None, None)
    late = world.api.post(f"{path}/payments", deposit, Idempotency_Key="two")
    assert (late.status_code, data(late)["code"]) == (409, "exchange_nothing_to_pay")
    assert rows("SELECT count(*) FROM ledger_entry WHERE kind = 'exchange_paid'") == [(1,)]
    second = taken("second")
    settled: Any = world.api.post(f"{second}/money")
    assert (settled.status_code, settled.json["wish"], settled.json["refund"]["total"]["amount_minor"]) == (
        200,
        "refund",
        price,
    )
    assert world.api.post(f"{second}/money").status_code == 409


@pytest.mark.req("ORD-11", "REF-01", "ORD-13", "API-01", "IDN-02")
def test_the_mall_reads_the_returns_of_every_store_and_its_rules_and_no_store_does(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 1})
    sam = make_person("sam", roles=("buyer", "seller"), store_ids=(world.mall.store_ids[0],))
    line = str(rows("SELECT id FROM order_line WHERE order_id = :id", id=order.id)[0][0])
    send(order.part_ids[0], sam)
    body = {"lines": [{"line_id": line, "units": 1}], "reason": "changed_mind"}
    asked: Any = world.api.post(f"/orders/{order.number}/returns", body, Idempotency_Key="r-1").json
    boss = make_person("ada", roles=("admin",))
    ada, store = (Api(world.api.client, make_key(one, world.mall.kr)) for one in (boss, sam))
    [listed] = ada.read(f"/mall/returns?queue=waiting&number={asked['number']}&limit=1")["items"]
    assert (listed["id"], listed["order_number"], bool(listed["store"])) == (asked["id"], order.number, True)
    assert ada.read("/mall/returns?queue=arrived")["items"] == []
    shown = ada.get(f"/mall/returns/{listed['id']}")
    assert (data(shown)["status"], world.bea.email in shown.text) == ("requested", False)
    assert ada.get(f"/mall/returns/{order.id}").status_code == 404
    with transaction() as session:
        of = {"channel_id": world.mall.kr.id, "section_id": None, "valid_from": None, "note": "The law of 2026."}
        for_all: Any = of | {"actor": boss.actor, "now": clock.now()}
        set_refund_rule(session, terms=RuleTerms(window_days=10), **for_all)
        set_tax_rate(session, percent=Decimal("8.5"), inclusive=True, **for_all)
    [rule], [rate] = ada.read("/refund-rules")["items"], ada.read("/tax-rates")["items"]
    assert (rule["window_days"], rule["returnable"], rule["note"]) == (10, None, "The law of 2026.")
    assert (Decimal(rate["rate"]), rate["inclusive"], rate["set_by"]) == (Decimal("0.085"), True, "Ada")
    for path in ("/mall/returns", f"/mall/returns/{listed['id']}", "/refund-rules", "/tax-rates"):
        assert (store.get(path).status_code, world.api.get(path).status_code) == (403, 403)
