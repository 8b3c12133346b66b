"""Disputes at Stripe: how they open, are answered and end (STR-05)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.gateways.base import (
    Approved,
    AskableDisputes,
    DisputeNotice,
    DisputeState,
    DisputingGateway,
    Evidence,
    GatewayRefusedError,
    Papers,
    RefundFailed,
    RefundRequest,
)
from portal.gateways.stripe.gateway import StripeGateway
from tests.contract.drivers import StripeDriver
from tests.contract.receiver import Receiver

pytestmark = pytest.mark.req("STR-05")

PAPERS = Papers(letter=b"%PDF-1.4 letter", receipt=b"%PDF-1.4 receipt")


def now() -> datetime:
    return datetime.now(tz=UTC)


def disputed(stripe: StripeDriver, receiver: Receiver, card: str = "4000000000000259") -> DisputeNotice:
    """What is told of a payment by one of the test cards that object."""
    paid = stripe.gateway.charge(replace(stripe.request(), source_token=stripe.sandbox.card(card)))
    assert isinstance(paid, Approved)
    headers, body = receiver.wait("charge.dispute.created", paid.gateway_ref)[0]
    told = stripe.gateway.verify_and_parse_webhook(headers, body, now()).outcome
    assert isinstance(told, DisputeNotice)
    assert told.gateway_ref == paid.gateway_ref
    return told


def gateway(stripe: StripeDriver) -> StripeGateway:
    assert isinstance(stripe.gateway, DisputingGateway)
    assert isinstance(stripe.gateway, AskableDisputes)
    assert isinstance(stripe.gateway, StripeGateway)
    return stripe.gateway


def test_an_opened_dispute_says_what_is_held_and_until_when(stripe: StripeDriver, receiver: Receiver) -> None:
    told = disputed(stripe, receiver)
    assert (told.state, told.reason) == (DisputeState.NEEDS_RESPONSE, "fraudulent")
    assert (told.held_minor, told.amount_minor, told.fee_minor) == (12_345, 12_345, 1_500)
    assert told.answer_due_at is not None
    assert told.answer_due_at > now() + timedelta(days=6)
    found = gateway(stripe).fetch_dispute(dispute_ref=told.dispute_ref, now=told.told_at)
    assert found == told


def test_an_inquiry_holds_nothing(stripe: StripeDriver, receiver: Receiver) -> None:
    told = disputed(stripe, receiver, "4000000000001976")
    assert (told.state, told.held_minor) == (DisputeState.INQUIRY, 0)


@pytest.mark.parametrize(
    ("text", "state", "held"),
    [("winning_evidence", DisputeState.WON, 0), ("losing_evidence", DisputeState.LOST, 12_345)],
)
def test_evidence_decides(stripe: StripeDriver, receiver: Receiver, text: str, state: DisputeState, held: int) -> None:
    told = disputed(stripe, receiver)
    evidence = Evidence(statement=text, goods="One cup", buyer_ip="203.0.113.7")
    sent = gateway(stripe).send_evidence(
        op_key=f"evidence-{told.dispute_ref}", dispute_ref=told.dispute_ref, evidence=evidence, papers=PAPERS, now=now()
    )
    assert (sent.state, sent.evidence_sent) == (DisputeState.UNDER_REVIEW, True)
    headers, body = receiver.wait("charge.dispute.closed", told.dispute_ref)[0]
    ended = stripe.gateway.verify_and_parse_webhook(headers, body, now()).outcome
    assert isinstance(ended, DisputeNotice)
    assert (ended.state, ended.held_minor) == (state, held)


def test_giving_in_ends_it_and_a_second_time_changes_nothing(stripe: StripeDriver, receiver: Receiver) -> None:
    told = disputed(stripe, receiver)
    for key in ("a", "a", "b"):
        ended = gateway(stripe).accept_dispute(
            op_key=f"{key}-{told.dispute_ref}", dispute_ref=told.dispute_ref, now=now()
        )
        assert ended.state is DisputeState.LOST


def test_evidence_that_comes_too_late_tells_how_it_ended(stripe: StripeDriver, receiver: Receiver) -> None:
    told = disputed(stripe, receiver)
    gateway(stripe).accept_dispute(op_key=f"a-{told.dispute_ref}", dispute_ref=told.dispute_ref, now=now())
    evidence = Evidence(statement="late", goods="One cup")
    found = gateway(stripe).send_evidence(
        op_key=f"e-{told.dispute_ref}", dispute_ref=told.dispute_ref, evidence=evidence, papers=PAPERS, now=now()
    )
    assert found.state is DisputeState.LOST


def test_one_that_does_not_exist_is_refused(stripe: StripeDriver) -> None:
    with pytest.raises(GatewayRefusedError):
        gateway(stripe).accept_dispute(op_key="none", dispute_ref="dp_none", now=now())


@pytest.mark.req("STR-04")
def test_what_the_bank_holds_cannot_be_refunded_besides(stripe: StripeDriver, receiver: Receiver) -> None:
    told = disputed(stripe, receiver)
    assert told.gateway_ref is not None
    outcome = stripe.gateway.refund(RefundRequest(f"r-{told.dispute_ref}", told.gateway_ref, 1_000, "USD"))
    assert outcome == RefundFailed("charge_disputed")
