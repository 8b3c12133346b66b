"""Rules of risk in the administrators' pages: written, read back, tried on the past, put in force (FRD-02)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import transaction
from portal.kit import clock
from portal.rules.fraud import Outcome
from portal.rules.permissions import Actor, Role
from portal.services.orders.review_order import Decision, review_order
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, make_order
from tests.services.fraud.test_rules import score

pytestmark = pytest.mark.req("FRD-02")

NEW = "/admin/risk/rules/new"
RULE = {"name": "cheap", "title": "Cheap things", "source": "amount < 1_000 KRW", "mode": "block", "points": "5"}


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    return make_mall()


@pytest.fixture
def client(app: APIFlask, mall: Mall) -> FlaskClient:
    return browser(app, make_person("rita", roles=("risk",)))


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea", now=LONG_AGO)


def token(client: FlaskClient) -> dict[str, str]:
    return {"csrf_token": fields(client.get(NEW).text)["csrf_token"]}


def send(client: FlaskClient, do: str = "save", **more: Any) -> Any:
    return client.post(NEW, data=RULE | {"do": do, "newest": 0} | token(client) | more)


def place(client: FlaskClient, do: str = "live", *, name: str = "cheap", version: int = 1, **more: Any) -> Any:
    data = token(client) | {"do": do, "reason": "As agreed"} | more
    return client.post(f"/admin/risk/rules/{name}/{version}/release", data=data)


def test_a_rule_is_written_read_back_and_put_in_force(client: FlaskClient, bea: Person) -> None:
    saved = send(client)
    assert (saved.status_code, saved.location) == (303, "/admin/risk/rules/cheap/1")
    page = client.get(saved.location).text
    assert "The amount is less than ₩1,000." in page
    assert "Rita" in page
    assert score(bea).outcome is Outcome.ALLOW

    assert place(client, warned="y").status_code == 303  # It fires on all that there was.
    assert score(bea).outcome is Outcome.BLOCK
    listed = client.get("/admin/risk/rules").text
    assert "Cheap things" in listed
    assert "As agreed" in client.get("/admin/risk/rules/cheap").text


@pytest.mark.ux("A11")
def test_a_version_says_how_it_differs_from_the_one_in_force(client: FlaskClient) -> None:
    page = client.get(f"{NEW}?rule=amount_above").text
    assert 'name="newest" value="1"' in page
    changed = {"name": "amount_above", "title": "Large", "source": "amount > 9 USD", "mode": "review", "points": "50"}
    assert send(client, **changed, newest=1).status_code == 303
    page = client.get("/admin/risk/rules/amount_above/2").text
    assert "What differs from version 1, which is in force" in page
    assert "The amount is more than $9.00." in page
    assert "Rita" in page
    assert "Holds for review" in page


def test_a_preview_reads_back_and_shows_the_newest_events(client: FlaskClient, bea: Person) -> None:
    score(bea, 900)
    page = send(client, "preview").text
    assert "The amount is less than ₩1,000." in page
    assert "The amount: ₩900" in page or "the amount: ₩900" in page
    assert 'value="cheap"' in page


def test_a_rule_is_read_back_exactly(client: FlaskClient) -> None:
    for source, words in (
        ("paid_orders > 1234567", "is more than 1,234,567."),
        ("paid_orders > 0.1234567", "is more than 0.1234567."),
        ("account_age < 50 h", "is less than 50 hours."),
        ("account_age < 150 min", "is less than 150 minutes."),
        ("account_age < 2 d", "is less than 2 days."),
        ("account_age < 1.5 s", "is less than 1.5 seconds."),
    ):
        assert words in send(client, "preview", source=source).text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("source", "amount < 1000", "At character 10"),
        ("source", "amount > 5 SEK | 4 CHF", "Nobody sells in SEK, CHF"),
        ("source", "", "value is missing"),
        ("source", "<script>alert(1)</script>", "At character 1"),
        ("name", "No Good", "small letters"),
        ("mode", "explode", "Choose one of these."),
        ("points", "101", "from 0 to 100"),
        ("title", "", "what the rule is called"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(client: FlaskClient, field: str, value: str, words: str) -> None:
    answer = send(client, **{field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert "<script>alert" not in answer.text


def test_a_stale_editor_and_a_stale_release_are_refused(client: FlaskClient) -> None:
    assert send(client).status_code == 303
    answer = send(client)
    assert answer.status_code == 409
    assert "Meanwhile Rita has changed this rule" in answer.text
    assert place(client, reason=" ").status_code == 422
    assert place(client).status_code == 303
    assert place(client, "off", replaces=99).status_code == 409
    assert place(client, version=7).status_code == 404


def test_strangers_stay_outside(app: APIFlask, client: FlaskClient, bea: Person) -> None:
    assert browser(app, bea).get("/admin/risk/rules").status_code == 403
    auditor = browser(app, make_person("aud", roles=("auditor",)))
    assert auditor.get("/admin/risk/rules").status_code == 200
    assert auditor.get(NEW).status_code == 403
    assert client.get("/admin/risk/rules/nothing").status_code == 404
    assert client.get("/admin/risk/rules/amount_above/9").status_code == 404


@pytest.mark.ux("A11")
def test_a_version_is_tried_on_the_past(client: FlaskClient, mall: Mall, bea: Person) -> None:
    held = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    score(bea, 900)
    rita = Actor(user_id=make_person("rex", roles=("risk",)).id, roles=frozenset({Role.RISK}))
    with transaction() as session:
        review_order(
            session, order_id=held.id, decision=Decision.REFUSE, reason="Stolen card", actor=rita, now=clock.now()
        )

    send(client, source="amount > 1 KRW")
    tomorrow = (clock.now() + timedelta(days=1)).date().isoformat()
    page = client.get(f"/admin/risk/rules/cheap/1?from=2025-01-01&to={tomorrow}").text
    assert "It fires on everything: each of the 2 past events." in page
    assert held.number in page
    assert "Large amount" in page
    sample = page.partition("Some of them, the newest first")[2]
    assert "Fraud" in sample

    # Whoever has not looked is shown it before it decides anything.
    warned = place(client)
    assert warned.status_code == 422
    assert "It fires on everything: each of the 2 past events." in warned.text
    assert "It is not in force yet" in warned.text
    assert score(bea, 900).outcome is Outcome.ALLOW
    shown: dict[str, Any] = {**fields(warned.text), "reason": "As agreed"}
    assert place(client, **shown).status_code == 303
    assert client.get("/admin/risk/rules/cheap/1?from=x&to=y").status_code == 422


def test_a_rule_is_made_quiet_for_one_buyer_and_heard_again(client: FlaskClient, bea: Person) -> None:
    send(client)
    place(client)
    path = "/admin/risk/rules/cheap/snoozes"
    quiet = {"value": "bea@example.com", "days": "7", "reason": "Known to us"} | token(client)
    for wrong in ({"value": "nobody@example.com"}, {"value": ""}, {"days": "181"}, {"days": "x"}, {"reason": ""}):
        assert client.post(path, data=quiet | wrong).status_code == 422
    assert client.post("/admin/risk/rules/nothing/snoozes", data=quiet).status_code == 404
    assert client.post(path, data=quiet).status_code == 303
    assert score(bea).outcome is Outcome.ALLOW
    page = client.get("/admin/risk/rules/cheap").text
    assert "Known to us" in page
    end = re.findall(r'action="([^"]*/snoozes/[^"]*/end)"', page)
    assert client.post(end[0], data=token(client)).status_code == 303
    assert score(bea).outcome is Outcome.BLOCK
    assert client.post(path, data=quiet | {"value": "203.0.113.7"}).status_code == 303
    assert score(bea).outcome is Outcome.ALLOW
