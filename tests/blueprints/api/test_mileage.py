"""Mileage by a program: where it stands, donated, sent and called back (BAL-05, BAL-06)."""

from __future__ import annotations

import pytest

from portal.db import transaction
from portal.kit import clock
from portal.models import Cause
from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import World, data
from tests.factories.refund import rows
from tests.services.fraud.rules import make_reviewer, place, write
from tests.services.mileage.test_life_of_lots import lot

pytestmark = pytest.mark.req("BAL-06", "API-01")


def test_points_are_read_donated_sent_and_called_back(world: World) -> None:
    lot(world.bea, 1_000, 5)
    with transaction() as session:
        session.add(Cause(names={"en": "Trees"}, descriptions={}, created_at=clock.now()))
    read = world.api.read("/mileage")
    assert (read["usable_points"], read["ending_points"], read["tier"]) == (1_000, 1_000, None)
    assert read["lots"][0]["left_points"] == 1_000
    cause_id = world.api.read("/causes")["items"][0]["id"]
    given = world.api.post("/mileage/donations", {"cause_id": cause_id, "points": 400}, Idempotency_Key="one")
    assert given.status_code == 201, given.text
    again = world.api.post("/mileage/donations", {"cause_id": cause_id, "points": 400}, Idempotency_Key="one")
    assert data(again) == data(given)
    sent = world.api.post("/mileage/gifts", {"email": "x@example.com", "points": 300}, Idempotency_Key="two")
    assert sent.status_code == 201, sent.text
    assert world.api.read("/mileage")["usable_points"] == 300
    path = f"/mileage/gifts/{data(sent)['id']}/cancellation"
    assert world.stranger.post(path).status_code == 404
    assert world.api.post(path).status_code == 200
    assert world.api.post(path).status_code == 409
    assert world.api.read("/mileage")["usable_points"] == 600
    assert rows("SELECT state FROM mileage_gift") == [("cancelled",)]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("donations", {"cause_id": 9, "points": 100}, 404, "cause_unknown"),
        ("gifts", {"email": "x@example.com", "points": 99}, 422, "GIVING_BELOW_MINIMUM"),
        ("gifts", {"email": "x@example.com", "points": 1_001}, 422, "MILEAGE_ABOVE_BALANCE"),
        ("gifts", {"email": "x@example.com", "points": -1}, 422, "request_invalid"),
        ("gifts", {"email": "nobody", "points": 100}, 422, "email_unfit"),
        ("gifts", {"email": "bea@example.com", "points": 100}, 422, "gift_to_self"),
    ],
)
def test_what_cannot_be_given_says_why(
    world: World, path: str, body: dict[str, object], status: int, code: str
) -> None:
    lot(world.bea, 1_000, 5)
    answer = world.api.post(f"/mileage/{path}", body, Idempotency_Key="one")
    assert (answer.status_code, data(answer)["code"]) == (status, code), answer.text
    assert world.api.read("/mileage")["usable_points"] == 1_000


@pytest.mark.req("IDN-02")
def test_a_key_needs_the_permission(world: World) -> None:
    other = world.as_bea(Permission.PAYMENT_VIEW)
    assert other.get("/mileage").status_code == 403
    body = {"email": "x@example.com", "points": 100}
    assert other.post("/mileage/gifts", body, Idempotency_Key="k").status_code == 403


@pytest.mark.req("FRD-01")
def test_a_donation_is_scored_and_one_that_is_blocked_takes_no_points(world: World) -> None:
    rita = make_reviewer()
    lot(world.bea, 1_000, 5)
    write(rita, 'event = "mileage_donation" and amount >= 400 PTS')
    place(rita, 1)
    refused = world.api.post("/mileage/donations", {"cause_id": 9, "points": 400}, Idempotency_Key="one")
    assert (refused.status_code, data(refused)["code"]) == (403, "gift_blocked")
    assert rows("SELECT event, outcome FROM risk_decision") == [("mileage_donation", "block")]
    assert rows("SELECT count(*) FROM mileage_donation") == [(0,)]
