"""The mall's programs act where its administrators do: refunds in a buyer's stead, rules, files of goods (API-01)."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import transaction
from portal.kit import clock
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.order import make_order
from tests.factories.refund import answer_legs, lines_of, rows

pytestmark = pytest.mark.req("API-01", "IDN-02")


@pytest.fixture
def olu(world: World) -> Api:
    """A key of operations'."""
    return Api(world.api.client, make_key(make_person("olu", roles=("operations",)), world.mall.kr))


@pytest.mark.req("ORD-11", "REF-01")
def test_fewer_pieces_and_then_none_are_given_back_in_a_buyers_stead(world: World, olu: Api) -> None:
    boss = make_person("ada", roles=("admin",))
    ada = Api(world.api.client, make_key(boss, world.mall.kr))
    order = make_order(world.bea, world.mall, {world.bowl: 3})
    path, line = f"/mall/orders/{order.number}", str(lines_of(order)[0])
    one: dict[str, Any] = {"lines": [{"line_id": line, "units": 1}], "reason": "out_of_stock"}
    quote = data(ada.post(f"{path}/refund-quote", one))
    assert [data(key.post(f"{path}/refund-quote", one))["needs_consent"] for key in (ada, olu)] == [False, True]
    body = one | {"fingerprint": quote["fingerprint"], "note": "One broke in the warehouse"}
    silent = ada.post(f"{path}/refunds", body | {"note": " "}, Idempotency_Key="r")
    assert (silent.status_code, data(silent)["errors"][0]["field"]) == (422, "note")
    given = [ada.post(f"{path}/refunds", body, Idempotency_Key="r") for _ in range(2)]
    assert [(one.status_code, data(one)["id"]) for one in given] == [(201, data(given[0])["id"])] * 2
    assert given[1].headers["Idempotent-Replayed"] == "true"
    refund = rows("SELECT id, origin, note FROM refund")
    assert refund == [(refund[0][0], "admin", "One broke in the warehouse")]
    told = rows("SELECT actor, payload::jsonb ->> 'reason' FROM audit_row WHERE action = 'refund:requested'")
    assert told == [(f"user:{boss.id}", "out_of_stock")]
    assert [one["id"] for one in world.api.read(f"/orders/{order.number}/refunds")["items"]] == [data(given[0])["id"]]
    answer_legs(refund[0][0])
    rest = data(ada.post(f"{path}/refund-quote", {}))
    assert rest["total"]["amount_minor"] > quote["total"]["amount_minor"]
    stale = ada.post(f"{path}/refunds", body, Idempotency_Key="s")
    assert (stale.status_code, data(stale)["code"]) == (409, "refund_changed_since_shown")
    ended = ada.post(
        f"{path}/refunds", {"fingerprint": rest["fingerprint"], "note": "She gave up"}, Idempotency_Key="t"
    )
    answer_legs(data(ended)["id"])
    assert rows("SELECT status FROM orders") == [("refunded",)]
    assert data(ada.post(f"{path}/refund-quote", {}))["code"] == "nothing_to_refund"
    assert len(ada.read(f"{path}/refunds")["items"]) == 2
    assert ada.get("/mall/orders/KR-AAAAAAAAAA/refunds").status_code == 404
    for key in (world.api, world.stranger):
        assert key.post(f"{path}/refund-quote", {}).status_code == 403


@pytest.mark.req("REF-01", "ORD-13")
def test_rules_of_refunds_and_rates_of_tax_are_set_once_and_called_off_before_they_begin(
    world: World, olu: Api
) -> None:
    soon = (clock.now() + timedelta(days=2)).isoformat()
    kr = world.mall.kr.id
    rule = {"channel_id": kr, "window_days": 10, "approve_above": {"KRW": 5_000}, "valid_from": soon, "note": "A law."}
    rate = {"channel_id": kr, "rate": "0.085", "valid_from": soon}
    for path, terms in (("/refund-rules", rule), ("/tax-rates", rate)):
        made = [data(olu.post(path, terms, Idempotency_Key="k")) for _ in range(2)]
        assert made[0] == made[1] == olu.read(path)["items"][0]
        taken = olu.post(path, terms, Idempotency_Key="l")
        assert (taken.status_code, data(taken)["code"].endswith("moment_taken")) == (409, True)
        late = olu.post(path, terms | {"valid_from": "2020-01-01T00:00:00Z"}, Idempotency_Key="m")
        assert (late.status_code, data(late)["code"].endswith("start_unfit")) == (422, True)
        nowhere = olu.post(path, terms | {"channel_id": 999_999, "approve_above": None}, Idempotency_Key="n")
        assert nowhere.status_code == 422
        off = data(olu.post(f"{path}/{made[0]['id']}/withdrawal"))
        assert (off["withdrawn_by"], off["withdrawn_at"] is not None) == ("Olu", True)
        again = olu.post(f"{path}/{made[0]['id']}/withdrawal")
        assert (again.status_code, data(again)["code"].endswith("_begun")) == (409, True)
        assert olu.post(f"{path}/999999/withdrawal").status_code == 404
        assert world.stranger.post(path, terms, Idempotency_Key="k").status_code == 403
    dollars = olu.post("/refund-rules", rule | {"approve_above": {"USD": 1}}, Idempotency_Key="o")
    assert data(dollars)["code"] == "refund_rule_limit_unfit"
    too_much = olu.post("/tax-rates", rate | {"rate": "1.1"}, Idempotency_Key="p")
    assert data(too_much)["errors"][0]["field"] == "rate"


