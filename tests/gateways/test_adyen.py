"""What is Adyen's own: its refusals, its methods of Europe, and a gateway that tells instead of being asked."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.gateways.adyen.config import AdyenConfig
from portal.gateways.adyen.fold import Told, fold
from portal.gateways.adyen.refusals import BY_CODE
from portal.gateways.adyen.sdk import key_of
from portal.gateways.base import (
    ActionNeeded,
    Approved,
    Declined,
    DeclineReason,
    EventKind,
    MethodSaved,
    NotFound,
    OnRecord,
    OutcomeUnknownError,
    Pending,
    RefundFailed,
    RefundPending,
    RefundRequest,
    SaveMethodRequest,
    Voided,
    WebhookEvent,
)
from portal.gateways.capabilities import Method, Unfit
from portal.gateways.connector import GatewayConfigError
from portal.gateways.declines import ADVICE
from portal.gateways.registry import settings_from
from tests.contract.drivers import AdyenDriver
from tests.sandbox_server import Sandbox

HOLDERS = {
    "DECLINED": DeclineReason.DECLINED,
    "BLOCK_CARD": DeclineReason.LOST_CARD,
    "CARD_EXPIRED": DeclineReason.EXPIRED_CARD,
    "INVALID_CARD_NUMBER": DeclineReason.INCORRECT_NUMBER,
    "ISSUER_UNAVAILABLE": DeclineReason.ISSUER_UNAVAILABLE,
    "NOT_SUPPORTED": DeclineReason.CURRENCY_NOT_SUPPORTED,
    "NOT_3D_AUTHENTICATED": DeclineReason.AUTHENTICATION_FAILED,
    "NOT_ENOUGH_BALANCE": DeclineReason.INSUFFICIENT_FUNDS,
    "PIN_TRIES_EXCEEDED": DeclineReason.TOO_MANY_TRIES,
    "FRAUD": DeclineReason.SUSPECTED_FRAUD,
    "TRANSACTION_NOT_PERMITTED": DeclineReason.NOT_SUPPORTED,
    "CVC_DECLINED": DeclineReason.INCORRECT_CVC,
    "RESTRICTED_CARD": DeclineReason.STOLEN_CARD,
    "WITHDRAWAL_AMOUNT_EXCEEDED": DeclineReason.LIMIT_EXCEEDED,
    "AVS_DECLINED": DeclineReason.INCORRECT_DETAILS,
    "AUTHENTICATION_REQUIRED": DeclineReason.AUTHENTICATION_REQUIRED,
    "ERROR": DeclineReason.PROCESSING_ERROR,
}
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.req("PAY-12")
@pytest.mark.parametrize(("holder", "reason"), HOLDERS.items())
def test_each_test_name_is_refused_for_its_own_reason(adyen: AdyenDriver, holder: str, reason: DeclineReason) -> None:
    request = replace(adyen.request(), source_token=adyen.token("4111111111111111", holder))
    outcome = adyen.gateway.charge(request)
    assert isinstance(outcome, Declined)
    assert outcome.reason is reason


@pytest.mark.req("PAY-12")
def test_each_of_these_refusals_has_a_sentence_of_its_own() -> None:
    sentences = {ADVICE[reason].sentence for reason in HOLDERS.values()}
    assert len(sentences) == len(HOLDERS)
    assert set(BY_CODE.values()) <= set(ADVICE)


@pytest.mark.parametrize(
    ("number", "reason"),
    [("4999999999999999", DeclineReason.INCORRECT_NUMBER), ("41", DeclineReason.INCORRECT_NUMBER)],
)
def test_a_wrong_number_is_the_buyers_to_correct(adyen: AdyenDriver, number: str, reason: DeclineReason) -> None:
    outcome = adyen.gateway.charge(replace(adyen.request(), source_token=adyen.token(number)))
    assert isinstance(outcome, Declined)
    assert (outcome.reason, outcome.retry_helps) == (reason, True)


@pytest.mark.parametrize("token", [None, "", "ctoken_of_another_vendor", "e30", "bnVsbA", "W10"])
def test_a_token_of_another_vendor_is_of_no_use(adyen: AdyenDriver, token: str | None) -> None:
    outcome = adyen.gateway.charge(replace(adyen.request(), source_token=token))
    assert isinstance(outcome, Declined)
    assert outcome.reason is DeclineReason.SOURCE_UNUSABLE


@pytest.mark.req("PAY-01")
@pytest.mark.parametrize("method", [Method.BANK_TRANSFER, Method.WALLET, Method.PAY_LATER])
@pytest.mark.parametrize(("do", "end"), [("approve", Approved), ("decline", Declined), ("cancel", Declined)])
def test_a_method_with_a_page_ends_as_the_buyer_says(
    adyen: AdyenDriver, method: Method, do: str, end: type[Approved | Declined]
) -> None:
    request = replace(adyen.request(currency="EUR"), method=method, source_token=None)
    asked = adyen.gateway.charge(request)
    assert isinstance(asked, ActionNeeded)
    assert isinstance(adyen.finish(request, asked, do=do), end)
    assert len(adyen.sandbox.charges(order=request.order_number)) == (end is Approved)


@pytest.mark.req("PAY-06")
@pytest.mark.parametrize("method", [Method.BANK_TRANSFER, Method.WALLET, Method.PAY_LATER])
def test_a_buyer_who_paid_and_did_not_come_back_has_paid(adyen: AdyenDriver, method: Method) -> None:
    request = replace(adyen.request(currency="EUR"), method=method, source_token=None)
    asked = adyen.gateway.charge(request)
    assert isinstance(asked, ActionNeeded)
    assert asked.url is not None
    assert isinstance(adyen.look_up(request.op_key, asked.gateway_ref), ActionNeeded)
    adyen.sandbox.pay(asked.url, "abandon")
    assert isinstance(adyen.look_up(request.op_key, asked.gateway_ref), Approved)


@pytest.mark.req("PAY-01")
def test_a_bank_transfer_shows_an_account_and_is_paid_by_a_notice(adyen: AdyenDriver) -> None:
    request = replace(adyen.request(currency="EUR"), method=Method.VIRTUAL_ACCOUNT, source_token=None)
    waiting = adyen.gateway.charge(request)
    assert isinstance(waiting, Pending)
    assert waiting.account is not None
    assert (waiting.account.number[:4], waiting.account.reference) == ("NL91", waiting.gateway_ref)
    adyen.sandbox.post(f"/sandbox/arrival/{waiting.gateway_ref}", {"paid": True})
    paid = adyen.look_up(request.op_key, waiting.gateway_ref)
    assert isinstance(paid, Approved)
    assert (paid.captured, paid.amount_minor, paid.currency) == (True, 12_345, "EUR")


@pytest.mark.parametrize(
    ("method", "currency", "country", "unfit"),
    [
        (Method.CREDIT_CARD, "KRW", "KR", None),
        (Method.BANK_TRANSFER, "EUR", "NL", None),
        (Method.BANK_TRANSFER, "EUR", "DE", Unfit.COUNTRY),
        (Method.BANK_TRANSFER, "USD", "US", Unfit.CURRENCY),
        (Method.VIRTUAL_ACCOUNT, "EUR", "DE", None),
        (Method.PAY_LATER, "USD", "US", None),
        (Method.PAY_LATER, "USD", "KR", Unfit.COUNTRY),
        (Method.MOBILE_CARRIER, "KRW", "KR", Unfit.METHOD),
    ],
)
def test_what_it_can_do_is_data(
    adyen: AdyenDriver, method: Method, currency: str, country: str, unfit: Unfit | None
) -> None:
    why = adyen.gateway.capabilities.why_not(method, currency=currency, amount_minor=5_000, country=country)
    assert why is unfit


@pytest.mark.req("PAY-06")
def test_a_key_that_was_closed_takes_no_money_from_a_late_request(adyen: AdyenDriver) -> None:
    request = adyen.request()
    assert adyen.gateway.fetch(op_key=request.op_key) == NotFound()
    outcome = adyen.gateway.charge(request)
    assert isinstance(outcome, Declined)
    assert outcome.reason is DeclineReason.SESSION_EXPIRED
    assert adyen.sandbox.charges(order=request.order_number) == []


@pytest.mark.req("PAY-06")
def test_a_key_too_old_to_be_remembered_is_not_asked_with(adyen: AdyenDriver) -> None:
    request = adyen.request()
    adyen.gateway.charge(request)
    old = OnRecord(now=NOW, sent_at=NOW - timedelta(days=8))
    with pytest.raises(OutcomeUnknownError):
        adyen.telling.conclude(op_key=request.op_key, gateway_ref=None, record=old)
    with pytest.raises(OutcomeUnknownError):
        adyen.telling.conclude_refund(op_key="r", gateway_ref="P", refund_ref=None, record=old)


@pytest.mark.req("PAY-06")
def test_the_result_of_another_order_says_nothing_of_this_one(adyen: AdyenDriver) -> None:
    mine, other = adyen.request("action"), adyen.request("action")
    asked, elsewhere = adyen.gateway.charge(mine), adyen.gateway.charge(other)
    assert isinstance(asked, ActionNeeded)
    assert isinstance(elsewhere, ActionNeeded)
    assert elsewhere.url is not None
    location = adyen.sandbox.pay(elsewhere.url).headers["location"]
    result = {"redirectResult": location.rpartition("=")[2]}
    assert not isinstance(_conclude_or_none(adyen, mine.op_key, result), Approved)
    assert adyen.sandbox.charges(order=mine.order_number) == []


def _conclude_or_none(adyen: AdyenDriver, op_key: str, returned: dict[str, str]) -> object:
    try:
        return adyen.conclude(op_key, op_key, returned)
    except OutcomeUnknownError:
        return None


@pytest.mark.parametrize("result", ["", "rubbish", "x" * 3_000])
def test_rubbish_in_the_address_leaves_the_question_open(adyen: AdyenDriver, result: str) -> None:
    request = adyen.request("action")
    asked = adyen.gateway.charge(request)
    assert isinstance(asked, ActionNeeded)
    assert isinstance(adyen.conclude(request.op_key, asked.gateway_ref, {"redirectResult": result}), ActionNeeded)


@pytest.mark.req("PAY-14")
def test_a_card_is_saved_used_and_removed(adyen: AdyenDriver) -> None:
    token = adyen.token("4111111111111111")
    saved = adyen.gateway.save_method(SaveMethodRequest(f"save-{NOW}", "http://127.0.0.1/", token, "buyer-7"))
    assert isinstance(saved, MethodSaved)
    assert saved.card is not None
    assert (saved.card.last4, saved.customer_ref) == ("1111", "buyer-7")
    paying = replace(adyen.request(), source_token=None, saved_method_ref=saved.method_ref, customer_ref="buyer-7")
    assert isinstance(adyen.gateway.charge(paying), Approved)
    for _ in range(2):
        adyen.gateway.remove_method(method_ref=saved.method_ref)
    again = adyen.gateway.charge(replace(paying, op_key=f"{paying.op_key}-2"))
    assert isinstance(again, Declined)
    assert again.reason is DeclineReason.SOURCE_UNUSABLE


@pytest.mark.req("REF-06")
def test_a_refund_that_fails_after_all_has_failed(adyen: AdyenDriver) -> None:
    request = replace(adyen.request(), source_token=adyen.token("4111111111111111", "refund failed"))
    paid = adyen.gateway.charge(request)
    assert isinstance(paid, Approved)
    back = RefundRequest(f"r-{paid.gateway_ref}", paid.gateway_ref, 1_000, "USD")
    assert isinstance(adyen.gateway.refund(back), RefundPending)
    assert isinstance(adyen.look_up_refund(back), RefundFailed)
    state = adyen.look_up(request.op_key, paid.gateway_ref)
    assert isinstance(state, Approved)
    assert state.refunded_minor == 0


def told(name: str, *, success: bool = True, amount: int = 1_000, ref: str = "P" * 16) -> WebhookEvent:
    outcomes: dict[tuple[str, bool], Approved | Declined | Voided] = {
        ("AUTHORISATION", True): Approved("P" * 16, False, amount, "EUR"),
        ("AUTHORISATION", False): Declined("2", DeclineReason.DECLINED, False),
        ("CAPTURE", True): Approved("P" * 16, True, amount, "EUR"),
        ("CANCELLATION", True): Voided("P" * 16),
    }
    return WebhookEvent(
        event_id=f"{name}:{ref}:{success}:{amount}",
        kind=EventKind.PAYMENT,
        name=name,
        gateway_ref="P" * 16,
        op_key="op",
        outcome=outcomes.get((name, success)),
        amount_minor=amount,
        currency="EUR",
        occurred_at=NOW,
        raw={"success": success},
        object_ref=ref,
    )


@pytest.mark.req("PAY-08")
@pytest.mark.parametrize(
    ("events", "end"),
    [
        ([told("AUTHORISATION"), told("CAPTURE", amount=900)], ("Approved", True, 900)),
        ([told("AUTHORISATION"), told("CAPTURE", success=False)], ("Approved", False, 1_000)),
        (
            [told("AUTHORISATION"), told("CAPTURE", ref="C"), told("CAPTURE_FAILED", ref="C")],
            ("Approved", False, 1_000),
        ),
        ([told("AUTHORISATION"), told("CANCELLATION", success=False)], ("Approved", False, 1_000)),
        ([told("AUTHORISATION"), told("CANCELLATION")], ("Voided",)),
        ([told("AUTHORISATION", success=False), told("AUTHORISATION")], ("Approved", False, 1_000)),
        ([told("AUTHORISATION", success=False)], ("Declined",)),
        ([told("CAPTURE", amount=900)], ("Approved", True, 900)),
    ],
)
def test_notices_say_the_same_in_whatever_order_and_number_they_come(
    events: Sequence[WebhookEvent], end: tuple[object, ...]
) -> None:
    for order in itertools.permutations(events):
        found = fold(Told.of([*order, *order]), None)
        if isinstance(found, Approved):
            assert (type(found).__name__, found.captured, found.amount_minor) == end
        else:
            assert (type(found).__name__,) == end


def test_two_notices_that_contradict_each_other_are_not_chosen_between() -> None:
    with pytest.raises(OutcomeUnknownError):
        fold(Told.of([told("AUTHORISATION"), told("AUTHORISATION", amount=2)]), None)


def test_an_answer_of_its_own_counts_more_than_a_notice_of_another_amount() -> None:
    answered = Approved("P" * 16, True, 1_000, "EUR")
    assert fold(Told.of([told("AUTHORISATION", amount=2)]), answered) == answered


@pytest.mark.parametrize(
    ("setting", "value"),
    [("client_key", "pk_live"), ("hmac_keys", "not hexadecimal"), ("js_url", "ftp://x"), ("api_key", "")],
)
def test_a_wrong_setting_is_named_and_not_shown(sandbox: Sandbox, setting: str, value: str) -> None:
    given = {**settings_from(sandbox.environ, "adyen"), setting: value}
    with pytest.raises(GatewayConfigError) as refusal:
        AdyenConfig.from_mapping(given)
    assert refusal.value.setting == setting
    assert not value or value not in str(refusal.value)


def test_addresses_follow_from_the_live_prefix(sandbox: Sandbox) -> None:
    given = {**settings_from(sandbox.environ, "adyen"), "api_base": ""}
    assert AdyenConfig.from_mapping(given).api_base == "https://checkout-test.adyen.com"
    live = AdyenConfig.from_mapping({**given, "live_prefix": "1797a841fbb37ca7-Portal"})
    assert live.api_base == "https://1797a841fbb37ca7-Portal-checkout-live.adyenpayments.com/checkout"


def test_a_long_key_is_shortened_and_stays_the_same() -> None:
    assert key_of("k" * 64) == "k" * 64
    assert key_of("k" * 65) == key_of("k" * 65)
    assert len(key_of("k" * 65)) == 64
