"""A channel from its draft to its end, through the pages (CHN-01, CHN-02)."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import transaction
from portal.jobs.outbox import handle_events
from portal.queries.channels import channel_directory, forget_channels
from portal.services.checkout.place_order import ChannelClosedError
from portal.services.checkout.quote import mileage_terms
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import answer, make_order
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.reading_html import by_id, text_of, tree

pytestmark = [pytest.mark.req("CHN-01", "CHN-02"), pytest.mark.usefixtures("books")]

JAPAN = {
    "name_en": "Portal Japan", "name_ko": "포털 재팬", "code": "jp", "colour": "#1D4ED8", "hosts": "",
    "country": "jp", "currency": "jpy", "time_zone": "Asia/Tokyo", "locales": ["en", "ko"], "default_locale": "en",
    "issuer_en": "Portal Japan K.K.", "issuer_ko": "포털 재팬", "support_email": "help@jp.example.com",
    "notice_en": "", "notice_ko": "", "kind": "web", "manager": "ada@example.com", "extensions": "none",
    "legal_en": "Portal Japan K.K., Tokyo.", "legal_ko": "포털 재팬, 도쿄.", "why": "Opens in Japan",
}  # fmt: skip
MESSAGE = {"notice_en": "Back at noon.", "notice_ko": "정오에 다시 엽니다."}


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def ada(app: APIFlask, mall: Mall) -> FlaskClient:
    return browser(app, make_person("ada", roles=("admin",)))


def send(client: FlaskClient, page: str, path: str, **values: object) -> tuple[int, str]:
    hidden = fields(client.get(page).text)
    sent = {"csrf_token": hidden["csrf_token"], "version": hidden.get("version", ""), **values}
    answered = client.post(path, data=sent)
    return answered.status_code, answered.text


def move(client: FlaskClient, channel_id: int, new: str) -> tuple[int, str]:
    page = f"/admin/channels/{channel_id}"
    return send(client, page, f"{page}/state", to=new)


def state(code: str) -> str:
    return str(rows(f"SELECT state FROM channel WHERE code = '{code}'")[0][0])  # noqa: S608  # Ours.


def make_draft(ada: FlaskClient) -> int:
    assert send(ada, "/admin/channels/new", "/admin/channels/new", **JAPAN)[0] == 303
    return int(rows("SELECT id FROM channel WHERE code = 'jp'")[0][0])


def test_a_draft_has_no_pages_until_it_is_approved_by_another_and_its_checklist_is_complete(
    app: APIFlask, mall: Mall, ada: FlaskClient
) -> None:
    max_ = browser(app, make_person("max", roles=("admin",)))
    jp = make_draft(ada)
    assert channel_directory().codes == {"kr", "us"}
    assert move(ada, jp, "live")[0] == 409
    assert move(ada, jp, "approval")[0] == 303
    status, text = move(ada, jp, "readiness")
    assert (status, "Somebody else" in text) == (409, True)
    assert move(max_, jp, "readiness")[0] == 303
    status, text = move(max_, jp, "live")
    assert (status, "checklist is not complete" in text) == (409, True)
    page = f"/admin/channels/{jp}"
    for one in ("test_purchase", "legal_review", "support"):
        assert send(ada, page, f"{page}/checks", requirement=one, done="1")[0] == 303
    assert send(ada, page, f"{page}/checks", requirement="goods", done="1")[0] == 422
    assert move(max_, jp, "live")[0] == 409, "no goods, no gateway"
    assert state("jp") == "readiness"
    assert rows("SELECT count(*) FROM channel_move") == [(2,)]


@pytest.mark.ux("A26")
def test_maintenance_stops_new_orders_says_why_and_lets_go_on_what_is_under_way(
    app: APIFlask, mall: Mall, ada: FlaskClient
) -> None:
    bea = make_person("bea")
    under_way = make_order(make_person("bob"), mall, {make_variant(mall): 1}, outcome=None)
    make_person("sam", roles=("seller",), store_ids=(mall.store_ids[0],))
    assert move(ada, mall.kr.id, "maintenance")[0] == 409, "buyers must be told why"
    page = f"/admin/channels/{mall.kr.id}"
    shown = fields(ada.get(page).text)
    values = JAPAN | MESSAGE | {"name_en": "Portal Korea", "code": "kr", "country": "KR", "currency": "KRW"}
    values |= {"time_zone": "Asia/Seoul", "version": shown["version"], "csrf_token": shown["csrf_token"]}
    assert "Nothing is written in English yet" in text_of(by_id(tree(ada.get(page).text), "preview"))
    assert ada.post(page, data=values).status_code == 303
    before = by_id(tree(ada.get(page).text), "preview")  # What buyers will read, in each language, before it begins.
    assert [one.get("lang") for one in before.iter("span") if one.get("lang")] == ["en", "ko"]
    assert "Back at noon." in text_of(before)
    assert move(ada, mall.kr.id, "maintenance")[0] == 303
    kr = channel_directory()["kr"]
    assert "Back at noon." in browser(app, bea).get("/kr/").text
    with pytest.raises(ChannelClosedError):
        ready_to_buy(bea, kr, {make_variant(mall): 1})()
    answer(under_way, "captured")
    assert rows(f"SELECT status FROM orders WHERE number = '{under_way.number}'") == [("paid",)]  # noqa: S608  # Ours.
    handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE kind = 'channel.moved'")])
    assert rows("SELECT count(*) FROM notice WHERE kind = 'channel_stopped'") == [(2,)]  # The store and ada.
    assert "Buyers read: “Back at noon.”" in ada.get("/kr/account/notices").text
    forget_channels()
    channel_directory()  # A process that knows the channel as it is now, while another one opens it.
    here = browser(app, bea)
    assert 'id="channel-notice"' in here.get("/kr/").text
    assert "Back at noon." in here.get("/kr/channel-notice").text
    with transaction() as session:
        session.execute(text("UPDATE channel SET state = 'live' WHERE code = 'kr'"))
    assert "Back at noon." not in here.get("/kr/channel-notice").text
    with transaction() as session:
        session.execute(text("UPDATE channel SET state = 'maintenance' WHERE code = 'kr'"))
    forget_channels()
    assert move(ada, mall.kr.id, "live")[0] == 303
    assert "Back at noon." not in browser(app, bea).get("/kr/").text


def test_the_second_of_two_people_is_told_and_what_orders_are_made_of_stays(mall: Mall, ada: FlaskClient) -> None:
    page = f"/admin/channels/{mall.kr.id}"
    shown = fields(ada.get(page).text)
    values = JAPAN | {"name_en": "Portal Korea", "code": "kr", "version": shown["version"]}
    values |= {"csrf_token": shown["csrf_token"]}
    found = ada.post(page, data=values)
    assert (found.status_code, found.text.count("It stays as it was when the channel opened.")) == (422, 6)
    same = values | {"country": "KR", "currency": "KRW", "time_zone": "Asia/Seoul"}
    silent = ada.post(page, data=same | {"why": " "})
    assert (silent.status_code, 'id="why-error"' in silent.text) == (422, True)
    assert ada.post(page, data=same).status_code == 303
    assert ("channel-colour", "Opens in Japan") in rows("SELECT term, why FROM override_decision")
    assert "data-decision" in ada.get(page).text
    late = ada.post(page, data=same | {"name_en": "Other"})
    assert (late.status_code, "Somebody has changed this channel" in late.text) == (409, True)
    assert rows("SELECT name->>'en' FROM channel WHERE code = 'kr'") == [("Portal Korea",)]


def test_a_channel_ends_only_when_its_orders_are_over(mall: Mall, ada: FlaskClient) -> None:
    make_order(make_person("bea"), mall, {make_variant(mall): 1})
    page = f"/admin/channels/{mall.kr.id}"
    shown = fields(ada.get(page).text)
    values = JAPAN | MESSAGE | {"name_en": "Portal Korea", "code": "kr", "country": "KR", "currency": "KRW"}
    values |= {"time_zone": "Asia/Seoul", "version": shown["version"], "csrf_token": shown["csrf_token"]}
    ada.post(page, data=values)
    assert [move(ada, mall.kr.id, one)[0] for one in ("sunset", "offboarding")] == [303, 303]
    status, text = move(ada, mall.kr.id, "closed")
    assert (status, "not over yet" in text) == (409, True)


@pytest.mark.parametrize("role", ["buyer", "seller"])
def test_nobody_else_sees_or_moves_channels(app: APIFlask, mall: Mall, role: str) -> None:
    stranger: Person = make_person("eve", roles=(role,))
    client = browser(app, stranger)
    assert client.get("/admin/channels").status_code == 403
    assert client.get(f"/admin/channels/{mall.kr.id}").status_code == 403
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    data = {"csrf_token": token[1] if token else "", "to": "closed", "version": "1"}
    assert client.post(f"/admin/channels/{mall.kr.id}/state", data=data).status_code in {400, 403}
    assert state("kr") == "live"


@pytest.mark.req("BAL-06")
def test_limits_of_a_channel_are_set_in_the_desk_and_hold_at_once(ada: FlaskClient, mall: Mall) -> None:
    page = f"/admin/channels/{mall.kr.id}/terms"
    status, text = send(ada, page, page, **{"mileage-minimum_points": "500", "mileage-maximum_points": "100"})
    assert status == 422
    assert 'id="mileage-maximum_points-error"' in text
    opened = rows("SELECT version FROM channel WHERE id = :id", id=mall.kr.id)[0][0]
    status, _text = send(
        ada, page, page, **{"mileage-minimum_points": "500", "mileage-max_share_basis_points": "30", "why": "Agreed"}
    )
    assert status == 303
    terms = mileage_terms(channel_directory()["kr"].policy)
    assert (terms.minimum_points, terms.max_share_basis_points, terms.maximum_points) == (500, 3_000, None)
    assert 'value="500"' in ada.get(page).text
    # Who saves what he opened before is told, and changes nothing.
    hidden = fields(ada.get(page).text)
    late = ada.post(
        page, data={"csrf_token": hidden["csrf_token"], "version": opened, "fx-age_max_days": "1", "why": "x"}
    )
    assert late.status_code == 409
    assert "fx" not in rows("SELECT policy FROM channel WHERE id = :id", id=mall.kr.id)[0][0]
    assert ada.get("/admin/channels/999999/terms").status_code == 404


def test_a_manager_sees_and_changes_his_own_channel_and_no_other(app: APIFlask, mall: Mall, ada: FlaskClient) -> None:
    mei = make_person("mei")
    page = f"/admin/channels/{mall.kr.id}"
    shown = fields(ada.get(page).text)
    values = JAPAN | MESSAGE | {"name_en": "Portal Korea", "code": "kr", "country": "KR", "currency": "KRW"}
    values |= {"time_zone": "Asia/Seoul", "version": shown["version"], "csrf_token": shown["csrf_token"]}
    nobody = ada.post(page, data=values | {"manager": "nobody@example.com"})
    assert (nobody.status_code, "Nobody who can sign in has this address." in nobody.text) == (422, True)
    hers = browser(app, mei)
    assert hers.get(page).status_code == 403
    assert ada.post(page, data=values | {"manager": "mei@example.com", "extensions": "push = on"}).status_code == 303
    assert rows("SELECT kind, extensions FROM channel WHERE code = 'kr'") == [("web", {"push": "on"})]

    listed = hers.get("/admin/channels").text
    assert ("Portal Korea" in listed, f"/admin/channels/{mall.us.id}" in listed) == (True, False)
    assert move(hers, mall.kr.id, "maintenance")[0] == 303
    assert hers.get(f"{page}/terms").status_code == 200
    other = f"/admin/channels/{mall.us.id}"
    token = fields(hers.get(page).text)["csrf_token"]
    asked = [hers.get(other), hers.get(f"{other}/terms"), hers.get("/admin/channels/new"), hers.get("/admin/payments")]
    asked += [
        hers.post(f"{other}{path}", data={"csrf_token": token, "to": "maintenance", "version": "1"})
        for path in ("", "/state", "/checks", "/terms")
    ]
    assert {one.status_code for one in asked} == {403}
    # She hands it to nobody: that is for the mall.
    version = fields(hers.get(page).text)["version"]
    assert hers.post(page, data=values | {"csrf_token": token, "version": version}).status_code == 303
    assert rows("SELECT manager_id FROM channel WHERE code = 'kr'") == [(mei.id,)]
    assert state("us") == "live"
    assert "포털 재팬, 도쿄." in hers.get("/kr/?lang=ko").text
