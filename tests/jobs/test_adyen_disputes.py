"""Disputes at a gateway that tells each step and cannot be asked, from its notices to the books (STR-05)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from portal.db import atomically
from portal.jobs.disputes import ask_dispute, send_answer
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.services.disputes.answer_dispute import Answer, want_answer
from tests.factories.refund import rows
from tests.jobs.test_adyen import Shop, receiver, sandbox, shop
from tests.jobs.test_disputes import booked, payment, standing

# The fixtures of the payments' tests.
__all__ = ["receiver", "sandbox", "shop"]

pytestmark = pytest.mark.req("STR-05")

TAKEN = {"gateway_clearing": 15_000, "dispute_receivable": -15_000}


def disputed(shop: Shop, **how: object) -> str:
    """A paid order whose buyer objects; returns the vendor's reference of the dispute."""
    placed = shop.buy()
    shop.charge(placed)
    (ref,) = rows("SELECT gateway_ref FROM payment_attempt")[0]
    dispute_ref = str(shop.driver.sandbox.post(f"/sandbox/dispute/{ref}", how)["id"])
    shop.bring_notices()
    return dispute_ref


def decide(shop: Shop, ref: str, *, won: bool) -> None:
    shop.driver.sandbox.post(f"/sandbox/dispute/{ref}", {"won": won})
    shop.bring_notices()


def answer(how: Answer) -> UUID:
    dispute_id = rows("SELECT id FROM dispute")[0][0]
    assert isinstance(dispute_id, UUID)
    said = "She signed for it." if how is Answer.EVIDENCE else ""
    now = clock.now()
    atomically(lambda s: want_answer(s, dispute_id=dispute_id, answer=how, statement=said, actor=SYSTEM, now=now))
    return dispute_id


def test_a_chargeback_holds_the_money_and_a_reversal_gives_it_back_whatever_comes_twice(shop: Shop) -> None:
    ref = disputed(shop, reason="Not received")
    assert (standing(), booked(), payment()) == (("needs_response", 15_000, 0), TAKEN, "disputed")
    assert rows("SELECT gateway_ref, bearer FROM dispute") == [(ref, "seller")]
    decide(shop, ref, won=True)
    shop.bring_notices(again=True)
    assert (standing(), booked(), payment()) == (("won", 0, 0), {}, "dispute_won")


def test_evidence_goes_in_as_papers_and_a_second_chargeback_decides_against_us(shop: Shop) -> None:
    ref = disputed(shop)
    send_answer(str(answer(Answer.EVIDENCE)))
    assert rows("SELECT answer_state, status FROM dispute") == [("sent", "needs_response")]
    shop.bring_notices()
    # The bank has given it back for the time being: it may not be refunded besides.
    assert (standing(), booked(), payment()) == (("under_review", 0, 0), {}, "disputed")
    decide(shop, ref, won=False)
    assert standing() == ("lost", 15_000, 15_000)
    assert booked() == {"gateway_clearing": 15_000, "write_off": -15_000}


def test_an_answer_that_arrived_without_a_word_is_known_by_the_notice(shop: Shop) -> None:
    disputed(shop)
    dispute_id = answer(Answer.EVIDENCE)
    shop.driver.sandbox.fault(kind="timeout_after", on="dispute", times=1)
    send_answer(str(dispute_id))
    assert rows("SELECT answer_state FROM dispute") == [("wanted",)]
    shop.bring_notices()
    assert rows("SELECT answer_state, status FROM dispute") == [("sent", "under_review")]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'dispute:answer-refused'") == [(0,)]


def test_giving_in_is_told_and_the_clock_finds_nothing_new(shop: Shop) -> None:
    disputed(shop)
    dispute_id = answer(Answer.ACCEPTANCE)
    send_answer(str(dispute_id))
    with clock.frozen(clock.now() + timedelta(hours=2)):
        ask_dispute(str(dispute_id))
    assert standing()[0] == "needs_response"
    shop.bring_notices()
    assert standing() == ("lost", 15_000, 15_000)


def test_an_inquiry_asks_only(shop: Shop) -> None:
    disputed(shop, inquiry=True)
    assert (standing(), booked(), payment()) == (("inquiry", 0, 0), {}, "captured")
