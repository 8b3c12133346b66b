"""Disputes at Adyen: what its notices say together, and answers through its Disputes API (STR-05)."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.gateways.adyen.defence import documents_for
from portal.gateways.adyen.disputes import conclude, notice, payment_of
from portal.gateways.base import (
    Approved,
    AskableDisputes,
    DisputeNotice,
    DisputeState,
    DisputingGateway,
    EventKind,
    Evidence,
    GatewayRefusedError,
    OutcomeUnknownError,
    Papers,
    ToldDisputes,
    WebhookEvent,
)
from tests.contract.drivers import AdyenDriver
from tests.contract.receiver import Receiver

pytestmark = pytest.mark.req("STR-05")

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAPERS = Papers(letter=b"%PDF-1.4 letter", receipt=b"%PDF-1.4 receipt")
PAYMENT, CASE = "P" * 16, "D" * 16


def step(name: str, word: str = "", *, day: int = 0, amount: int = 5_000, is_named: bool = True) -> WebhookEvent:
    """A notice of a dispute; one that is not named has the payment's reference only."""
    item = {
        "eventCode": name,
        "eventDate": (NOW + timedelta(days=day)).isoformat(),
        "pspReference": CASE if is_named else PAYMENT,
        "amount": {"value": amount, "currency": "EUR"},
        "additionalData": {
            "disputeStatus": word,
            "chargebackReasonCode": "13.1",
            "defensePeriodEndsAt": NOW.isoformat(),
        },
    }
    if is_named:
        item["originalReference"] = PAYMENT
    return WebhookEvent(
        event_id=f"{name}:{day}",
        kind=EventKind.DISPUTE_CHANGED,
        name=name,
        gateway_ref=payment_of(item),
        op_key=None,
        outcome=notice(item),
        amount_minor=amount,
        currency="EUR",
        occurred_at=NOW,
        raw={},
        object_ref=str(item["pspReference"]),
    )


WHOLE = (
    step("NOTIFICATION_OF_CHARGEBACK", "Undefended"),
    step("CHARGEBACK", "Undefended"),
    step("INFORMATION_SUPPLIED", "Pending", day=3),
    step("CHARGEBACK_REVERSED", "Pending", day=4),
    step("PREARBITRATION_LOST", "Lost", day=40),
    step("SECOND_CHARGEBACK", "Lost", day=41),
)


@pytest.mark.parametrize(
    ("told", "state", "held"),
    [
        (1, DisputeState.NEEDS_RESPONSE, 0),
        (2, DisputeState.NEEDS_RESPONSE, 5_000),
        (3, DisputeState.UNDER_REVIEW, 5_000),
        (4, DisputeState.UNDER_REVIEW, 0),
        (5, DisputeState.LOST, 0),
        (6, DisputeState.LOST, 5_000),
    ],
)
def test_each_step_says_where_a_dispute_stands_and_who_has_the_money(told: int, state: DisputeState, held: int) -> None:
    found = conclude(CASE, WHOLE[:told])
    assert (found.state, found.held_minor, found.amount_minor) == (state, held, 5_000)
    assert (found.dispute_ref, found.gateway_ref, found.reason) == (CASE, PAYMENT, "product_not_received")
    assert found.opened_at == NOW
    assert found.evidence_sent is (told > 2)


@given(st.permutations(WHOLE), st.integers(1, 6))
def test_the_order_and_repetition_of_notices_say_nothing(order: list[WebhookEvent], twice: int) -> None:
    assert conclude(CASE, [*order, *order[:twice]]) == conclude(CASE, WHOLE)


@pytest.mark.parametrize(
    ("name", "state", "held"),
    [
        ("DISPUTE_DEFENSE_PERIOD_ENDED", DisputeState.LOST, 5_000),
        ("SECOND_CHARGEBACK", DisputeState.LOST, 5_000),
        ("PREARBITRATION_WON", DisputeState.WON, 0),
        ("ISSUER_RESPONSE_TIMEFRAME_EXPIRED", DisputeState.WON, 0),
        ("SCHEME_ARBITRATION_WON", DisputeState.WON, 0),
    ],
)
def test_an_end_counts_whatever_is_dated_after_it(name: str, state: DisputeState, held: int) -> None:
    found = conclude(CASE, [WHOLE[1], step(name, day=9), step("INFORMATION_SUPPLIED", "Pending", day=60)])
    assert (found.state, found.held_minor) == (state, held)


@pytest.mark.parametrize(
    ("name", "word", "state", "held"),
    [
        ("CHARGEBACK", "Accepted", DisputeState.LOST, 5_000),
        ("CHARGEBACK_REVERSED", "Won", DisputeState.WON, 0),
        ("CHARGEBACK_REVERSED", "", DisputeState.WON, 0),
    ],
)
def test_the_word_of_a_step_decides_where_it_leads(name: str, word: str, state: DisputeState, held: int) -> None:
    found = conclude(CASE, [*WHOLE[:2], step(name, word, day=9)])
    assert (found.state, found.held_minor) == (state, held)


def test_a_request_for_information_asks_and_takes_nothing() -> None:
    for word, state in (
        ("Unresponded", DisputeState.INQUIRY),
        ("Responded", DisputeState.UNDER_REVIEW),
        ("Expired", DisputeState.CLOSED),
    ):
        found = conclude(CASE, [step("REQUEST_FOR_INFORMATION", word)])
        assert (found.state, found.held_minor) == (state, 0)


