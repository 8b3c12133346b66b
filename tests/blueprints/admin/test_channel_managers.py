"""What a manager sees and does of his channel, and that nothing of another one is there (CHN-01, IDN-05)."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import transaction
from portal.models import Channel
from portal.rules.permissions import MATRIX, Role, Scope
from tests.blueprints.campaign_desks import typed
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_coupon, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("CHN-01", "IDN-05"), pytest.mark.usefixtures("books")]


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def mei(app: APIFlask, mall: Mall) -> FlaskClient:
    """She manages the channel in Korea."""
    person = make_person("mei")
    with transaction() as session:
        session.get_one(Channel, mall.kr.id).manager_id = person.id
    return browser(app, person)


def test_he_reads_the_orders_of_his_channel_without_their_buyers_and_none_of_another(
    mall: Mall, mei: FlaskClient
) -> None:
    bea = make_person("bea")
    goods = {make_variant(mall): 1}
    here, there = make_order(bea, mall, goods), make_order(bea, mall, goods, channel=mall.us)
    listed = mei.get("/admin/orders").text
    assert (here.number in listed, there.number in listed) == (True, False)
    for asked in (f"channel=us&q={there.number}", f"open={there.number}"):
        assert f'/admin/orders/{there.number}"' not in mei.get(f"/admin/orders?{asked}").text
    page = mei.get(f"/admin/orders/{here.number}")
    assert page.status_code == 200
    assert bea.name not in page.text
    assert mei.get(f"/admin/orders/{there.number}").status_code == 404
    token = {"csrf_token": fields(mei.get("/admin/channels").text)["csrf_token"]}
    assert mei.post(f"/admin/orders/{here.number}/buyer-view", data=token).status_code == 403


def test_he_says_what_his_channel_sells_and_not_what_another_does(mall: Mall, mei: FlaskClient) -> None:
    bowl = make_variant(mall)
    [(product,)] = rows("SELECT product_id FROM variant WHERE id = :id", id=bowl)
    here, there = (f"/admin/channels/{one.id}/goods" for one in (mall.kr, mall.us))
    shown = mei.get(here)
    assert shown.status_code == 200
    assert f"/admin/channels/{mall.us.id}/goods" not in shown.text
    stop = {"csrf_token": fields(shown.text)["csrf_token"], "do": "stop", "ids": product}
    assert mei.post(f"{here}/assignment", data=stop).status_code == 303
    assert mei.post(f"{there}/assignment", data=stop).status_code == 403
    assert mei.get(there).status_code == 403
    assert mei.get("/admin/channels/goods/import").status_code == 403
    assert rows("SELECT channel_id, is_off FROM price ORDER BY 1") == [(mall.kr.id, True), (mall.us.id, False)]


def test_he_sees_how_changes_come_to_his_channel_and_handles_its_failures_again(mall: Mall, mei: FlaskClient) -> None:
    insert = """
        INSERT INTO outbox_event (kind, subject, channel_id, created_at, due_at, last_error, payload)
        VALUES (:kind, 'order:1', :channel, now(), now() + interval '1 hour', 'gone', '{}')
    """
    with transaction() as session:
        session.execute(text(insert), {"kind": "order.here", "channel": mall.kr.id})
        session.execute(text(insert), {"kind": "order.there", "channel": mall.us.id})
    page = mei.get("/admin/propagation?channel=us").text
    assert ("order.here" in page, "order.there" in page) == (True, False)
    token = {"csrf_token": fields(page)["csrf_token"]}
    assert mei.post("/admin/propagation/retry?channel=us", data=token).status_code in {403, 404}
    assert mei.post("/admin/propagation/retry", data=token).status_code in {403, 404}
    assert mei.post("/admin/propagation/reconciliation?channel=us", data=token).status_code in {403, 404}
    assert rows("SELECT count(*) FROM outbox_event WHERE due_at <= now() AND kind LIKE 'order.%here'") == [(0,)]
    assert mei.post("/admin/propagation/retry?channel=kr", data=token).status_code == 303
    assert rows("SELECT kind FROM outbox_event WHERE due_at <= now() AND last_error IS NOT NULL") == [("order.here",)]


def test_he_reads_the_campaigns_that_run_on_his_channel(mall: Mall, mei: FlaskClient) -> None:
    def on(channel_id: int) -> list[dict[str, object]]:
        return [{"name": "channel", "params": {"channel_ids": [channel_id]}}]

    here = make_coupon("HERE", conditions=on(mall.kr.id), name={"en": "Only in Korea", "ko": "한국만"})
    there = make_coupon("THERE", conditions=on(mall.us.id), name={"en": "Only in the US", "ko": "미국만"})
    everywhere = make_coupon("BOTH", name={"en": "On all channels", "ko": "모두"})
    page = mei.get("/admin/campaigns").text
    assert [name in page for name in ("Only in Korea", "Only in the US", "On all channels")] == [True, False, True]
    asked = [mei.get(f"/admin/campaigns/{one}").status_code for one in (here, there, everywhere)]
    assert asked == [200, 404, 200]
    assert [mei.get(f"/admin/campaigns/{here}/{what}").status_code for what in ("codes", "edit")] == [200, 200]
    for other, what in ((there, "edit"), (everywhere, "edit"), (there, "codes"), (everywhere, "codes")):
        assert mei.get(f"/admin/campaigns/{other}/{what}").status_code == 404
    for what in ("holders", "uses", "abuse", "figures", "dry-run", "lists"):
        assert mei.get(f"/admin/campaigns/{here}/{what}").status_code == 403


@pytest.mark.req("CPN-10")
def test_he_makes_campaigns_for_his_channel_alone(mall: Mall, mei: FlaskClient) -> None:
    make_coupon("BOTH")
    [(everywhere,)] = rows("SELECT id FROM campaign")
    page = mei.get("/admin/campaigns/new").text
    kr, us = (f'name="c-channel-channel_ids" value="{one.id}"' for one in (mall.kr, mall.us))
    assert (kr in page, us in page) == (True, False)
    assert 'name="c-user-' not in page
    terms = fields(page) | typed(
        **{
            "c-channel-channel_ids": str(mall.kr.id),
            "valid_from": "2026-01-01T00:00",
            "valid_until": "2029-01-01T00:00",
        }
    )
    for unfit in (
        {"c-channel-channel_ids": str(mall.us.id)},
        {"c-channel-channel_ids": ""},
        {"distribution": "grant"},
        {"funding": "seller"},
    ):
        assert mei.post("/admin/campaigns/new", data=terms | unfit).status_code == 422
    made = mei.post("/admin/campaigns/new", data=terms)
    assert made.status_code == 303
    path = made.location
    assert (
        mei.post(f"{path}/edit", data=terms | {"version": 1, "c-channel-channel_ids": str(mall.us.id)}).status_code
        == 422
    )
    assert mei.post(f"{path}/launch", data=terms | {"version": 1}).status_code == 303
    assert mei.post(f"{path}/codes", data=terms | {"code": "HERE10"}).status_code == 303
    assert "HERE10" in mei.get(f"{path}/codes").text
    stop = terms | {"to": "revoked", "reason": "a mistake"}
    assert mei.post(f"/admin/campaigns/{everywhere}/state", data=stop).status_code == 404
    assert mei.post(f"{path}/state", data=stop).location == path
    assert rows("SELECT state FROM campaign ORDER BY id") == [("running",), ("revoked",)]


def test_nothing_of_his_reaches_further_than_his_channels() -> None:
    assert set(MATRIX[Role.CHANNEL_MANAGER].values()) == {Scope.CHANNEL}