@pytest.mark.req("CHN-03")
def test_a_file_of_goods_is_looked_at_and_then_taken_over_whole_or_not_at_all(world: World, olu: Api) -> None:
    skus = dict(rows("SELECT id, sku FROM variant"))
    bowl, lamp = skus[world.bowl], skus[world.lamp]

    def file(*lines: str, **more: Any) -> dict[str, Any]:
        table = "\n".join(("sku,channel,sold,currency,price,from,until", *lines))
        return {"content": base64.b64encode(table.encode()).decode(), **more}

    off = file(f"{bowl},us,no", f"{lamp},us,no")
    is_off = "SELECT count(*) FROM price WHERE is_off"
    tried = data(olu.post("/mall/goods-files", off | {"is_trial": True}, Idempotency_Key="a"))
    assert (tried, rows(is_off)) == ({"rows": 2, "is_done": False, "problems": []}, [(0,)])
    unfit = file(f"{bowl},us,no", "NO-SUCH,us,no", f"{bowl},moon,no")
    told = data(olu.post("/mall/goods-files", unfit | {"is_trial": True}, Idempotency_Key="b"))
    assert [(one["row"], one["code"]) for one in told["problems"]] == [(3, "sku"), (4, "channel")]
    refused = olu.post("/mall/goods-files", unfit, Idempotency_Key="c")
    assert (refused.status_code, [one["field"] for one in data(refused)["errors"]]) == (422, ["rows.3", "rows.4"])
    price = f"{bowl},us,,USD,8.50,2036-05-01 09:00,2036-05-08 00:00"
    twice = olu.post("/mall/goods-files", file(f"{bowl},us,no", price, price), Idempotency_Key="d")
    assert (twice.status_code, data(twice)["code"], rows(is_off)) == (409, "row_refused", [(0,)])
    for _ in range(2):
        done = olu.post("/mall/goods-files", off, Idempotency_Key="e")
        assert (done.status_code, data(done)) == (200, {"rows": 2, "is_done": True, "problems": []})
    assert rows(is_off) == [(2,)]
    with transaction() as session:
        session.execute(text("UPDATE variant SET sku = 'RENAMED' WHERE id = :id"), {"id": world.lamp})
    again = olu.post("/mall/goods-files", off, Idempotency_Key="e")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    with transaction() as session:
        session.execute(text("UPDATE variant SET sku = :sku WHERE id = :id"), {"id": world.lamp, "sku": lamp})
    sam = Api(world.api.client, make_key(make_person("sam", store_ids=world.mall.store_ids[:1]), world.mall.kr))
    theirs = sam.post("/store/goods-files", file(f"{lamp},us,yes"), Idempotency_Key="a")
    assert (theirs.status_code, data(theirs)["errors"][0]["code"]) == (422, "sku")
    assert sam.post("/store/goods-files", file(f"{bowl},us,yes"), Idempotency_Key="b").status_code == 200
    assert sam.post("/mall/goods-files", off, Idempotency_Key="a").status_code == 403
    assert world.stranger.post("/store/goods-files", off, Idempotency_Key="a").status_code == 403
    assert rows(is_off) == [(1,)]
    scrawl = olu.post("/mall/goods-files", {"content": base64.b64encode(b"\xff\xfe\xfa").decode()}, Idempotency_Key="f")
    assert (scrawl.status_code, data(scrawl)["code"]) == (422, "file_unfit")
