"""What every gateway does with a charge, its repetition and its troubles."""

import logging
from dataclasses import replace

import pytest

from portal.gateways.base import (
    ActionNeeded,
    Approved,
    Declined,
    DeclineReason,
    GatewayRefusedError,
    GatewayUnavailableError,
    NotFound,
    OutcomeUnknownError,
    Refunded,
    RefundRequest,
    Voided,
)
from portal.gateways.registry import BUILT_IN
from tests.contract.drivers import DRIVERS, Driver
from tests.sandbox_server import (
    ADYEN_API_KEY,
    ADYEN_HMAC_KEY,
    ADYEN_WEBHOOK_PASSWORD,
    PAYLINK_SECRET_KEY,
    PAYLINK_WEBHOOK_SECRET,
    PORTONE_API_SECRET,
    PORTONE_WEBHOOK_SECRET,
    STRIPE_SECRET_KEY,
    STRIPE_WEBHOOK_SECRET,
)

SECRETS = (
    STRIPE_SECRET_KEY,
    STRIPE_WEBHOOK_SECRET,
    PAYLINK_SECRET_KEY,
    PAYLINK_WEBHOOK_SECRET,
    ADYEN_API_KEY,
    ADYEN_HMAC_KEY,
    ADYEN_WEBHOOK_PASSWORD,
    PORTONE_API_SECRET,
    PORTONE_WEBHOOK_SECRET,
)
CANNOT_HOLD = "This vendor takes the money at once."


def test_every_built_in_gateway_is_in_this_suite() -> None:
    assert {each.name for each in BUILT_IN} == set(DRIVERS)


def test_it_proves_its_credentials(driver: Driver) -> None:
    driver.gateway.check()


@pytest.mark.req("STR-01")
def test_an_approved_charge_takes_the_amount_once(driver: Driver) -> None:
    request = driver.request(amount_minor=12_345)
    outcome = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(outcome, Approved)
    assert (outcome.captured, outcome.amount_minor, outcome.currency) == (True, 12_345, "USD")
    assert outcome.card is not None
    assert outcome.card.last4 == driver.last4
    assert [each["captured"] for each in driver.sandbox.charges(order=request.order_number)] == [12_345]


@pytest.mark.parametrize(
    ("currency", "amount"), [("KRW", 5_001), ("JPY", 1_211), ("USD", 51), ("EUR", 999_999), ("KWD", 1_230)]
)
def test_amounts_keep_their_minor_units(driver: Driver, currency: str, amount: int) -> None:
    request = driver.request(amount_minor=amount, currency=currency)
    outcome = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(outcome, Approved)
    assert (outcome.amount_minor, outcome.currency) == (amount, currency)
    (held,) = driver.sandbox.charges(order=request.order_number)
    assert (held["captured"], held["currency"]) == (amount, currency)


@pytest.mark.req("CAT-04")
def test_dinars_of_bahrain_have_three_decimals_at_every_gateway_that_takes_them(driver: Driver) -> None:
    is_taken = any("BHD" in one.limits for one in driver.gateway.capabilities.methods)
    assert is_taken == (driver.gateway.name in {"stripe", "adyen"})
    if not is_taken:
        return
    request = driver.request(amount_minor=12_340, currency="BHD")
    outcome = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(outcome, Approved)
    refund = RefundRequest(f"refund-{outcome.gateway_ref}", outcome.gateway_ref, 1_230, "BHD")
    back = driver.refund(refund)
    assert isinstance(back, Refunded)
    assert (back.amount_minor, back.currency) == (1_230, "BHD")
    (held,) = driver.sandbox.charges(order=request.order_number)
    assert (held["captured"], held["refunded"], held["currency"]) == (12_340, 1_230, "BHD")


@pytest.mark.req("PAY-12")
@pytest.mark.parametrize(
    "reason",
    [
        DeclineReason.DECLINED,
        DeclineReason.INSUFFICIENT_FUNDS,
        DeclineReason.LIMIT_EXCEEDED,
        DeclineReason.LOST_CARD,
        DeclineReason.SUSPECTED_FRAUD,
        DeclineReason.EXPIRED_CARD,
    ],
)
def test_a_decline_has_our_reason_and_the_vendors_code(driver: Driver, reason: DeclineReason) -> None:
    request = driver.decline(reason)
    outcome = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(outcome, Declined)
    assert outcome.reason is reason
    assert outcome.code
    assert driver.sandbox.charges(order=request.order_number) == []


