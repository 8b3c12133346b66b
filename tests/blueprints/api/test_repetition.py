"""The same request sent again: how long a key may be, and other content under it (PAY-10)."""

from __future__ import annotations

import pytest

from portal.blueprints.api.operations import OPERATIONS
from tests.blueprints.api.conftest import World, data, order_body, place
from tests.blueprints.api.test_keys import address_of
from tests.factories.refund import rows

pytestmark = pytest.mark.req("API-01", "PAY-10")
UNFIT = ("k" * 201, "a b", "\u00fc", "")


def test_a_key_has_up_to_200_characters_wherever_one_is_needed(world: World) -> None:
    needing = [op for op in OPERATIONS if op.is_idempotent]
    assert len(needing) > 10
    for op in needing:
        path, body = address_of(op), op.body_example
        fit = world.api.call(op.method, path, body, Idempotency_Key="k" * 200)
        assert (data(fit) or {}).get("code") != "idempotency_key_missing", op.name
        for key in UNFIT:
            answer = world.api.call(op.method, path, body, Idempotency_Key=key)
            assert data(answer)["code"] in {"idempotency_key_missing", "permission_missing"}, (op.name, key)


def test_other_content_under_the_same_key_is_refused_and_another_client_has_keys_of_its_own(world: World) -> None:
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    quoted = data(world.api.post("/quote", {"method": "credit_card"}))
    assert world.api.post("/orders", order_body(quoted), Idempotency_Key="k").status_code == 201
    other = world.api.post("/orders", order_body(quoted, locale="ko"), Idempotency_Key="k")
    assert (other.status_code, data(other)["code"]) == (409, "idempotency_key_reused")
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    assert place(world.as_bea(), key="k").status_code == 201
    assert rows("SELECT count(*) FROM orders") == [(2,)]
