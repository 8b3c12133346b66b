"""Borders of a channel through the pages and the API: rules, refusals that say what to change, records as files."""

from __future__ import annotations

from html import unescape

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import transaction
from portal.jobs.exports import make_list
from portal.models import Channel, Store
from tests.blueprints.admin.test_channels import send
from tests.blueprints.checkout.checkouts import counts, make_desk
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("CHN-09"), pytest.mark.usefixtures("books")]

NOTE = {"note": "Customs Act, article 94."}


def as_ada(app: APIFlask) -> FlaskClient:
    return browser(app, make_person("ada", roles=("admin",)))


def set_rule(client: FlaskClient, mall: Mall, **terms: str) -> tuple[int, str]:
    page = f"/admin/channels/{mall.kr.id}/borders"
    return send(client, page, page, **(NOTE | terms))


def move_abroad(mall: Mall) -> None:
    """The second store sends from the United States from now on."""
    with transaction() as session:
        session.get_one(Store, mall.store_ids[1]).country = "US"


def test_a_rule_set_on_the_desk_asks_for_the_code_at_the_checkout_and_nothing_changes_until_it_is_there(
    app: APIFlask,
) -> None:
    desk = make_desk(app, krw=(12_000, 55_000))
    move_abroad(desk.mall)
    ada = as_ada(app)
    assert "personal_code" not in desk.open()
    status, page = set_rule(ada, desk.mall, kind="code_above", country="kr", limit="what")
    assert (status, "Write the amount in the channel&#39;s currency." in page) == (422, True)
    assert set_rule(ada, desk.mall, kind="code_above", country="kr", limit="40,000")[0] == 303
    shown = ada.get(f"/admin/channels/{desk.mall.kr.id}/borders").text
    assert "₩40,000" in shown
    assert NOTE["note"] in shown
    log = ada.get("/admin/house-rules").text
    assert (log.count("data-decision"), NOTE["note"] in log) == (1, True)
    assert [one.count("User ") for one in (shown, log)] == [0, 0], "who did it is named"
    assert [one.count(">Ada<") > 0 for one in (shown, log)] == [True, True]
    assert 'name="personal_code"' in desk.open()
    before = counts()
    refused = desk.place()
    assert (refused.status_code, refused.headers["X-Error-Code"]) == (422, "personal_code_missing")
    assert "enter your personal customs code for South Korea" in unescape(refused.text)
    assert counts() == before
    assert desk.place(personal_code="P123456789012").status_code == 303
    assert rows("SELECT from_country, to_country, declared_minor FROM border_record") == [("US", "KR", 50_000)]


def test_the_checkout_says_in_korean_what_to_change_before_anybody_presses(app: APIFlask) -> None:
    desk = make_desk(app)
    ada = as_ada(app)
    barred = {"kind": "barred", "country": "KR", "words-en": "A permit is missing.", "words-ko": "허가가 필요해요."}
    assert set_rule(ada, desk.mall, **barred)[0] == 303
    page = unescape(desk.client.get("/checkout?lang=ko").text)
    assert "허가가 필요해요. 장바구니에서 빼거나" in page
    answer = desk.place()
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (422, "goods_barred")


def test_where_a_channel_delivers_abroad_the_buyer_chooses_the_country(app: APIFlask) -> None:
    desk = make_desk(app)
    assert 'id="country"' not in desk.open()
    assert set_rule(as_ada(app), desk.mall, kind="delivers", country="US")[0] == 303
    assert 'id="country"' in desk.open()
    there = {"country": "US", "city": "New York", "region": "NY", "postcode": "10001", "phone": "212 555 0123"}
    assert desk.place(**there).status_code == 303
    assert rows("SELECT deliver_to FROM orders") == [("US",)]
    assert rows("SELECT count(*) FROM border_record") == [(2,)]


def test_records_are_shown_beside_the_books_and_saved_as_signed_files(app: APIFlask) -> None:
    desk = make_desk(app)
    move_abroad(desk.mall)
    order = make_order(make_person("max"), desk.mall, {make_variant(desk.mall, store=1): 1})
    ada = as_ada(app)
    page = ada.get("/admin/border-records?channel=kr").text
    assert page.count('data-check="') == 4
    assert "differ" not in page
    assert order.number in page
    for listing, said in (("border-records", order.number), ("channel-events", "order.placed")):
        sent = {"csrf_token": fields(page)["csrf_token"], "list": listing, "query": "channel=kr", "format": "csv"}
        there = ada.post("/admin/exports", data=sent).headers["Location"]
        make_list(there.rpartition("/")[2])
        assert said in ada.get(f"{there}/file").text
        assert ada.get(f"{there}/signature").get_json()["signature"]


def test_a_manager_sees_and_changes_the_borders_of_his_channel_only(app: APIFlask) -> None:
    desk = make_desk(app)
    max_ = make_person("max", roles=("channel_manager",))
    with transaction() as session:
        session.get_one(Channel, desk.mall.kr.id).manager_id = max_.id
    client = browser(app, max_)
    assert set_rule(client, desk.mall, kind="delivers", country="US")[0] == 303
    assert client.get(f"/admin/channels/{desk.mall.us.id}/borders").status_code == 403
    assert client.get("/admin/border-records").status_code == 403
