"""One's own mileage page: what it shows, and giving points away in it (BAL-05, BAL-06, BAL-08)."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import transaction
from portal.rules.earning import EarnTerms, to_json
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.loyalty import TIERS, write_version
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.services.mileage.test_life_of_lots import lot

PAGE = "/account/mileage"


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    return make_mall()


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea")


@pytest.fixture
def client(app: APIFlask, bea: Person) -> FlaskClient:
    return browser(app, bea)


def post(client: FlaskClient, path: str, **more: str) -> tuple[int, str]:
    sent = fields(client.get(PAGE).text)
    answer = client.post(path, data={"csrf_token": sent["csrf_token"], "key": sent.get("key", "k")} | more)
    return answer.status_code, answer.text


@pytest.mark.req("BAL-05", "BAL-08")
def test_the_page_says_what_there_is_what_ends_and_what_is_missing_to_the_next_tier(
    client: FlaskClient, mall: Mall, bea: Person
) -> None:
    assert "No points yet" in client.get(PAGE).text
    ada = make_person("ada", roles=("buyer", "admin"))
    write_version(ada, "tiers", TIERS)
    write_version(ada, "mileage", to_json(EarnTerms(referrer_points=3_000, referee_points=2_000)))
    lot(bea, 800, 5)
    lot(bea, 3_000, 60)
    make_order(bea, mall, {make_variant(mall, krw=11_000): 1})
    shown = client.get(PAGE).text
    for said in ("3,800", "worth ₩3,800", "₩19,000 more within 365 days", "Silver", "You get 3,000"):
        assert said in shown, said
    assert re.search(r"Ends soon.*?800", shown, re.DOTALL)
    assert "Bronze" in client.get("/account").text
    assert post(client, f"{PAGE}/invitation")[0] == 303
    code = rows("SELECT code FROM referral_code")[0][0]
    assert f"/invitations/{code}" in client.get(PAGE).text


@pytest.mark.req("BAL-04")
def test_an_invitation_is_kept_until_the_newcomer_signs_up(app: APIFlask, client: FlaskClient, bea: Person) -> None:
    post(client, f"{PAGE}/invitation")
    code = rows("SELECT code FROM referral_code")[0][0]
    assert client.get(f"/invitations/{code}").status_code == 303
    newcomer = browser(app)
    assert newcomer.get(f"/invitations/{code}").location.endswith("/sign-up")
    token = fields(newcomer.get("/sign-up").text)["csrf_token"]
    form = {"name": "Max", "email": "max@example.com", "password": "correct horse", "csrf_token": token}
    assert newcomer.post("/sign-up", data=form).status_code == 303
    assert rows("SELECT referrer_id, state FROM referral") == [(bea.id, "waiting")]


@pytest.mark.req("BAL-06")
def test_points_are_sent_called_back_and_accepted_in_the_page(app: APIFlask, client: FlaskClient, bea: Person) -> None:
    lot(bea, 1_000, 60)
    friend = make_person("max")
    with transaction() as session:
        session.execute(text("UPDATE user_account SET email_verified_at = now()"))
    for wrong, field in (
        ({"email": "max@example.com", "points": "99"}, "send-points"),
        ({"email": "max@example.com", "points": "1,001"}, "send-points"),
        ({"email": "max@example.com", "points": "-1"}, "send-points"),
        ({"email": "nobody", "points": "100"}, "send-email"),
        ({"email": "max@example.com", "points": "100", "message": "x" * 201}, "send-message"),
    ):
        status, page = post(client, f"{PAGE}/gifts", **wrong)
        assert status == 422, wrong
        assert f'id="{field}-error"' in page
    assert rows("SELECT count(*) FROM mileage_gift") == [(0,)]
    assert post(client, f"{PAGE}/gifts", email="max@example.com", points="300", message="<b>Hi</b>")[0] == 303
    assert post(client, f"{PAGE}/gifts", email="max@example.com", points="200")[0] == 303
    first, second = (row[0] for row in rows("SELECT id FROM mileage_gift ORDER BY created_at, id"))
    assert post(client, f"{PAGE}/gifts/{second}/cancellation")[0] == 303
    other = browser(app, friend)
    assert "&lt;b&gt;Hi" in other.get(PAGE).text
    assert post(other, f"{PAGE}/gifts/{second}/acceptance")[0] == 409
    assert post(other, f"{PAGE}/gifts/{first}/acceptance")[0] == 303
    assert rows("SELECT state FROM mileage_gift ORDER BY created_at, id") == [("accepted",), ("cancelled",)]
    assert post(browser(app, make_person("eve")), f"{PAGE}/gifts/{first}/cancellation")[0] == 404


@pytest.mark.req("BAL-06")
def test_a_large_gift_is_confirmed_first(client: FlaskClient, bea: Person) -> None:
    lot(bea, 20_000, 60)
    status, _page = post(client, f"{PAGE}/gifts", email="max@example.com", points="10001")
    assert status == 303
    assert rows("SELECT count(*) FROM mileage_gift") == [(0,)]
    assert rows("SELECT action FROM step_up") == [("mileage:send",)]


@pytest.mark.req("BAL-06")
def test_administrators_keep_the_causes_that_buyers_donate_to(app: APIFlask, client: FlaskClient, bea: Person) -> None:
    lot(bea, 1_000, 60)
    desk = browser(app, make_person("mia", roles=("marketing",)))
    token = {"csrf_token": fields(desk.get("/admin/causes").text)["csrf_token"]}
    assert desk.post("/admin/causes", data=token | {"name_en": "Trees"}).status_code == 422
    names = {"name_en": "Trees", "name_ko": "나무", "description_en": "Planted in spring"}
    assert desk.post("/admin/causes", data=token | names).status_code == 303
    assert "Planted in spring" in client.get(PAGE).text
    assert post(client, f"{PAGE}/donations", cause="1", points="1001")[0] == 422
    assert post(client, f"{PAGE}/donations", cause="1", points="400")[0] == 303
    assert rows("SELECT points, amount_minor FROM mileage_donation") == [(400, 400)]
    assert desk.post("/admin/causes/1/state", data=token | {"open": "0"}).status_code == 303
    assert post(client, f"{PAGE}/donations", cause="1", points="100")[0] == 404
    assert desk.post("/admin/causes/9/state", data=token | {"open": "0"}).status_code == 404
    assert client.get("/admin/causes").status_code == 403
