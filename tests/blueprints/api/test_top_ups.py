"""Top-ups of the deposit by a program (BAL-02)."""

from __future__ import annotations

import pytest

from portal.jobs.payments import charge_attempt
from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import World, data
from tests.factories.refund import rows

pytestmark = pytest.mark.req("BAL-02", "API-01")
BODY = {"amount_minor": 30_000, "method": "credit_card", "source_token": "tok"}


def test_a_program_tops_up_once_and_gives_up(world: World) -> None:
    limits = world.api.read("/top-up-limits")
    assert limits["left"] == {"amount_minor": 5_000_000, "currency": "KRW"}
    answer = world.api.post("/top-ups", BODY, Idempotency_Key="one")
    assert answer.status_code == 201, answer.text
    made = data(answer)
    assert (made["status"], made["next_action"]["type"]) == ("pending", "wait")
    again = world.api.post("/top-ups", BODY, Idempotency_Key="one")
    assert (data(again)["id"], again.headers["Idempotent-Replayed"]) == (made["id"], "true")
    other = world.api.post("/top-ups", BODY | {"amount_minor": 1_000}, Idempotency_Key="one")
    assert (other.status_code, data(other)["code"]) == (409, "idempotency_key_reused")
    assert world.api.read("/top-up-limits")["left"]["amount_minor"] == 4_970_000
    assert world.api.read("/payments")["items"][0]["purpose"] == "top_up"
    assert world.stranger.get(f"/top-ups/{made['id']}").status_code == 404
    assert world.stranger.post(f"/top-ups/{made['id']}/cancellation").status_code == 404
    ended = world.api.post(f"/top-ups/{made['id']}/cancellation")
    assert (data(ended)["status"], data(ended)["next_action"]["type"]) == ("cancelled", "none")
    assert world.api.post(f"/top-ups/{made['id']}/cancellation").status_code == 409
    charge_attempt(str(rows("SELECT id FROM payment_attempt")[0][0]))  # Nothing is left to be sent.
    assert rows("SELECT state FROM payment_attempt") == [("cancelled",)]
    other_one = data(world.api.post("/top-ups", BODY, Idempotency_Key="two"))["id"]
    assert world.stranger.post(f"/payments/{other_one}/cancellation").status_code == 404
    assert data(world.api.post(f"/payments/{other_one}/cancellation"))["status"] == "cancelled"
    assert world.api.post(f"/payments/{other_one}/cancellation").status_code == 409


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount_minor": 1}, 422, "TOP_UP_TOO_SMALL"),
        ({"amount_minor": 10**12}, 422, "TOP_UP_TOO_LARGE"),
        ({"amount_minor": -1}, 422, "request_invalid"),
        ({"amount_minor": 600_000}, 403, "step_up_needed"),
        ({"method": "shells"}, 422, "METHOD_MISSING"),
        ({"method": "wallet"}, 422, None),
    ],
)
def test_what_cannot_be_topped_up_says_why(world: World, change: dict[str, object], status: int, code: str) -> None:
    answer = world.api.post("/top-ups", BODY | change, Idempotency_Key="one")
    assert answer.status_code == status, answer.text
    assert code is None or data(answer)["code"] == code
    assert rows("SELECT count(*)::int FROM payment") == [(0,)]


@pytest.mark.req("IDN-02")
def test_a_key_needs_the_permission(world: World) -> None:
    assert world.as_bea(Permission.PAYMENT_VIEW).post("/top-ups", BODY, Idempotency_Key="k").status_code == 403
