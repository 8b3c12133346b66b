"""Cards on file by a program: listed, chosen, used and removed, only one's own (PAY-14)."""

from __future__ import annotations

import json
import uuid

import pytest

from portal.db import transaction
from portal.models import GatewayAccount
from portal.queries.gateways import forget_gateways
from portal.rules.permissions import Permission
from tests.blueprints.account.test_methods import keep_card
from tests.blueprints.api.conftest import World, data, order_body
from tests.blueprints.checkout.checkouts import CARD_METHODS, STRIPE
from tests.factories.refund import rows

pytestmark = pytest.mark.req("PAY-14", "API-01")


def keep_with_stripe() -> None:
    """A gateway that keeps cards. Nobody listens behind it."""
    with transaction() as session:
        session.add(
            GatewayAccount(
                gateway="stripe",
                name="stripe",
                credentials=json.dumps(STRIPE),
                methods=list(CARD_METHODS),
                currencies=["KRW", "USD"],
                priority=1,
            )
        )
    forget_gateways()


def test_cards_are_listed_chosen_and_removed(world: World) -> None:
    keep_with_stripe()
    assert world.api.read("/methods") == {"items": []}
    first, second = keep_card(world.bea), keep_card(world.bea, last4="4444", is_default=False)
    listed = world.api.read("/methods")["items"]
    assert [(one["id"], one["last4"], one["is_default"]) for one in listed] == [
        (first, "4242", True),
        (second, "4444", False),
    ]
    assert "cus_1" not in world.api.get("/methods").text
    for _ in range(2):
        assert data(world.api.put(f"/methods/{second}/preference"))["items"][0]["id"] == second
    assert world.api.delete(f"/methods/{second}").status_code == 204
    assert world.api.delete(f"/methods/{second}").status_code == 404
    assert [one["id"] for one in world.api.read("/methods")["items"]] == [first]
    assert rows("SELECT count(*)::int FROM outbox_event WHERE kind = 'method.removal_wanted'") == [(1,)]


def test_an_order_is_paid_with_a_card_on_file_and_never_with_somebody_elses(world: World) -> None:
    keep_with_stripe()
    own, foreign = keep_card(world.bea), keep_card(world.max)
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    body = order_body(data(world.api.post("/quote", {"method": "credit_card"})))
    for unknown in (foreign, str(uuid.uuid4())):
        refused = world.api.post("/orders", body | {"saved_method_id": unknown}, Idempotency_Key=unknown)
        assert (refused.status_code, data(refused)["code"]) == (422, "SAVED_CARD_UNUSABLE")
    assert rows("SELECT count(*)::int FROM orders") == [(0,)]
    made = world.api.post("/orders", body | {"saved_method_id": own}, Idempotency_Key="own")
    assert made.status_code == 201, made.text
    assert rows("SELECT saved_method_id::text FROM payment_attempt") == [(own,)]


@pytest.mark.req("BAL-02")
def test_a_top_up_is_paid_with_a_card_on_file_and_never_with_somebody_elses(world: World) -> None:
    keep_with_stripe()
    own, foreign = keep_card(world.bea), keep_card(world.max)
    body = {"amount_minor": 30_000, "method": "credit_card"}
    refused = world.api.post("/top-ups", body | {"saved_method_id": foreign}, Idempotency_Key="one")
    assert (refused.status_code, data(refused)["code"]) == (422, "SAVED_CARD_UNUSABLE")
    made = world.api.post("/top-ups", body | {"saved_method_id": own}, Idempotency_Key="two")
    assert made.status_code == 201, made.text
    assert rows("SELECT saved_method_id::text FROM payment_attempt") == [(own,)]


@pytest.mark.req("IDN-02")
def test_other_peoples_cards_and_keys_without_the_permission_get_nothing(world: World) -> None:
    keep_with_stripe()
    card = keep_card(world.bea)
    assert world.stranger.read("/methods") == {"items": []}
    assert world.stranger.put(f"/methods/{card}/preference").status_code == 404
    assert world.stranger.delete(f"/methods/{card}").status_code == 404
    limited = world.as_bea(Permission.PAYMENT_INITIATE)
    assert limited.get("/methods").status_code == 403
    assert limited.delete(f"/methods/{card}").status_code == 403
    assert rows("SELECT count(*)::int FROM saved_method WHERE removed_at IS NULL") == [(1,)]
