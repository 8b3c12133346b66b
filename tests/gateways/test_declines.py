"""Every reason has a sentence of its own, and none gives a bank's suspicion away (PAY-12)."""

import pytest

from portal.gateways.base import DeclineReason
from portal.gateways.declines import ADVICE
from portal.gateways.stripe.translate import REASONS, declined
from sandbox.stripe.cards import CARDS, code_of


@pytest.mark.req("PAY-12")
def test_every_reason_has_a_sentence_of_its_own() -> None:
    assert set(ADVICE) == set(DeclineReason)
    assert len({advice.sentence for advice in ADVICE.values()}) == len(DeclineReason)


@pytest.mark.parametrize("reason", [DeclineReason.LOST_CARD, DeclineReason.STOLEN_CARD, DeclineReason.SUSPECTED_FRAUD])
def test_a_finder_of_a_card_is_not_told_what_the_bank_knows(reason: DeclineReason) -> None:
    sentence = ADVICE[reason].sentence.lower()
    assert not [word for word in ("lost", "stolen", "fraud", "block", "risk") if word in sentence]
    assert not ADVICE[reason].retry_helps


@pytest.mark.req("PAY-12")
def test_each_declined_test_card_gives_its_own_sentence() -> None:
    codes = {card.decline for card in CARDS if card.decline and card.secure == "never"}
    sentences = {
        ADVICE[declined({"code": code_of(code), "decline_code": code}, None).reason].sentence for code in codes
    }
    assert len(sentences) == len(codes)


def test_the_decline_code_counts_more_than_the_code() -> None:
    found = declined({"code": "card_declined", "decline_code": "insufficient_funds"}, "pi_1")
    assert (found.code, found.reason) == ("insufficient_funds", DeclineReason.INSUFFICIENT_FUNDS)


def test_a_code_that_nobody_knows_is_a_plain_decline() -> None:
    found = declined({"code": "card_declined", "decline_code": "invented_tomorrow"}, None)
    assert (found.code, found.reason) == ("invented_tomorrow", DeclineReason.DECLINED)
    assert "invented_tomorrow" not in REASONS
