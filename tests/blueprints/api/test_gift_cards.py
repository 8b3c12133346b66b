"""Gift cards by a program: bought once, redeemed once, given back, only one's own (BAL-09)."""

from __future__ import annotations

import uuid

import pytest

from portal.db import transaction
from portal.gateways.base import Approved
from portal.kit import clock
from portal.models import GiftCard
from portal.rules.permissions import SYSTEM, Permission
from portal.services.payments.claim_attempt import claim_attempt
from portal.services.payments.settle_attempt import settle_attempt
from tests.blueprints.api.conftest import World, data
from tests.factories.refund import rows
from tests.services.fraud.rules import live_release, make_reviewer, place, write

pytestmark = pytest.mark.req("BAL-09", "API-01")
BODY = {"amount_minor": 30_000, "recipient": "max@example.com", "method": "bank_transfer", "sender": "Bea"}


def paid(payment_id: str) -> tuple[str, str]:
    """The money comes in; the card's id, and the code that its recipient reads."""
    attempt = rows("SELECT id FROM payment_attempt WHERE payment_id = :id", id=payment_id)[0][0]
    with transaction() as session:
        claim_attempt(session, attempt_id=attempt, worker="tests", now=clock.now())
    said = Approved(f"pay_{attempt.hex}", captured=True, amount_minor=30_000, currency="KRW")
    with transaction() as session:
        settle_attempt(session, attempt_id=attempt, outcome=said, actor=SYSTEM, now=clock.now())
    with transaction() as session:
        card = session.query(GiftCard).filter_by(payment_id=uuid.UUID(payment_id)).one()
        assert card.code is not None
        return str(card.id), card.code


def test_a_card_is_bought_once_and_redeemed_once(world: World) -> None:
    answer = world.api.post("/gift-cards", BODY, Idempotency_Key="one")
    assert answer.status_code == 201, answer.text
    made = data(answer)
    assert (made["status"], made["next_action"]["type"]) == ("pending", "wait")
    again = world.api.post("/gift-cards", BODY, Idempotency_Key="one")
    assert (data(again)["payment_id"], again.headers["Idempotent-Replayed"]) == (made["payment_id"], "true")
    assert rows("SELECT count(*)::int FROM gift_card") == [(1,)]
    address = f"/gift-card-purchases/{made['payment_id']}"
    assert world.stranger.get(address).status_code == 404

    card_id, code = paid(made["payment_id"])
    assert world.api.read(address)["status"] == "captured"
    listed = world.api.get("/gift-cards")
    assert code not in listed.text
    assert [(one["id"], one["state"], one["is_own"]) for one in data(listed)["items"]] == [(card_id, "active", True)]
    assert world.stranger.read("/gift-cards") == {"items": []}
    assert world.stranger.post(f"/gift-cards/{card_id}/return").status_code == 404

    redeemed = world.stranger.post("/gift-cards/redemptions", {"code": code.lower()})
    assert (redeemed.status_code, data(redeemed)["amount"]["amount_minor"]) == (200, 30_000)
    assert world.stranger.read("/balances/gift/KRW")["usable"]["amount_minor"] == 30_000
    seen = world.stranger.read("/gift-cards")["items"][0]
    assert (seen["is_own"], seen["recipient"], seen["payment_id"]) == (False, None, None)
    for late in (world.stranger, world.api):
        refused = late.post("/gift-cards/redemptions", {"code": code})
        assert (refused.status_code, data(refused)["code"]) == (422, "gift_code_unusable")
    assert data(world.api.post(f"/gift-cards/{card_id}/return"))["code"] == "gift_card_over"


def test_one_that_nobody_has_redeemed_is_given_back(world: World) -> None:
    made = data(world.api.post("/gift-cards", BODY, Idempotency_Key="one"))
    card_id, code = paid(made["payment_id"])
    back = world.api.post(f"/gift-cards/{card_id}/return")
    assert (back.status_code, data(back)["amount"]["amount_minor"]) == (200, 30_000), back.text
    assert world.api.post(f"/gift-cards/{card_id}/return").status_code == 409
    assert world.stranger.post("/gift-cards/redemptions", {"code": code}).status_code == 422


@pytest.mark.req("FRD-01")
def test_a_redemption_is_scored_and_a_card_that_is_blocked_stays_good(world: World) -> None:
    rita = make_reviewer()
    _card_id, code = paid(data(world.api.post("/gift-cards", BODY, Idempotency_Key="one"))["payment_id"])
    write(rita, 'event = "gift_card_use" and amount >= 30_000 KRW')
    place(rita, 1)
    refused = world.stranger.post("/gift-cards/redemptions", {"code": code})
    assert (refused.status_code, data(refused)["code"]) == (403, "redemption_blocked")
    assert rows("SELECT state, redeemed_by FROM gift_card") == [("active", None)]
    place(rita, 0, replaces=live_release())
    assert world.stranger.post("/gift-cards/redemptions", {"code": code}).status_code == 200
    assert rows("SELECT outcome FROM risk_decision WHERE event = 'gift_card_use' ORDER BY decided_at") == [
        ("block",),
        ("allow",),
    ]


def test_whoever_guesses_is_told_to_wait(world: World) -> None:
    codes = [world.api.post("/gift-cards/redemptions", {"code": f"GUESS-{turn}"}).status_code for turn in range(10)]
    assert codes[:8] == [422] * 8
    assert codes[-1] == 429


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount_minor": 4_999}, 422, "GIFT_CARD_AMOUNT"),
        ({"amount_minor": 500_001}, 422, "GIFT_CARD_AMOUNT"),
        ({"recipient": "nobody"}, 422, "email_unfit"),
        ({"method": "shells"}, 422, "METHOD_MISSING"),
        ({"saved_method_id": str(uuid.UUID(int=5)), "method": "credit_card"}, 422, "SAVED_CARD_UNUSABLE"),
    ],
)
def test_what_cannot_be_bought_says_why(world: World, change: dict[str, object], status: int, code: str) -> None:
    answer = world.api.post("/gift-cards", BODY | change, Idempotency_Key="one")
    assert (answer.status_code, data(answer)["code"]) == (status, code)
    assert rows("SELECT count(*)::int FROM payment") == [(0,)]


@pytest.mark.req("IDN-02")
def test_a_key_needs_the_permission(world: World) -> None:
    limited = world.as_bea(Permission.PAYMENT_VIEW)
    assert limited.get("/gift-cards").status_code == 403
    assert limited.post("/gift-cards", BODY, Idempotency_Key="k").status_code == 403
    assert limited.post("/gift-cards/redemptions", {"code": "x"}).status_code == 403
