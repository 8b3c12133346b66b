"""Every documented test card of every stand-in, from the button to what the buyer reads (PAY-12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from apiflask import APIFlask

from portal.gateways.adyen.refusals import reason_of
from portal.gateways.base import DeclineReason
from portal.gateways.declines import ADVICE
from portal.jobs.payments import charge_attempt, look_up_attempt
from portal.kit.ids import new_code
from portal.services.checkout.place_order import Placed
from sandbox.adyen import cards as adyen_cards
from sandbox.stripe import cards as stripe_cards
from tests.blueprints.desks import browser
from tests.contract.drivers import AdyenDriver
from tests.factories.account import Person, make_person
from tests.factories.cart import make_variant
from tests.factories.order import LONG_AGO
from tests.factories.purchase import ready_to_buy
from tests.jobs.conftest import World

pytestmark = pytest.mark.req("PAY-12")

# What a bank knows and does not say, and what only vendors and we have any use for.
UNSAID = ("lost", "stolen", "fraud", "blocked", "blacklist", "pi_", "att_", "Refused", "card_declined", "gateway")


def declined(app: APIFlask, world: World, method: str, token: str | None, then: Callable[[Placed], None]) -> str:
    """Buy and be refused; what the page says of it."""
    # Each time somebody else: who is refused often within an hour is looked at by the rules of risk.
    buyer = make_person(f"buyer-{new_code(8).lower()}", now=LONG_AGO)
    placed = ready_to_buy(buyer, world.mall.kr, {make_variant(world.mall, krw=12_000): 1}, method=method, token=token)()
    assert isinstance(placed, Placed)
    charge_attempt(str(placed.attempt_id))
    then(placed)
    return sentence_of(app, buyer, placed)


def sentence_of(app: APIFlask, buyer: Person, placed: Placed) -> str:
    page = browser(app, buyer).get(f"/orders/{placed.number}").text
    found = re.search(r'<section class="panel stage.*?</section>', page, re.DOTALL)
    assert found is not None
    assert 'data-stage="failed"' in found[0]
    head = unescape(re.sub(r"<[^>]+>", "\n", found[0]))
    said = [word for word in UNSAID if word.lower() in head.lower()]
    assert not said
    assert "Nothing was charged." in head
    (sentence,) = (advice.sentence for advice in ADVICE.values() if advice.sentence in head)
    return sentence


def nothing(_placed: Placed) -> None:
    """The answer to the charge says it all."""


def test_each_declined_card_of_stripe_has_a_message_of_its_own(app: APIFlask, world: World) -> None:
    cards = [card for card in stripe_cards.CARDS if card.decline and card.secure == "never" and card.declines_at_attach]
    said = {
        card.decline: declined(app, world, "credit_card", world.sandbox.card(card.number), nothing) for card in cards
    }
    assert len(said) == len(cards) >= 9
    assert len(set(said.values())) == len(cards)
    assert said["insufficient_funds"] == ADVICE[DeclineReason.INSUFFICIENT_FUNDS].sentence


def test_each_result_of_adyen_has_the_message_of_its_reason(app: APIFlask, world: World) -> None:
    for name, result in adyen_cards.RESULTS.items():
        # Who cancelled it himself is told that the order was cancelled, and not that something went wrong.
        if result.result != "Refused" or reason_of(result.code) is DeclineReason.CANCELLED_BY_BUYER:
            continue
        token = AdyenDriver.token("4111111111111111", name)
        said = declined(app, world, "international_card", token, nothing)
        assert said == ADVICE[reason_of(result.code)].sentence, name


def test_each_reason_on_the_page_of_paylink_has_a_message_of_its_own(app: APIFlask, world: World) -> None:
    reasons = (
        "declined",
        "insufficient_funds",
        "limit_exceeded",
        "expired_card",
        "lost_card",
        "suspected_fraud",
        "authentication_failed",
        "bank_unavailable",
    )

    def refuse(reason: str) -> Callable[[Placed], None]:
        def then(placed: Placed) -> None:
            (charge,) = world.sandbox.charges(order=placed.number, money=False)
            world.sandbox.pay(f"{world.sandbox.url}/paylink/pay/{charge['id']}", "decline", reason=reason)
            look_up_attempt(str(placed.attempt_id))

        return then

    said = [declined(app, world, "bank_transfer", None, refuse(reason)) for reason in reasons]
    assert len(set(said)) == len(reasons)