def test_a_question_to_the_buyer_takes_nothing_until_he_answers(driver: Driver) -> None:
    request = driver.request("action")
    outcome = driver.gateway.charge(request)
    assert isinstance(outcome, ActionNeeded)
    assert outcome.url if outcome.kind == "redirect" else outcome.client_secret
    assert driver.sandbox.charges(order=request.order_number) == []
    assert isinstance(driver.finish(request, outcome), Approved)


def test_a_buyer_who_fails_the_question_is_declined(driver: Driver) -> None:
    request = driver.request("action")
    outcome = driver.finish(request, driver.gateway.charge(request), passed=False)
    assert isinstance(outcome, Declined)
    assert outcome.reason is DeclineReason.AUTHENTICATION_FAILED
    assert driver.sandbox.charges(order=request.order_number) == []


@pytest.mark.req("PAY-10")
def test_the_same_key_twice_is_one_charge(driver: Driver) -> None:
    request = driver.request()
    first = driver.gateway.charge(request)
    assert driver.gateway.charge(request) == first
    driver.finish(request, first)
    driver.gateway.charge(request)
    assert len(driver.sandbox.charges(order=request.order_number)) == 1


@pytest.mark.req("PAY-10")
def test_the_same_key_with_another_amount_is_refused(driver: Driver) -> None:
    request = driver.request()
    driver.finish(request, driver.gateway.charge(request))
    with pytest.raises(GatewayRefusedError):
        driver.gateway.charge(replace(request, amount_minor=request.amount_minor + 1))
    assert len(driver.sandbox.charges(order=request.order_number)) == 1


@pytest.mark.req("PAY-06")
@pytest.mark.parametrize("trouble", ["timeout_after", "reset_after", "error_after"])
def test_a_charge_whose_answer_was_lost_is_found_by_its_key(driver: Driver, trouble: str) -> None:
    request = driver.request()
    driver.sandbox.fault(kind=trouble, on="charge", order=request.order_number)
    with pytest.raises(OutcomeUnknownError):
        driver.gateway.charge(request)
    outcome = driver.gateway.fetch(op_key=request.op_key)
    if not driver.shows_unopened:
        # Nobody was told where to pay, and the vendor knows of no payment before somebody has come.
        assert outcome == NotFound()
        assert driver.sandbox.charges(order=request.order_number) == []
        return
    assert isinstance(outcome, Approved | ActionNeeded)
    if isinstance(outcome, ActionNeeded):
        outcome = driver.finish(request, outcome)
    assert isinstance(outcome, Approved)
    assert len(driver.sandbox.charges(order=request.order_number)) == 1


@pytest.mark.req("PAY-06")
@pytest.mark.parametrize("trouble", ["timeout_after", "reset_after", "reset_before", "error_before"])
def test_sending_again_with_the_same_key_ends_the_doubt(driver: Driver, trouble: str) -> None:
    request = driver.request()
    driver.sandbox.fault(kind=trouble, on="charge", order=request.order_number)
    with pytest.raises(OutcomeUnknownError):
        driver.gateway.charge(request)
    assert isinstance(driver.finish(request, driver.gateway.charge(request)), Approved)
    assert len(driver.sandbox.charges(order=request.order_number)) == 1


@pytest.mark.req("PAY-06")
@pytest.mark.parametrize("trouble", ["timeout_before", "reset_before", "error_before"])
def test_a_charge_that_never_happened_is_not_found_and_takes_no_money_later(driver: Driver, trouble: str) -> None:
    request = driver.request()
    driver.sandbox.fault(kind=trouble, on="charge", order=request.order_number)
    with pytest.raises(OutcomeUnknownError):
        driver.gateway.charge(request)
    assert driver.gateway.fetch(op_key=request.op_key) == NotFound()
    assert driver.gateway.fetch(op_key=request.op_key) == NotFound()
    assert driver.sandbox.charges(order=request.order_number) == []


@pytest.mark.req("PAY-06")
def test_a_refused_connection_is_known_not_to_have_charged(driver: Driver) -> None:
    with pytest.raises(GatewayUnavailableError):
        driver.unreachable().charge(driver.request())


