"""Signing up, in and out through the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.broker import broker
from portal.config import Settings
from portal.crypto import email_index
from portal.db import reading, transaction
from portal.kit import clock
from portal.models import CartLine, User, WebSession
from portal.services.accounts.throttle import SIGN_IN, throttle
from tests.blueprints.pages import HTMX, cookie, send, sign_in, token_of, without_tokens
from tests.factories.account import PASSWORD, make_person
from tests.factories.cart import Mall, make_mall, make_variant

pytestmark = pytest.mark.req("IDN-03")

NEWCOMER = {"name": "Bea Kim", "email": "bea@example.com", "password": "a long enough one"}


def test_a_newcomer_signs_up_with_three_fields_and_is_in(client: FlaskClient, mall: Mall) -> None:
    fields = re.findall(r'<input[^>]+name="(\w+)"', client.get("/sign-up").text.split("<h1>")[1])
    assert [name for name in fields if name not in {"csrf_token", "next"}] == ["name", "email", "password"]
    answer = send(client, "/sign-up", {**NEWCOMER, "next": "/checkout"}, page="/sign-up")
    assert (answer.status_code, answer.location) == (303, "/checkout")
    assert "Bea Kim" in client.get("/account").text


@pytest.mark.parametrize("page", ["/sign-in", "/sign-up"])
def test_password_managers_find_what_they_look_for(client: FlaskClient, mall: Mall, page: str) -> None:
    html = client.get(page).text
    assert 'autocomplete="username"' in html
    assert f'autocomplete="{"current" if page == "/sign-in" else "new"}-password"' in html
    assert "onpaste" not in html


def test_faults_are_said_and_what_was_typed_is_kept(client: FlaskClient, mall: Mall) -> None:
    answer = send(client, "/sign-up", {"name": "Bea", "email": "bea", "password": "a long enough one"}, page="/sign-up")
    assert answer.status_code == 422
    assert "Enter an e-mail address such as name@example.com." in answer.text
    assert 'value="Bea"' in answer.text
    assert "a long enough one" not in answer.text
    assert "<title>Error: " in answer.text


def test_an_e_mail_that_is_taken_is_said_at_its_field(client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    answer = send(client, "/sign-up", NEWCOMER, page="/sign-up")
    assert answer.status_code == 422
    assert "already an account" in answer.text


def test_every_refused_sign_in_reads_the_same(client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    make_person("cleo", state="closed")
    answers = [
        sign_in(client, "bea@example.com", "wrong password"),
        sign_in(client, "max@example.com"),
        sign_in(client, "cleo@example.com"),
    ]
    texts = {without_tokens(answer.text) for answer in answers}
    assert [answer.status_code for answer in answers] == [422] * 3
    assert len(texts) == 1
    assert "The e-mail or the password is not right." in texts.pop()


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/cart", "/cart"),
        ("/account/orders?page=2", "/account/orders?page=2"),
        ("https://evil.example/x", "/x"),
        ("//evil.example/x", "/x"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_next_leads_only_to_pages_of_ours(client: FlaskClient, mall: Mall, wanted: str, led: str) -> None:
    make_person("bea")
    answer = sign_in(client, next=wanted)
    assert (answer.status_code, answer.location) == (303, led)


def test_next_stays_on_the_channel(client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    answer = send(
        client,
        "/us/sign-in",
        {"email": "bea@example.com", "password": PASSWORD, "next": "/cart"},
        page="/us/sign-in",
    )
    assert answer.location == "/us/cart"


@pytest.mark.req("IDN-01")
def test_one_sign_in_holds_on_every_channel(client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    sign_in(client)
    for address in ("/account", "/us/account", "/kr/account"):
        assert client.get(address).status_code == 200


def test_a_page_that_needs_a_sign_in_is_where_one_comes_back_to(client: FlaskClient, mall: Mall) -> None:
    answer = client.get("/account/addresses?x=1")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/account/addresses?x%3D1")
    fragment = client.get("/account/notices", headers=HTMX | {"HX-Current-URL": "http://localhost/cart?a=1"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (204, "/sign-in?next=/cart?a%3D1")


def test_a_stolen_cookie_is_worthless_after_signing_out(app: APIFlask, client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    sign_in(client)
    thief = app.test_client()
    thief.set_cookie("portal", cookie(client))
    assert thief.get("/account").status_code == 200
    assert send(client, "/sign-out", page="/account").status_code == 303
    assert client.get("/account").status_code == 303
    assert thief.get("/account").status_code == 303


def test_a_planted_session_does_not_become_the_victims(app: APIFlask, client: FlaskClient, mall: Mall) -> None:
    """Session fixation: the attacker's own visitor session, put into the victim's browser."""
    make_person("bea")
    attacker = app.test_client()
    send(attacker, "/cart/lines", {"variant_id": make_variant(mall), "quantity": 1})
    planted = cookie(attacker)
    client.set_cookie("portal", planted)
    sign_in(client)
    assert cookie(client) != planted
    attacker.set_cookie("portal", planted)
    assert attacker.get("/account").status_code == 303
    with reading() as session:
        rows = session.execute(select(WebSession.user_id, WebSession.revoked_at)).all()
    assert len(rows) == 2
    assert all(row.revoked_at is not None for row in rows if row.user_id is None)


def test_the_csrf_token_changes_with_the_sign_in(client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    before = token_of(client)
    sign_in(client)
    refused = client.post("/account/sessions/revocation", data={"csrf_token": before})
    assert refused.status_code == 400
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/sign-in",
        "/sign-up",
        "/sign-out",
        "/password-reset",
        "/preferences",
        "/account",
        "/account/sessions/revocation",
        "/account/notices/reading",
        "/account/addresses/new",
        "/account/verification",
        "/cart/lines",
        "/cart/lines/1",
        "/cart/lines/1/removal",
    ],
)
def test_nothing_is_done_without_the_token_of_a_page(client: FlaskClient, mall: Mall, address: str) -> None:
    make_person("bea")
    sign_in(client)
    assert client.post(address, data={"theme": "dark"}).status_code == 400
    assert client.get("/account").status_code == 200


def test_a_browser_that_comes_back_is_the_same_device(client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    sign_in(client)
    send(client, "/sign-out", page="/account")
    sign_in(client)
    with reading() as session:
        devices = set(session.scalars(select(WebSession.device_id)).all())
    assert len(devices) == 1
    client.set_cookie("device", "00000000000000000000000000000000.forged")
    sign_in(client, next="/")
    send(client, "/sign-out", page="/account")
    sign_in(client)
    with reading() as session:
        assert set(session.scalars(select(WebSession.device_id)).all()) > devices


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    answer = sign_in(client)
    cookies = answer.headers.getlist("Set-Cookie")
    assert {text.split("=")[0] for text in cookies} == {"portal", "device"}
    assert all("HttpOnly" in text and "SameSite=Lax" in text and "Path=/;" in text + ";" for text in cookies)


@pytest.mark.req("CAT-02", "IDN-07")
def test_the_cart_of_a_visitor_survives_sign_up_and_sign_in(app: APIFlask, client: FlaskClient, mall: Mall) -> None:
    bowl = make_variant(mall)
    send(client, "/cart/lines", {"variant_id": bowl, "quantity": 2})
    send(client, "/sign-up", NEWCOMER, page="/sign-up")
    assert in_carts() == {bowl: 2}
    assert "Rice bowl" in client.get("/cart").text
    other = app.test_client()
    send(other, "/cart/lines", {"variant_id": bowl, "quantity": 3})
    sign_in(other, password=NEWCOMER["password"])
    assert in_carts() == {bowl: 5}


def test_the_eleventh_wrong_password_has_to_wait(app: APIFlask, client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    make_person("max")
    for _ in range(10):
        assert sign_in(client, password="wrong password").status_code == 422
    refused = sign_in(client)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
    assert "too often" in refused.text
    # Another browser does not help, and another account is not hindered.
    assert sign_in(app.test_client()).status_code == 429
    assert sign_in(client, "max@example.com").status_code == 303


def test_right_passwords_are_not_counted(client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    for _ in range(12):
        assert sign_in(client).status_code == 303
        send(client, "/sign-out", page="/account")


def test_one_network_address_cannot_try_all_accounts(client: FlaskClient, mall: Mall) -> None:
    make_person("bea")
    token = token_of(client)

    def attempt(number: int, ip: str) -> int:
        data = {"csrf_token": token, "email": f"nobody{number}@example.com", "password": "x"}
        return client.post("/sign-in", data=data, environ_overrides={"REMOTE_ADDR": ip}).status_code

    # Each try through the page compares a password, which is slow on purpose: most are counted without.
    tried = SIGN_IN.per_address.times - 3
    for number in range(tried):
        account = email_index(f"nobody{number}@example.com")
        throttle.count(SIGN_IN, account=account, address="203.0.113.7", now=clock.now())
    assert {attempt(number, "203.0.113.7") for number in range(tried, 100)} == {422}
    assert attempt(100, "203.0.113.7") == 429
    assert attempt(100, "203.0.113.8") == 422


def test_without_redis_one_can_still_sign_in(client: FlaskClient, mall: Mall, redis_away: None) -> None:
    make_person("bea")
    for _ in range(10):
        assert sign_in(client, password="wrong password").status_code == 422
    assert sign_in(client).status_code == 429
    make_person("max")
    assert sign_in(client, "max@example.com").status_code == 303


def test_a_closed_account_is_out_at_once(client: FlaskClient, mall: Mall) -> None:
    bea = make_person("bea")
    sign_in(client)
    with transaction() as session:
        session.execute(update(User).where(User.id == bea.id).values(state="closed"))
    assert client.get("/account").status_code == 303


def in_carts() -> dict[int, int]:
    with reading() as session:
        return {row.variant_id: row.quantity for row in session.execute(select(CartLine.variant_id, CartLine.quantity))}


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    throttle.forget()
    return make_mall()


@pytest.fixture
def redis_away(app: APIFlask, settings: Settings) -> Iterator[None]:
    broker.connect("redis://127.0.0.1:1/0")
    yield
    broker.connect(settings.redis_url)
    throttle.forget()
