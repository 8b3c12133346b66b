"""Borders as programs meet them: a code, a sentence that says what to change, and the way on (CHN-09)."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask

from tests.blueprints.admin.test_borders import as_ada, move_abroad, set_rule
from tests.blueprints.api.conftest import World, order_body
from tests.factories.refund import rows


@pytest.mark.req("CHN-09", "API-01")
def test_a_program_is_refused_with_a_code_and_a_sentence_and_may_send_the_code(app: APIFlask, world: World) -> None:
    move_abroad(world.mall)
    ada = as_ada(app)
    assert set_rule(ada, world.mall, kind="code_above", country="*", limit="10000")[0] == 303
    assert set_rule(ada, world.mall, kind="code_above", country="KR", limit="20000")[0] == 303
    assert world.api.put(f"/cart/lines/{world.lamp}", {"quantity": 1}).status_code == 200
    choices = {"method": "credit_card"}
    quote: dict[str, Any] = world.api.post("/quote", choices).json or {}
    answer = world.api.post("/orders", order_body(quote, **choices), Idempotency_Key="one")
    problem = answer.json or {}
    assert (answer.status_code, problem["code"]) == (422, "personal_code_missing")
    assert problem["params"]["limit"] == {"amount_minor": 20_000, "currency": "KRW"}
    assert problem["params"]["country"] == ["KR"]
    assert rows("SELECT count(*) FROM orders") == [(0,)]
    body = order_body(quote, **choices) | {"personal_customs_code": "P123456789012"}
    assert world.api.post("/orders", body, Idempotency_Key="two").status_code == 201
