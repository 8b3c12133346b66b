"""A store's program reads what the store is paid, with the postings behind it (API-01, BAL-13)."""

from __future__ import annotations

import pytest

from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.order import make_order
from tests.services.payouts.test_payouts import close_month, close_part


@pytest.mark.req("API-01", "BAL-13", "IDN-02")
def test_a_closed_period_and_its_lines_add_up_and_are_nobody_elses(world: World) -> None:
    close_part(make_order(world.bea, world.mall, {world.bowl: 2}))
    close_month()
    first, second = world.mall.store_ids[:2]
    people = (make_person("sam", store_ids=(first,)), make_person("sue", store_ids=(second,)))
    own, other = (Api(world.api.client, make_key(person, world.mall.kr)) for person in people)
    (statement,) = own.read("/store/statements")["items"]
    path = f"/store/statements/{statement['id']}"
    assert own.read(path) == statement
    lines = own.read(f"{path}/lines?limit=1")
    rest = own.read(f"{path}/lines?cursor={lines['next_cursor']}")["items"] if lines["next_cursor"] else []
    net = [one["net"]["amount_minor"] for one in [*lines["items"], *rest]]
    assert len(net) == statement["lines"]
    assert statement["opening"]["amount_minor"] + sum(net) == statement["closing"]["amount_minor"] > 0
    assert other.read("/store/statements")["items"] == []
    for where in (path, f"{path}/lines"):
        assert (other.get(where).status_code, data(world.api.get(where))["code"]) == (404, "permission_missing")
