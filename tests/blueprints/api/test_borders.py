"""Borders as programs meet them: a code, a sentence that says what to change, and the way on (CHN-09)."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask

from portal.db import transaction
from portal.models import Channel
from portal.queries.channels import forget_channels
from tests.blueprints.admin.test_borders import as_ada, move_abroad, set_rule
from tests.blueprints.api.conftest import Api, World, data, make_key, order_body
from tests.factories.account import make_person
from tests.factories.refund import rows


@pytest.mark.req("CHN-09", "API-01")
def test_a_program_is_refused_with_a_code_and_a_sentence_and_may_send_the_code(app: APIFlask, world: World) -> None:
    move_abroad(world.mall)
    ada = as_ada(app)
    assert set_rule(ada, world.mall, kind="code_above", country="*", limit="10000")[0] == 303
    assert set_rule(ada, world.mall, kind="code_above", country="KR", limit="20000")[0] == 303
    assert world.api.put(f"/cart/lines/{world.lamp}", {"quantity": 1}).status_code == 200
    choices = {"method": "credit_card"}
    assert set_rule(ada, world.mall, kind="duty_rate", country="KR", rate="what")[0] == 422
    assert set_rule(ada, world.mall, kind="duty_rate", country="KR", rate="6.5%")[0] == 303
    assert (world.api.post("/quote", choices).json or {})["duties"] == []
    assert set_rule(ada, world.mall, kind="duty_free", country="KR", limit="20000")[0] == 303
    quote: dict[str, Any] = world.api.post("/quote", choices).json or {}
    (duty,) = quote["duties"]
    assert duty["amount"] == {"amount_minor": 1_773, "currency": "KRW"}  # 30,000 with a tenth of tax within.
    assert "collected by the carrier" in duty["detail"]
    assert [one["code"] for one in quote["borders"]] == ["personal_code_missing"]
    # To another country other rules hold: none says a rate, and it is not delivered to.
    abroad: dict[str, Any] = world.api.post("/quote", choices | {"country": "FR"}).json or {}
    assert (abroad["duties"], abroad["borders"][0]["code"]) == ([], "country_not_served")
    assert world.api.post("/quote", choices | {"country": "fr"}).status_code == 422
    answer = world.api.post("/orders", order_body(quote, **choices), Idempotency_Key="one")
    problem = answer.json or {}
    assert (answer.status_code, problem["code"]) == (422, "personal_code_missing")
    assert problem["params"]["limit"] == {"amount_minor": 20_000, "currency": "KRW"}
    assert problem["params"]["country"] == ["KR"]
    assert rows("SELECT count(*) FROM orders") == [(0,)]
    body = order_body(quote, **choices) | {"personal_customs_code": "P123456789012"}
    assert world.api.post("/orders", body, Idempotency_Key="two").status_code == 201


@pytest.mark.req("CHN-09", "API-01", "IDN-05")
def test_a_manager_sets_and_ends_rules_of_his_channel_by_the_api_and_of_no_other(world: World) -> None:
    person = make_person("mei")
    with transaction() as session:
        session.get_one(Channel, world.mall.kr.id).manager_id = person.id
    forget_channels()
    mei = Api(world.api.client, make_key(person, world.mall.kr))
    here, there = (f"/channels/{one.id}/borders" for one in (world.mall.kr, world.mall.us))
    rate = {"kind": "duty_rate", "country": "KR", "customs_code": "0902", "rate_basis_points": 4_000, "note": "By law."}
    (rule,) = data(mei.post(here, rate))["items"]
    assert (rule["rate_basis_points"], rule["customs_code"], rule["set_by"]) == (4_000, "0902", rule["set_by"])
    for wrong, field in (
        ({"rate_basis_points": None}, "rate"),
        ({"kind": "value_max"}, "limit"),
        ({"country": "XX"}, "country"),
    ):
        refused = mei.post(here, rate | wrong)
        assert refused.status_code == 422
        assert field in {one["field"] for one in data(refused)["errors"]}
    assert [mei.get(there).status_code, mei.post(there, rate).status_code] == [404, 404]
    ended = data(mei.post(f"{here}/{rule['id']}/end", {"note": "Repealed."}))
    assert ended["items"][0]["ended_at"]
    assert mei.post(f"{here}/{rule['id']}/end", {"note": "Again."}).status_code == 409
    assert [world.api.get(here).status_code, world.api.post(here, rate).status_code] == [403, 403]
