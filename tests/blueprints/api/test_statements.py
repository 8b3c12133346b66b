"""A store's program reads what the store is paid, with the postings behind it (API-01, BAL-13)."""

from __future__ import annotations

import pytest

from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.documents.reading import pages_of
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
    assert statement["label"] in pages_of(own.get(f"{path}/file").data)[0]
    owed = own.read("/store/balance")
    assert (owed["period"], owed["items"][0]["balance"]) == ("monthly", statement["closing"])
    assert owed["items"][0]["since_statement"]["sales"]["amount_minor"] == 0
    assert other.read("/store/balance")["items"] == []
    for where in (path, f"{path}/lines", f"{path}/file"):
        assert (other.get(where).status_code, data(world.api.get(where))["code"]) == (404, "permission_missing")


@pytest.mark.req("API-01", "BAL-13", "IDN-02")
def test_the_mall_says_how_often_a_store_is_paid_and_takes_its_statement(world: World) -> None:
    close_part(make_order(world.bea, world.mall, {world.bowl: 2}))
    close_month()
    first = world.mall.store_ids[0]
    fin, sam = make_person("fin", roles=("finance",)), make_person("sam", store_ids=(first,))
    mall, store = (Api(world.api.client, make_key(person, world.mall.kr)) for person in (fin, sam))
    path = f"/mall/payout-periods/{first}"
    changed = data(mall.put(path, {"period": "weekly"}))
    assert changed == next(one for one in mall.read("/mall/payout-periods")["items"] if one["store_id"] == first)
    assert (changed["period"], store.read("/store/balance")["period"]) == ("weekly", "weekly")
    assert mall.put("/mall/payout-periods/987654321", {"period": "weekly"}).status_code == 404
    refused = store.put(path, {"period": "monthly"}), store.get("/mall/payout-periods")
    assert [one.status_code for one in refused] == [403, 403]
    (payout,) = mall.read("/mall/payouts")["items"]
    assert payout["label"] in pages_of(mall.get(f"/mall/payouts/{payout['id']}/file").data)[0]
    assert store.get(f"/mall/payouts/{payout['id']}/file").status_code == 403
