"""What PortOne's connector does beyond the contract: accounts, their deposits and refunds, cash receipts."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.gateways.base import (
    AccountOfBuyer,
    ActionNeeded,
    Approved,
    ChargeRequest,
    Declined,
    DeclineReason,
    GatewayRefusedError,
    Method,
    NotFound,
    OutcomeUnknownError,
    Pending,
    Refunded,
    RefundFailed,
    RefundRequest,
    Voided,
)
from portal.gateways.connector import GatewayConfigError
from portal.gateways.portone.banks import bank_code, bank_name
from portal.gateways.portone.capabilities import CAPABILITIES
from portal.gateways.receipts import (
    ReceiptCancelled,
    ReceiptFailed,
    ReceiptingGateway,
    ReceiptIssued,
    ReceiptKind,
    ReceiptRequest,
)
from portal.gateways.registry import build, settings_from
from tests.contract.drivers import PortOneDriver
from tests.sandbox_server import PORTONE_CHANNEL_KEY

MINE = AccountOfBuyer("KB국민은행", "123456-78-901234", "Bea")


def account_request(portone: PortOneDriver, amount_minor: int = 30_000) -> ChargeRequest:
    request = portone.request(amount_minor=amount_minor, currency="KRW")
    return replace(request, method=Method.VIRTUAL_ACCOUNT, buyer_name="Bea")


@pytest.mark.req("PAY-16")
def test_an_account_is_opened_and_waits(portone: PortOneDriver) -> None:
    request = account_request(portone)
    outcome = portone.gateway.charge(request)
    assert isinstance(outcome, Pending)
    assert outcome.account is not None
    assert outcome.account.bank == "신한은행 (Shinhan Bank)"
    assert outcome.account.number.isdigit()
    assert outcome.account.holder
    assert outcome.account.expires_at is not None
    left = outcome.account.expires_at - datetime.now(tz=UTC)
    assert timedelta(hours=71) < left <= timedelta(hours=72)
    assert portone.gateway.charge(request) == outcome
    assert portone.gateway.fetch(op_key=request.op_key) == outcome


@pytest.mark.req("PAY-16")
@pytest.mark.parametrize("amount", [30_000, 29_999, 30_001])
def test_what_came_in_is_said_whatever_was_asked_for(portone: PortOneDriver, amount: int) -> None:
    request = account_request(portone)
    portone.gateway.charge(request)
    portone.sandbox.deposit(request.op_key, amount)
    paid = portone.gateway.fetch(op_key=request.op_key, gateway_ref=request.op_key)
    assert isinstance(paid, Approved)
    assert (paid.captured, paid.amount_minor, paid.currency) == (True, amount, "KRW")


@pytest.mark.req("PAY-16")
def test_an_account_that_is_voided_takes_nothing(portone: PortOneDriver) -> None:
    request = account_request(portone)
    portone.gateway.charge(request)
    for _ in range(2):
        assert isinstance(portone.gateway.void(op_key="v", gateway_ref=request.op_key), Voided)
    assert portone.sandbox.deposit(request.op_key) == "closed"
    again = portone.gateway.charge(request)
    assert isinstance(again, Declined)
    assert again.reason is DeclineReason.SESSION_EXPIRED


@pytest.mark.req("PAY-16")
def test_a_deposit_is_given_back_to_the_account_that_the_buyer_names(portone: PortOneDriver) -> None:
    request = account_request(portone)
    portone.gateway.charge(request)
    portone.sandbox.deposit(request.op_key)
    refund = RefundRequest(f"r-{request.op_key}", request.op_key, 10_000, "KRW", "too big")
    nowhere = portone.gateway.refund(refund)
    assert isinstance(nowhere, RefundFailed)
    assert not nowhere.over_cap
    unknown = portone.gateway.refund(replace(refund, account=replace(MINE, bank="Bank of Nowhere")))
    assert unknown == RefundFailed("BANK_UNKNOWN")
    done = portone.gateway.refund(replace(refund, account=MINE))
    assert isinstance(done, Refunded)
    assert done.amount_minor == 10_000
    assert "901234" not in repr(replace(refund, account=MINE))


@pytest.mark.req("PAY-10")
def test_the_same_refund_at_the_same_moment_moves_money_once(portone: PortOneDriver) -> None:
    request = portone.request(amount_minor=10_000)
    portone.finish(request, portone.gateway.charge(request))
    refund = RefundRequest(f"r-{request.op_key}", request.op_key, 4_000, "USD")
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(portone.gateway.refund(refund))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [found[0]] * 4
    (charge,) = portone.sandbox.charges(order=request.order_number)
    assert charge["refunded"] == 4_000


def test_who_was_sent_to_the_window_and_has_not_come_is_awaited(portone: PortOneDriver) -> None:
    request = portone.request()
    asked = portone.gateway.charge(request)
    assert isinstance(asked, ActionNeeded)
    waits = portone.gateway.fetch(op_key=request.op_key, gateway_ref=asked.gateway_ref)
    assert isinstance(waits, ActionNeeded)
    assert waits.url is None
    assert portone.gateway.fetch(op_key=request.op_key) == NotFound()


@pytest.mark.req("PAY-12")
def test_a_buyer_who_cancels_in_the_window_is_believed(portone: PortOneDriver) -> None:
    request = portone.request()
    asked = portone.gateway.charge(request)
    assert isinstance(asked, ActionNeeded)
    assert asked.url is not None
    portone.sandbox.pay(asked.url, "cancel")
    outcome = portone.gateway.fetch(op_key=request.op_key, gateway_ref=asked.gateway_ref)
    assert isinstance(outcome, Declined)
    assert outcome.reason is DeclineReason.CANCELLED_BY_BUYER


def test_it_never_holds(portone: PortOneDriver) -> None:
    assert not any(one.capture_later for one in CAPABILITIES.methods)
    with pytest.raises(GatewayRefusedError):
        portone.gateway.capture(op_key="c", gateway_ref="x", amount_minor=1, currency="KRW")


@pytest.mark.req("PAY-18")
def test_a_cash_receipt_is_filed_once_and_taken_back(portone: PortOneDriver) -> None:
    gateway = portone.gateway
    assert isinstance(gateway, ReceiptingGateway)
    key = f"{portone.request().op_key}-r1"
    request = ReceiptRequest(key, ReceiptKind.BUSINESS, "1234567890", 30_000, "KRW", "KR-1", "bank_transfer")
    first = gateway.issue_receipt(request)
    assert isinstance(first, ReceiptIssued)
    assert gateway.issue_receipt(request) == first
    assert "1234567890" not in repr(request)
    for _ in range(2):
        assert gateway.cancel_receipt(key=key) == ReceiptCancelled()
    assert gateway.cancel_receipt(key="never-filed") == ReceiptCancelled()


@pytest.mark.req("PAY-18")
def test_the_tax_offices_no_and_a_lost_answer_are_different(portone: PortOneDriver) -> None:
    gateway = portone.gateway
    assert isinstance(gateway, ReceiptingGateway)
    key = portone.request().op_key
    request = ReceiptRequest(key, ReceiptKind.PERSONAL, "01000000000", 30_000, "KRW", "KR-1", "bank_transfer")
    assert gateway.issue_receipt(request) == ReceiptFailed("NTS_NOT_AVAILABLE")
    good = replace(request, identity="01012345678")
    portone.sandbox.fault(kind="reset_after", on="receipt", vendor="portone")
    with pytest.raises(OutcomeUnknownError):
        gateway.issue_receipt(good)
    assert isinstance(gateway.issue_receipt(good), ReceiptIssued)


@pytest.mark.parametrize("written", ["국민", "KB국민은행", "Kookmin Bank", "kookmin", "국민은행 (Kookmin Bank)"])
def test_a_bank_is_known_however_it_is_written(written: str) -> None:
    assert bank_code(written) == "KOOKMIN"


def test_a_bank_that_nobody_knows_is_not_guessed() -> None:
    assert bank_code("Bank of Nowhere") is None
    assert bank_name("MIRAE_ASSET_SECURITIES") == "Mirae Asset Securities"


@pytest.mark.parametrize(
    "change",
    [{"webhook_secrets": "whsec_!"}, {"account_hours": "0"}, {"account_hours": "721"}, {"method_channels": "cash=x"}],
)
def test_settings_that_cannot_be_right_are_refused(portone: PortOneDriver, change: dict[str, str]) -> None:
    with pytest.raises(GatewayConfigError, match=next(iter(change))):
        build("portone", settings_from(portone.sandbox.environ, "portone") | change)


def test_a_method_may_have_a_channel_of_its_own(portone: PortOneDriver) -> None:
    settings = settings_from(portone.sandbox.environ, "portone")
    gateway = build("portone", settings | {"method_channels": "mobile_carrier=channel-key-phone"})
    for method, channel in ((Method.MOBILE_CARRIER, "channel-key-phone"), (Method.WALLET, PORTONE_CHANNEL_KEY)):
        asked = gateway.charge(replace(portone.request(currency="KRW"), method=method))
        assert isinstance(asked, ActionNeeded)
        assert f"channelKey={channel}" in (asked.url or "")
