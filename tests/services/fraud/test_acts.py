"""What is no payment is scored as well: gifts of mileage and sign-ins (FRD-01)."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.rules.permissions import Actor
from tests.blueprints.pages import send, sign_in
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.order import give_mileage
from tests.factories.refund import rows
from tests.services.fraud.rules import make_reviewer, place, write

pytestmark = pytest.mark.req("FRD-01")


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    return make_mall()


@pytest.fixture
def rita(db: None) -> Actor:
    return make_reviewer()


def test_a_sign_in_is_scored_by_rules_that_ask_for_it_and_may_be_refused(
    client: FlaskClient, mall: Mall, rita: Actor
) -> None:
    make_person("bea")
    write(rita, "accounts_on_device >= 1")
    place(rita, 1)
    assert sign_in(client, "bea@example.com").status_code == 303
    assert rows("SELECT event, outcome, device_id IS NOT NULL FROM risk_decision") == [("sign_in", "allow", True)]

    write(rita, 'event = "sign_in" and accounts_on_device >= 1', name="door")
    place(rita, 1, name="door")
    client.post("/sign-out", data={})
    with client.session_transaction() as kept:
        kept.clear()
    answer = sign_in(client, "bea@example.com")
    assert answer.status_code == 422
    assert "You cannot sign in just now." in answer.text
    assert rows("SELECT outcome FROM risk_decision ORDER BY decided_at") == [("allow",), ("block",)]


def test_a_gift_of_points_is_scored_and_one_that_is_blocked_moves_nothing(
    client: FlaskClient, mall: Mall, rita: Actor
) -> None:
    bea = make_person("bea")
    give_mileage(bea, 5_000)
    sign_in(client, "bea@example.com")
    gift = {"email": "max@example.com", "points": "1000", "message": ""}
    assert send(client, "/account/mileage/gifts", gift | {"key": "one"}, page="/account/mileage").status_code == 303
    write(rita, 'event = "mileage_gift" and amount >= 1_000 PTS')
    place(rita, 1)
    answer = send(client, "/account/mileage/gifts", gift | {"key": "two"}, page="/account/mileage")
    assert "These points cannot be sent." in answer.text
    assert rows("SELECT outcome FROM risk_decision WHERE event = 'mileage_gift' ORDER BY decided_at") == [
        ("allow",),
        ("block",),
    ]
    assert rows("SELECT count(*) FROM mileage_gift") == [(1,)]


def test_why_a_proof_was_asked_stays_though_nothing_was_done(client: FlaskClient, mall: Mall, rita: Actor) -> None:
    give_mileage(make_person("bea"), 5_000)
    sign_in(client, "bea@example.com")
    write(rita, 'event = "mileage_gift"', mode="step_up")
    place(rita, 1)
    gift = {"email": "max@example.com", "points": "1000", "message": "", "key": "one"}
    answer = send(client, "/account/mileage/gifts", gift, page="/account/mileage")
    assert "/step-up/" in answer.location
    assert rows("SELECT outcome, fired->0->>'rule' FROM risk_decision WHERE event = 'mileage_gift'") == [
        ("step_up", "cheap")
    ]
    assert rows("SELECT count(*) FROM mileage_gift") == [(0,)]