def test_a_step_that_names_the_payment_only_belongs_to_its_one_dispute() -> None:
    steps = [*WHOLE[:2], step("CHARGEBACK_REVERSED", "Won", day=5, is_named=False)]
    for ref in (CASE, PAYMENT):
        found = conclude(ref, steps)
        assert (found.dispute_ref, found.state, found.held_minor) == (CASE, DisputeState.WON, 0)
    with pytest.raises(OutcomeUnknownError):
        conclude(PAYMENT, steps[2:])


def disputed(adyen: AdyenDriver, receiver: Receiver) -> str:
    """A payment whose cardholder objects; returns the vendor's reference of the dispute."""
    paid = adyen.gateway.charge(adyen.request())
    assert isinstance(paid, Approved)
    ref = str(adyen.sandbox.post(f"/sandbox/dispute/{paid.gateway_ref}", {})["id"])
    headers, body = receiver.wait('"CHARGEBACK"', paid.gateway_ref)[0]
    event = adyen.gateway.verify_and_parse_webhook(headers, body, NOW)
    assert (event.kind, event.gateway_ref, event.answer) == (
        EventKind.DISPUTE_OPENED,
        paid.gateway_ref,
        "[accepted]",
    )
    assert isinstance(event.outcome, DisputeNotice)
    assert (event.outcome.dispute_ref, event.outcome.held_minor) == (ref, 12_345)
    return ref


def told(adyen: AdyenDriver, receiver: Receiver, name: str, ref: str) -> DisputeNotice:
    """What all notices say once one of this name has come."""
    receiver.wait(f'"{name}"', ref)
    events = [adyen.gateway.verify_and_parse_webhook(*one, NOW) for one in receiver.notices if ref.encode() in one[1]]
    assert isinstance(adyen.gateway, ToldDisputes)
    return adyen.gateway.conclude_dispute(dispute_ref=ref, notices=events)


def answering(adyen: AdyenDriver) -> DisputingGateway:
    assert isinstance(adyen.gateway, DisputingGateway)
    assert not isinstance(adyen.gateway, AskableDisputes)
    return adyen.gateway


def test_papers_are_handed_in_and_the_bank_takes_back_its_word_at_the_end(
    adyen: AdyenDriver, receiver: Receiver
) -> None:
    ref = disputed(adyen, receiver)
    evidence = Evidence(statement="She signed for it.", goods="One cup")
    sent = answering(adyen).send_evidence(op_key=f"e-{ref}", dispute_ref=ref, evidence=evidence, papers=PAPERS, now=NOW)
    assert sent is None
    receiver.wait('"INFORMATION_SUPPLIED"', ref)  # Notices may overtake each other.
    found = told(adyen, receiver, "CHARGEBACK_REVERSED", ref)
    assert (found.state, found.held_minor, found.evidence_sent) == (DisputeState.UNDER_REVIEW, 0, True)
    adyen.sandbox.post(f"/sandbox/dispute/{ref}", {"won": False})
    found = told(adyen, receiver, "SECOND_CHARGEBACK", ref)
    assert (found.state, found.held_minor) == (DisputeState.LOST, 12_345)


def test_giving_in_ends_it_and_another_answer_is_refused(adyen: AdyenDriver, receiver: Receiver) -> None:
    ref = disputed(adyen, receiver)
    for _ in range(2):  # The same key answers as it did.
        assert answering(adyen).accept_dispute(op_key=f"a-{ref}", dispute_ref=ref, now=NOW) is None
    found = told(adyen, receiver, "DISPUTE_DEFENSE_PERIOD_ENDED", ref)
    assert (found.state, found.held_minor) == (DisputeState.LOST, 12_345)
    with pytest.raises(GatewayRefusedError):
        answering(adyen).accept_dispute(op_key=f"b-{ref}", dispute_ref=ref, now=NOW)


@pytest.mark.parametrize(
    ("levels", "given_types"),
    list(zip(itertools.product(("Required", "Optional"), repeat=2), ("RD", "RD", "R", "R"), strict=True)),
)
def test_the_general_defence_gets_what_it_needs_and_the_receipt(levels: tuple[str, str], given_types: str) -> None:
    kinds = [
        {"defenseDocumentTypeCode": code, "requirementLevel": level}
        for code, level in zip(("DefenseMaterial", "TIDorInvoice"), levels, strict=True)
    ]
    found = documents_for([{"defenseReasonCode": "SupplyDefenseMaterial", "defenseDocumentTypes": kinds}], PAPERS)
    names = {"DefenseMaterial": "D", "TIDorInvoice": "R"}
    assert {names[one["defenseDocumentTypeCode"]] for one in found} == set(given_types)


@pytest.mark.parametrize(
    ("reasons", "code"),
    [([], "cannot_be_defended"), ([{"defenseReasonCode": "GoodsNotReturned"}], "no_general_defence")],
)
def test_no_claim_is_made_that_nobody_made(reasons: list[dict[str, str]], code: str) -> None:
    with pytest.raises(GatewayRefusedError) as refusal:
        documents_for(reasons, PAPERS)
    assert refusal.value.code == code