@pytest.mark.req("PAY-06")
def test_a_rate_limit_is_known_not_to_have_charged(driver: Driver) -> None:
    request = driver.request()
    driver.sandbox.fault(kind="rate_limit", on="charge", order=request.order_number)
    with pytest.raises(GatewayUnavailableError) as refusal:
        driver.gateway.charge(request)
    assert refusal.value.retry_after_s == 1
    assert isinstance(driver.finish(request, driver.gateway.charge(request)), Approved)


def test_a_hold_is_captured_in_part_and_the_rest_released(driver: Driver) -> None:
    if not driver.holds:
        pytest.skip(CANNOT_HOLD)
    request = driver.request(capture=False)
    held = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(held, Approved)
    assert (held.captured, held.amount_minor) == (False, 12_345)
    for _ in range(2):
        answer = driver.gateway.capture(
            op_key=f"{request.op_key}-capture", gateway_ref=held.gateway_ref, amount_minor=12_000, currency="USD"
        )
        taken = driver.ended(answer, request.op_key, held.gateway_ref)
        assert isinstance(taken, Approved)
        assert (taken.captured, taken.amount_minor) == (True, 12_000)
    (charge,) = driver.sandbox.charges(order=request.order_number)
    assert (charge["captured"], charge["held"]) == (12_000, 0)


def test_a_hold_is_voided_and_stays_void(driver: Driver) -> None:
    if not driver.holds:
        pytest.skip(CANNOT_HOLD)
    request = driver.request(capture=False)
    held = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(held, Approved)
    for _ in range(2):
        answer = driver.gateway.void(op_key=f"{request.op_key}-void", gateway_ref=held.gateway_ref)
        assert isinstance(driver.ended(answer, request.op_key, held.gateway_ref), Voided)
    assert driver.sandbox.charges(order=request.order_number) == []
    assert isinstance(driver.look_up(request.op_key, held.gateway_ref), Voided)


def test_a_void_that_comes_too_late_says_that_the_money_was_taken(driver: Driver) -> None:
    request = driver.request()
    taken = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(taken, Approved)
    answer = driver.gateway.void(op_key=f"{request.op_key}-void", gateway_ref=taken.gateway_ref)
    assert isinstance(driver.ended(answer, request.op_key, taken.gateway_ref), Approved)
    assert len(driver.sandbox.charges(order=request.order_number)) == 1


def test_a_question_that_is_voided_can_no_longer_be_answered(driver: Driver) -> None:
    request = driver.request("action")
    asked = driver.gateway.charge(request)
    assert isinstance(asked, ActionNeeded)
    assert isinstance(driver.gateway.void(op_key=f"{request.op_key}-void", gateway_ref=asked.gateway_ref), Voided)
    if asked.url:
        driver.sandbox.pay(asked.url)
    else:
        driver.sandbox.authenticate(asked.gateway_ref)
    assert driver.sandbox.charges(order=request.order_number) == []


@pytest.mark.req("PAY-06", "STR-02")
def test_a_charge_of_another_order_is_never_taken_for_ours(driver: Driver) -> None:
    request = driver.request()
    taken = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(taken, Approved)
    try:
        found = driver.look_up(f"{request.op_key}-another", taken.gateway_ref)
    except OutcomeUnknownError:
        return  # It is left open rather than guessed.
    assert isinstance(found, NotFound)


def test_an_unknown_reference_is_not_found(driver: Driver) -> None:
    assert driver.gateway.fetch(op_key="op-x", gateway_ref="pi_doesnotexist") == NotFound()


def test_no_secret_is_shown(driver: Driver, caplog: pytest.LogCaptureFixture) -> None:
    request = driver.request("action")
    with caplog.at_level(logging.DEBUG):
        outcome = driver.gateway.charge(request)
        with pytest.raises(GatewayRefusedError) as refusal:
            driver.gateway.charge(replace(driver.request(), currency="XXX"))
    shown = "\n".join([caplog.text, repr(driver.gateway), repr(request), repr(outcome), repr(refusal.value)])
    assert isinstance(outcome, ActionNeeded)
    hidden = [*SECRETS, request.source_token, outcome.client_secret]
    assert [secret for secret in hidden if secret and secret in shown] == []
