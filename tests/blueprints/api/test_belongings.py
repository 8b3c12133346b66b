"""What belongs to a person beside his orders: addresses, wishes, offers, reviews and questions (API-01)."""

from __future__ import annotations

import pytest

from tests.blueprints.api.conftest import ADDRESS, Api, World, data, make_key
from tests.factories.account import make_person
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.factories.remark import deliver
from tests.services.incentives.test_offers import first_of, offered

pytestmark = pytest.mark.req("API-01")
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC"


def test_addresses_are_kept_changed_and_removed_and_are_nobody_elses(world: World) -> None:
    home = world.api.post("/addresses", ADDRESS)
    assert home.status_code == 201, home.text
    assert (data(home)["country"], data(home)["is_default"], data(home)["phone"]) == ("KR", True, "010-1234-5678")
    office = data(world.api.post("/addresses", {**ADDRESS, "line2": "9층", "make_default": True}))
    assert [one["id"] for one in world.api.read("/addresses")["items"]] == [office["id"], data(home)["id"]]
    path = f"/addresses/{data(home)['id']}"
    unfit = world.api.put(path, {**ADDRESS, "postcode": "1"})
    assert (unfit.status_code, data(unfit)["errors"][0]["field"]) == (422, "address.postcode")
    assert data(world.api.put(path, {**ADDRESS, "name": "김비아"}))["name"] == "김비아"
    for method, body in (("PUT", ADDRESS), ("DELETE", None)):
        assert world.stranger.call(method, path, body).status_code == 404
    assert world.stranger.read("/addresses")["items"] == []
    assert world.api.delete(path).status_code == 204
    assert world.api.delete(path).status_code == 404


@pytest.mark.req("CAT-03")
def test_wishes_are_kept_once_and_move_into_the_cart(world: World) -> None:
    for _ in range(2):
        assert world.api.call("PUT", f"/wishes/{world.bowl}").status_code == 204
    world.api.call("PUT", f"/wishes/{world.lamp}")
    listed = world.api.read("/wishes")["items"]
    assert {one["variant_id"] for one in listed} == {world.bowl, world.lamp}
    assert next(one["price"] for one in listed if one["variant_id"] == world.lamp)["amount_minor"] == 30_000
    assert world.api.call("PUT", "/wishes/999999999").status_code == 404
    for _ in range(2):
        assert world.api.post(f"/wishes/{world.bowl}/move").status_code == 204
    assert [one["quantity"] for one in world.api.read("/cart")["lines"]] == [1]
    assert world.api.delete(f"/wishes/{world.lamp}").status_code == 204
    assert world.api.read("/wishes")["items"] == world.stranger.read("/wishes")["items"] == []


@pytest.mark.req("INC-04")
def test_where_nothing_is_offered_there_is_nothing_to_take(world: World) -> None:
    assert world.api.read("/offer") == world.api.read("/offer?place=cart") == {"offer": None}
    for act in ("coupon", "dismissal"):
        answer = world.api.post(f"/offers/1/{act}")
        assert (answer.status_code, data(answer)["code"]) == (409, "offer_gone")


@pytest.mark.req("INC-04", "INC-06", "IDN-02")
def test_an_offer_is_shown_taken_into_the_wallet_once_or_put_away(world: World) -> None:
    offered(make_person("ada", roles=("admin",)))
    (who, shown), (other, second) = (first_of(world.mall) for _n in range(2))
    hers, his = (Api(world.api.client, make_key(one, world.mall.kr)) for one in (who, other))
    assert hers.read("/offer")["offer"]["id"] == hers.read("/offer?place=cart")["offer"]["id"] == shown.choice_id
    stolen = his.post(f"/offers/{shown.choice_id}/coupon")
    assert (stolen.status_code, data(stolen)["code"]) == (409, "offer_gone")
    assert [hers.post(f"/offers/{shown.choice_id}/coupon").status_code for _n in range(2)] == [204, 204]
    (coupon,) = hers.read("/coupons")["items"]
    assert (coupon["state"], rows("SELECT count(*) FROM coupon_grant")) == ("usable", [(1,)])
    assert hers.read("/offer")["offer"] is None
    assert his.post(f"/offers/{second.choice_id}/dismissal").status_code == 204
    assert his.read("/offer")["offer"] is None
    assert his.read("/coupons")["items"] == []


@pytest.mark.req("CAT-03")
def test_what_arrived_is_reviewed_once_with_pictures_and_answered_by_its_store(world: World) -> None:
    seller = make_person("sam", store_ids=world.mall.store_ids[:1])
    hers = Api(world.api.client, make_key(seller, world.mall.kr))
    order = make_order(world.bea, world.mall, {world.bowl: 1})
    early = {"line_id": str(rows("SELECT id FROM order_line")[0][0]), "stars": 4, "text": "Good"}
    assert data(world.api.post("/reviews", early, Idempotency_Key="r"))["code"] == "not_arrived"
    deliver(order, seller)
    (line,) = world.api.read("/reviews/open")["items"]
    review = early | {"pictures": [{"name": "bowl.png", "content": PICTURE}]}
    broken = review | {"pictures": [{"name": "bowl.png", "content": "aGVsbG8="}]}
    assert data(world.api.post("/reviews", broken, Idempotency_Key="b"))["code"] == "file_misnamed"
    unread = review | {"pictures": [{"name": "bowl.png", "content": "a"}]}
    assert data(world.api.post("/reviews", unread, Idempotency_Key="b"))["code"] == "request_invalid"
    assert data(world.stranger.post("/reviews", review, Idempotency_Key="r"))["code"] == "not_yours_to_review"
    for _ in range(2):
        assert world.api.post("/reviews", review, Idempotency_Key="r").status_code == 204
    assert data(world.api.post("/reviews", review, Idempotency_Key="s"))["code"] == "reviewed_already"
    path = f"/catalogue/products/{line['product']}"
    shown = world.api.read(f"{path}/remarks")
    assert (shown["reviews"], shown["average_tenths"], len(shown["items"][0]["pictures"])) == (1, 40, 1)
    assert world.api.client.get(shown["items"][0]["pictures"][0]).mimetype == "image/png"
    (waiting,) = hers.read("/store/remarks?kind=review")["items"]
    answer = {"text": "Thank you.", "version": waiting["version"]}
    assert world.api.post(f"/store/remarks/{waiting['id']}/answer", answer).status_code == 403
    assert hers.post(f"/store/remarks/{waiting['id']}/answer", answer).status_code == 204
    late = hers.post(f"/store/remarks/{waiting['id']}/answer", answer | {"text": "Thanks."})
    assert (late.status_code, data(late)["code"]) == (409, "remark_changed")
    assert world.api.read("/reviews")["items"][0]["answer"] == "Thank you."
    assert world.api.read("/reviews/open")["items"] == []
    for _ in range(2):
        asked = world.api.post(f"{path}/questions", {"text": "Dishwasher?"}, Idempotency_Key="q")
        assert asked.status_code == 204
    assert [one["text"] for one in world.stranger.read(f"{path}/remarks?kind=question")["items"]] == ["Dishwasher?"]
