"""One's own API keys on a page, without JavaScript: made, shown once, exchanged, revoked (API-01, IDN-04)."""

from __future__ import annotations

import re
from functools import partial
from html import unescape
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.db import atomically, reading
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.models import Mail
from portal.services.accounts.make_api_client import make_api_client
from tests.blueprints.confirming import confirm, let_through
from tests.blueprints.desks import browser, fields
from tests.blueprints.pages import send
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows

pytestmark = pytest.mark.req("API-01", "IDN-04")
KEYS = "/account/keys"


@pytest.fixture
def bea(app: APIFlask) -> Person:
    make_mall()
    return make_person("bea")


@pytest.fixture
def client(app: APIFlask, bea: Person) -> FlaskClient:
    return browser(app, bea)


def make(client: FlaskClient, *permissions: str, name: str = "Kiosk 4", channel: str = "kr") -> TestResponse:
    token = fields(client.get(KEYS).text)["csrf_token"]
    sent = {"csrf_token": token, "name": name, "channel": channel, "days": "30", "permission": list(permissions)}
    return client.post(KEYS, data=sent)


def shown(answer: TestResponse) -> str:
    """The key that stands on the page."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    (key,) = re.findall(r'data-copy="(ptk_[^"]+)"', answer.text)
    return str(key)


def ask(client: FlaskClient, key: str, path: str = "/key") -> TestResponse:
    return client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {key}"})


def test_a_key_is_made_after_a_proof_shown_once_exchanged_and_revoked(client: FlaskClient) -> None:
    key = shown(confirm(client, make(client, "cart:edit", "order:view")))
    page = client.get(KEYS).text
    assert key not in page
    assert f"…{key[-4:]}" in page
    assert "Not used yet" in page
    told = ask(client, key).get_json()
    assert (told["name"], told["permissions"], told["channel"]["code"]) == (
        "Kiosk 4",
        ["cart:edit", "order:view"],
        "kr",
    )
    assert told["expires_at"] is not None
    assert ask(client, key, "/orders").status_code == 403
    assert "Last used" in client.get(KEYS).text
    one = rows("SELECT id FROM api_client")[0][0]
    newer = shown(let_through(client, send(client, f"{KEYS}/{one}/rotation", {"overlap": "0"}, page=KEYS)))
    assert (ask(client, key).status_code, ask(client, newer).status_code) == (401, 200)
    assert send(client, f"{KEYS}/{one}/revocation", page=KEYS).status_code == 303
    assert ask(client, newer).get_json()["code"] == "key_revoked"
    assert "Revoked" in client.get(KEYS).text


def test_what_cannot_be_made_is_told_before_anybody_confirms_it(client: FlaskClient) -> None:
    nothing = make(client)
    assert (nothing.status_code, "at least one thing" in nothing.text) == (422, True)
    nameless = make(client, "cart:edit", name=" ")
    assert (nameless.status_code, 'value="cart:edit" checked' in nameless.text) == (422, True)
    assert make(client, "cart:edit", channel="none").status_code == 404
    assert make(client, "user:restrict", "gateway:configure", "cart:edit").status_code == 422
    assert rows("SELECT count(*) FROM api_client") == rows("SELECT count(*) FROM step_up") == [(0,)]


def test_a_stranger_sees_and_ends_nothing_of_another(app: APIFlask, client: FlaskClient) -> None:
    key = shown(let_through(client, make(client, "cart:edit", name="<b>Bea's</b>")))
    assert "<b>Bea's" not in client.get(KEYS).text
    assert "<b>Bea's</b>" in unescape(client.get(KEYS).text)
    stranger = browser(app, make_person("max"))
    one = rows("SELECT id FROM api_client")[0][0]
    assert key[-4:] not in stranger.get(KEYS).text
    for act, sent in (("rotation", {"overlap": "24"}), ("revocation", {})):
        assert send(stranger, f"{KEYS}/{one}/{act}", sent, page=KEYS).status_code == 404
    assert ask(client, key).status_code == 200


@pytest.mark.req("NOT-01")
@pytest.mark.parametrize(("locale", "words"), [("en", "was exchanged for a new one"), ("ko", "새 키로 교체되었어요")])
def test_its_owner_hears_by_mail_of_a_new_key_and_of_an_exchange(app: APIFlask, locale: str, words: str) -> None:
    mall, mia = make_mall(), make_person("mia", locale=locale)
    ada = make_person("ada", roles=("admin",))
    by_hand: dict[str, Any] = {"user_id": mia.id, "channel_id": mall.kr.id, "now": clock.now()}
    for actor in (mia.actor, ada.actor):
        made = atomically(partial(make_api_client, actor=actor, name="Kiosk 4", **by_hand))
    asked = {"overlap_hours": 1}, {"Authorization": f"Bearer {made.key}"}
    answer = app.test_client(use_cookies=False).post("/api/v1/key/rotation", json=asked[0], headers=asked[1])
    assert answer.status_code == 201
    handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")])
    with reading() as session:
        mails = session.scalars(select(Mail).where(Mail.template == "key_changed").order_by(Mail.id)).all()
        told = [(one.recipient, words in one.body, "Kiosk 4" in one.body) for one in mails]
    assert told == [(mia.email, False, True), (mia.email, False, True), (mia.email, True, True)]
    assert not any(made.key in one.body or (answer.json or {})["key"] in one.body for one in mails)
