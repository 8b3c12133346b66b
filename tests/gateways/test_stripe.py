"""What is particular to Stripe: looking up by key, saved cards, disputes, its odd currencies."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.gateways.base import (
    ActionNeeded,
    Approved,
    ChargeOutcome,
    Declined,
    DeclineReason,
    EventKind,
    GatewayRefusedError,
    MethodSaved,
    NotFound,
    OutcomeUnknownError,
    Refunded,
    RefundFailed,
    RefundPending,
    RefundRequest,
    SaveMethodRequest,
)
from portal.gateways.registry import build, settings_from
from portal.gateways.stripe.amounts import from_stripe, to_stripe
from tests.contract.drivers import StripeDriver
from tests.contract.receiver import Receiver


def approved(stripe: StripeDriver, card: str) -> Approved:
    outcome = stripe.gateway.charge(replace(stripe.request(), source_token=stripe.sandbox.card(card)))
    assert isinstance(outcome, Approved)
    return outcome


@pytest.mark.req("PAY-06")
def test_a_charge_that_search_does_not_show_yet_is_found_in_the_list(stripe: StripeDriver) -> None:
    stripe.sandbox.settings(search_lag_ms=60_000)
    request = stripe.request()
    stripe.sandbox.fault(kind="reset_after", on="charge", order=request.order_number)
    with pytest.raises(OutcomeUnknownError):
        stripe.gateway.charge(request)
    for _ in range(150):  # More than a page of later payments.
        stripe.sandbox.http.request(
            "POST",
            f"{stripe.sandbox.url}/v1/payment_intents",
            headers={"authorization": f"Bearer {stripe.sandbox.environ['STRIPE_SECRET_KEY']}"},
            fields={"amount": "100", "currency": "usd"},
            encode_multipart=False,
        )
    outcome = stripe.gateway.fetch(op_key=request.op_key, created_after=datetime.now(tz=UTC) - timedelta(minutes=1))
    assert isinstance(outcome, Approved)


@pytest.mark.req("PAY-06")
def test_a_request_still_under_way_keeps_the_outcome_unknown_until_it_ends(stripe: StripeDriver) -> None:
    request = stripe.request()
    stripe.sandbox.fault(kind="slow", on="charge", order=request.order_number, delay_ms=500)
    ended: list[ChargeOutcome] = []
    caller = threading.Thread(target=lambda: ended.append(stripe.gateway.charge(request)))
    caller.start()
    while request.op_key not in stripe.sandbox.state(order="none")["keys_at_work"]:
        assert caller.is_alive(), "the call ended before it was seen under way"
    with pytest.raises(OutcomeUnknownError):
        stripe.gateway.fetch(op_key=request.op_key)
    caller.join()
    assert isinstance(ended[0], Approved)
    assert stripe.gateway.fetch(op_key=request.op_key) == ended[0]
    assert len(stripe.sandbox.charges(order=request.order_number)) == 1


@pytest.mark.req("PAY-06")
def test_what_was_not_found_can_never_be_charged_afterwards(stripe: StripeDriver) -> None:
    request = stripe.request()
    assert stripe.gateway.fetch(op_key=request.op_key) == NotFound()
    with pytest.raises(GatewayRefusedError):
        stripe.gateway.charge(request)
    assert stripe.sandbox.charges(order=request.order_number) == []
    again = replace(request, op_key=f"{request.op_key}-2")
    assert isinstance(stripe.gateway.charge(again), Approved)  # The card's token was not used up.


def test_a_declined_attempt_is_found_as_declined(stripe: StripeDriver) -> None:
    request = stripe.request("decline")
    stripe.gateway.charge(request)
    found = stripe.gateway.fetch(op_key=request.op_key)
    assert isinstance(found, Declined)
    assert found.reason is DeclineReason.DECLINED


def test_a_token_is_good_for_one_attempt(stripe: StripeDriver) -> None:
    request = stripe.request("decline")
    stripe.gateway.charge(request)
    outcome = stripe.gateway.charge(replace(request, op_key=f"{request.op_key}-2"))
    assert isinstance(outcome, Declined)
    assert outcome.reason is DeclineReason.SOURCE_UNUSABLE
    assert outcome.retry_helps


def test_a_wrong_key_is_a_matter_for_the_administrator(stripe: StripeDriver) -> None:
    environ = {**stripe.sandbox.environ, "STRIPE_SECRET_KEY": "sk_test_somebody_elses_key"}
    wrong = build("stripe", settings_from(environ, "stripe"))
    with pytest.raises(GatewayRefusedError) as refusal:
        wrong.check()
    assert "somebody_elses" not in str(refusal.value)


@pytest.mark.req("PAY-14")
def test_a_card_is_saved_used_and_removed(stripe: StripeDriver, receiver: Receiver) -> None:
    token = stripe.sandbox.card("5555555555554444")
    key = stripe.request().op_key
    saved = stripe.gateway.save_method(
        SaveMethodRequest(f"{key}-save", "http://127.0.0.1/", token, buyer_email="bea@example.com")
    )
    assert isinstance(saved, MethodSaved)
    assert saved.card is not None
    assert (saved.card.brand, saved.card.last4, saved.card.exp_month) == ("mastercard", "4444", 12)
    request = replace(
        stripe.request(), source_token=None, saved_method_ref=saved.method_ref, customer_ref=saved.customer_ref
    )
    assert isinstance(stripe.gateway.charge(request), Approved)
    stripe.gateway.remove_method(method_ref=saved.method_ref)
    stripe.gateway.remove_method(method_ref=saved.method_ref)
    headers, body = receiver.wait("payment_method.detached", saved.method_ref)[0]
    event = stripe.gateway.verify_and_parse_webhook(headers, body, datetime.now(tz=UTC))
    assert (event.kind, event.object_ref) == (EventKind.METHOD_REMOVED, saved.method_ref)


@pytest.mark.req("PAY-14")
def test_a_card_that_asks_is_saved_after_the_answer(stripe: StripeDriver) -> None:
    token = stripe.sandbox.card("4000002500003155")
    asked = stripe.gateway.save_method(SaveMethodRequest(stripe.request().op_key, "http://127.0.0.1/", token))
    assert isinstance(asked, ActionNeeded)
    url = f"{stripe.sandbox.url}/3ds/{asked.gateway_ref}"
    form = {"client_secret": asked.client_secret or "", "result": "complete"}
    stripe.sandbox.http.request("POST", url, fields=form, encode_multipart=False)
    assert isinstance(stripe.gateway.fetch_saved(gateway_ref=asked.gateway_ref), MethodSaved)


def test_a_card_can_be_saved_while_paying(stripe: StripeDriver) -> None:
    outcome = stripe.gateway.charge(replace(stripe.request(), save_method=True, buyer_email="bea@example.com"))
    assert isinstance(outcome, Approved)
    assert outcome.saved_method_ref
    assert outcome.customer_ref


def test_a_card_that_refuses_to_be_saved_is_declined(stripe: StripeDriver) -> None:
    token = stripe.sandbox.card("4000000000009995")
    outcome = stripe.gateway.save_method(SaveMethodRequest(stripe.request().op_key, "http://127.0.0.1/", token))
    assert isinstance(outcome, Declined)
    assert outcome.reason is DeclineReason.INSUFFICIENT_FUNDS


@pytest.mark.req("STR-04")
def test_a_refund_that_the_bank_sends_back_fails_in_the_end(stripe: StripeDriver, receiver: Receiver) -> None:
    outcome = approved(stripe, "4000000000005126")
    request = RefundRequest(f"r-{outcome.gateway_ref}", outcome.gateway_ref, 1_000, "USD")
    stripe.gateway.refund(request)
    headers, body = receiver.wait('"refund.failed"', request.op_key)[0]
    event = stripe.gateway.verify_and_parse_webhook(headers, body, datetime.now(tz=UTC))
    assert event.kind is EventKind.REFUND
    assert isinstance(event.outcome, RefundFailed)
    found = stripe.gateway.fetch_refund(op_key=request.op_key, gateway_ref=outcome.gateway_ref)
    assert isinstance(found, RefundFailed)


@pytest.mark.req("STR-04")
def test_a_slow_refund_is_pending_first(stripe: StripeDriver, receiver: Receiver) -> None:
    outcome = approved(stripe, "4000000000007726")
    request = RefundRequest(f"r-{outcome.gateway_ref}", outcome.gateway_ref, 1_000, "USD")
    assert isinstance(stripe.gateway.refund(request), RefundPending)
    receiver.wait('"refund.updated"', request.op_key, "succeeded")


@pytest.mark.req("STR-03")
def test_a_dispute_is_told_with_its_payment(stripe: StripeDriver, receiver: Receiver) -> None:
    outcome = approved(stripe, "4000000000000259")
    headers, body = receiver.wait("charge.dispute.created", outcome.gateway_ref)[0]
    event = stripe.gateway.verify_and_parse_webhook(headers, body, datetime.now(tz=UTC))
    assert (event.kind, event.gateway_ref) == (EventKind.DISPUTE_OPENED, outcome.gateway_ref)
    assert event.amount_minor == 12_345


@pytest.mark.parametrize(("currency", "ours", "theirs"), [("ISK", 500, 50_000), ("UGX", 2_000, 200_000)])
def test_currencies_that_stripe_counts_otherwise(stripe: StripeDriver, currency: str, ours: int, theirs: int) -> None:
    assert to_stripe(ours, currency) == theirs
    assert from_stripe(theirs, currency.lower()) == ours
    request = stripe.request(amount_minor=ours, currency=currency)
    outcome = stripe.gateway.charge(request)
    assert isinstance(outcome, Approved)
    assert outcome.amount_minor == ours
    assert stripe.sandbox.charges(order=request.order_number)[0]["captured"] == theirs


def test_an_amount_without_whole_units_of_ours_is_refused() -> None:
    with pytest.raises(GatewayRefusedError):
        from_stripe(150, "isk")


@pytest.mark.req("REF-03", "REF-07")
def test_a_share_of_a_dinar_that_stripe_does_not_count_has_to_go_another_way(stripe: StripeDriver) -> None:
    charged = stripe.gateway.charge(stripe.request(amount_minor=12_340, currency="KWD"))
    assert isinstance(charged, Approved)
    uneven = stripe.refund(RefundRequest(f"refund-{charged.gateway_ref}-1", charged.gateway_ref, 1_233, "KWD"))
    assert isinstance(uneven, RefundFailed)
    assert not uneven.over_cap
    even = stripe.refund(RefundRequest(f"refund-{charged.gateway_ref}-2", charged.gateway_ref, 1_230, "KWD"))
    assert isinstance(even, Refunded)
