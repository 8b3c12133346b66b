"""Programs hand coupons out and take them back, and decide about refunds that wait (CPN-02, CPN-10, REF-01)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from apiflask import APIFlask

from portal.blueprints.api.limits import counter
from portal.blueprints.api.v1.campaigns.examples import TERMS
from portal.kit import clock
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.refund import ask_refund
from tests.services.refunds.test_decisions import Case, move_part


def during(now: datetime) -> dict[str, str]:
    """Days around this one."""
    return {"valid_from": (now - timedelta(days=1)).isoformat(), "valid_until": (now + timedelta(days=30)).isoformat()}


@pytest.mark.req("API-01", "CPN-02", "CPN-10")
def test_a_campaign_is_changed_launched_opened_by_codes_and_withdrawn(world: World) -> None:
    mia = Api(world.api.client, make_key(make_person("mia", roles=("marketing",)), world.mall.kr))
    sam = make_person("sam", store_ids=(world.mall.store_ids[0],))
    other = Api(world.api.client, make_key(sam, world.mall.kr))
    terms = {**TERMS, "distribution": "code", **during(clock.now())}
    made = mia.post("/campaigns", terms)
    assert made.status_code == 201, made.text
    path = f"/campaigns/{data(made)['id']}"
    changed = mia.put(path, {**terms, "percent": "15", "version": 1})
    assert (changed.status_code, data(changed)["version"]) == (200, 2), changed.text
    late = mia.put(path, {**terms, "version": 1})
    assert (late.status_code, data(late)["code"]) == (409, "campaign_changed")
    assert data(mia.post(f"{path}/launch", {"version": 2}))["state"] == "running"
    code = mia.post(f"{path}/codes", {"code": "spring-25", "cap": 5})
    assert (code.status_code, data(code)["code"], data(code)["cap"]) == (201, "SPRING25", 5)
    assert data(mia.post(f"{path}/codes", {"code": "SPRING25"}))["code"] == "code_taken"
    batch = data(mia.post(f"{path}/batches", {"size": 3, "prefix": "NOV", "length": 12, "per_code_cap": 1}))
    file = mia.get(f"{path}/batches/{batch['id']}/codes.csv")
    lines = file.text.split()
    assert (lines[0], len(lines), file.mimetype) == ("code,state,limit,uses", 4, "text/csv")
    own = lines[1].partition(",")[0]
    assert world.api.post("/coupons", {"code": own}).status_code == 200
    (holder,) = mia.read(f"{path}/holders")["items"]
    assert (holder["person"], holder["code"], holder["state"]) == (str(world.bea.id), own, "held")
    why = {"to": "revoked", "reason": "Posted on a forum."}
    assert mia.post(f"{path}/holders/{holder['id']}/state", why).status_code == 204
    again = mia.post(f"{path}/holders/{holder['id']}/state", why)
    assert (again.status_code, data(again)["code"]) == (409, "coupon_move_refused")
    assert data(mia.post(f"{path}/codes/SPRING25/state", why))["state"] == "revoked"
    assert data(mia.post(f"{path}/batches/{batch['id']}/state", why))["state"] == "revoked"
    assert {one["state"] for one in mia.read(f"{path}/codes?batch={batch['id']}")["items"]} == {"revoked"}
    for act, body in (
        ("launch", {"version": 2}),
        ("state", why),
        ("codes", {"code": "OTHER1"}),
        ("batches", {"size": 1}),
    ):
        assert other.post(f"{path}/{act}", body).status_code == 404, act
    assert other.get(f"{path}/holders").status_code == other.get(f"{path}/codes").status_code == 404
    assert data(mia.post(f"{path}/state", why))["state"] == "revoked"


@pytest.mark.req("API-01", "REF-01", "IDN-02")
def test_stores_answer_refunds_that_wait_and_who_asked_takes_them_back(app: APIFlask, books: None) -> None:
    case = Case()
    move_part(case.order, "accepted", "packed")
    asked = ask_refund(case.order, part_id=case.order.part_ids[0])
    counter.forget()
    client, kr = app.test_client(use_cookies=False), case.mall.kr
    sam, sue, bea = (Api(client, make_key(one, kr)) for one in (case.sam, case.sue, case.bea))
    path = f"/refunds/{asked.refund_id}"
    assert [one["id"] for one in sam.read("/refunds")["items"]] == [str(asked.refund_id)]
    assert sue.read("/refunds?queue=all")["items"] == []
    for act, body in (("approval", {}), ("refusal", {"reason": "No"}), ("withdrawal", None)):
        assert sue.post(f"{path}/{act}", body).status_code == 404
    refused = sam.post(f"{path}/refusal", {"reason": "It left this morning."})
    assert (data(refused)["status"], data(refused)["refusal"]) == ("refused", "It left this morning.")
    assert data(sam.post(f"{path}/approval", {}))["code"] == "refund_decided"
    second = ask_refund(case.order, part_id=case.order.part_ids[0])
    assert data(bea.post(f"/refunds/{second.refund_id}/withdrawal"))["status"] == "cancelled"
    third = ask_refund(case.order, part_id=case.order.part_ids[0])
    assert data(sam.post(f"/refunds/{third.refund_id}/approval", {}))["status"] in {"approved", "sent"}
