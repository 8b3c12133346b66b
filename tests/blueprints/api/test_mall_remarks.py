"""The mall's program hides what may not be read, and shows it again (CAT-03)."""

from __future__ import annotations

import pytest

from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.factories.remark import deliver, make_review


@pytest.mark.req("CAT-03", "API-01", "IDN-02")
def test_a_review_is_hidden_with_a_reason_and_shown_again(world: World) -> None:
    sam = make_person("sam", store_ids=world.mall.store_ids[:1])
    order = make_order(world.bea, world.mall, {world.bowl: 1})
    make_review(world.bea, deliver(order, sam)[0], 2, "My neighbour Max says it breaks.")
    mall, store = (
        Api(world.api.client, make_key(person, world.mall.kr))
        for person in (make_person("mia", roles=("marketing",)), sam)
    )
    slug = rows("SELECT p.slug FROM product p JOIN variant v ON v.product_id = p.id WHERE v.id = :id", id=world.bowl)
    public = f"/catalogue/products/{slug[0][0]}/remarks"
    (listed,) = mall.read("/mall/remarks?kind=review&view=shown")["items"]
    path = f"/mall/remarks/{listed['id']}"
    why = {"reason": "It names a neighbour.", "version": listed["version"]}
    assert [one.post(f"{path}/hiding", why).status_code for one in (store, world.api)] == [403, 403]
    assert [one.get("/mall/remarks").status_code for one in (store, world.api)] == [403, 403]
    assert mall.post(f"{path}/hiding", why | {"reason": " "}).status_code == 422
    stale = mall.post(f"{path}/hiding", why | {"version": listed["version"] + 1})
    assert (stale.status_code, data(stale)["code"]) == (409, "remark_changed")
    assert [mall.post(f"{path}/hiding", why).status_code for _n in range(2)] == [204, 204]
    assert world.api.read(public)["items"] == []
    (hidden,) = mall.read("/mall/remarks?kind=review&view=hidden")["items"]
    assert hidden["hidden_reason"] == "It names a neighbour."
    assert mall.post(f"{path}/showing", {"version": hidden["version"]}).status_code == 204
    assert [one["id"] for one in world.api.read(public)["items"]] == [listed["id"]]
    assert mall.post(f"/mall/remarks/{world.bea.id}/showing", {}).status_code == 404
