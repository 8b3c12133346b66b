"""The stand-in of PortOne, measured with PortOne's own SDK."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from portone_server_sdk import errors, webhook
from portone_server_sdk import payment as sdk
from portone_server_sdk.common import PaymentAmountInput
from portone_server_sdk.payment import cash_receipt

from tests.contract.receiver import Receiver
from tests.sandbox_server import (
    PORTONE_API_SECRET,
    PORTONE_CHANNEL_KEY,
    PORTONE_STORE_ID,
    PORTONE_WEBHOOK_SECRET,
    Sandbox,
)

ACCOUNT = sdk.CancelPaymentBodyRefundAccount(bank="KOOKMIN", number="12345678901234", holder_name="Bea")


@pytest.fixture(scope="module")
def portone(sandbox: Sandbox) -> sdk.PaymentClient:
    """One for all: the SDK makes six clients, each of which reads all of the system's authorities."""
    return sdk.PaymentClient(secret=PORTONE_API_SECRET, base_url=f"{sandbox.url}/portone", store_id=PORTONE_STORE_ID)


@pytest.fixture
def window(sandbox: Sandbox, portone: sdk.PaymentClient) -> Callable[..., str]:
    def open_window(payment_id: str, *, total: int = 10_000, method: str = "CARD", shown: int | None = None) -> str:
        portone.pre_register_payment(payment_id=payment_id, total_amount=total, currency="KRW")
        asked = {
            "storeId": PORTONE_STORE_ID,
            "channelKey": PORTONE_CHANNEL_KEY,
            "paymentId": payment_id,
            "orderName": "Two bowls",
            "totalAmount": str(shown or total),
            "currency": "KRW",
            "payMethod": method,
            "redirectUrl": "http://127.0.0.1/back?a=1",
        }
        return f"{sandbox.url}/portone/window?{urlencode(asked)}"

    return open_window


def key() -> str:
    return f"p-{uuid.uuid4().hex}"


def issue(portone: sdk.PaymentClient, payment_id: str, total: int = 30_000) -> sdk.PaymentMethodVirtualAccount:
    """A virtual account."""
    portone.pay_instantly(
        payment_id=payment_id,
        channel_key=PORTONE_CHANNEL_KEY,
        method=sdk.InstantPaymentMethodInput(
            virtual_account=sdk.InstantPaymentMethodInputVirtualAccount(
                bank="SHINHAN",
                expiry=sdk.InstantPaymentMethodInputVirtualAccountExpiry(valid_hours=24),
                option=sdk.InstantPaymentMethodInputVirtualAccountOption(type="NORMAL"),
            )
        ),
        order_name="Two bowls",
        amount=PaymentAmountInput(total=total),
        currency="KRW",
    )
    found = portone.get_payment(payment_id=payment_id)
    assert isinstance(found, sdk.VirtualAccountIssuedPayment)
    assert isinstance(found.method, sdk.PaymentMethodVirtualAccount)
    return found.method


def test_a_payment_is_seen_once_its_window_is_open(
    sandbox: Sandbox, portone: sdk.PaymentClient, window: Callable[..., str]
) -> None:
    mine = key()
    address = window(mine)
    with pytest.raises(errors.PaymentNotFoundError):
        portone.get_payment(payment_id=mine)
    assert "Two bowls" in sandbox.http.request("GET", address).data.decode()
    assert isinstance(portone.get_payment(payment_id=mine), sdk.ReadyPayment)


def test_the_window_takes_the_registered_amount_and_no_other(
    sandbox: Sandbox, portone: sdk.PaymentClient, window: Callable[..., str]
) -> None:
    mine = key()
    address = window(mine, total=10_000, shown=100)
    assert sandbox.pay(address).status == 400
    with pytest.raises(errors.PaymentNotFoundError):
        portone.get_payment(payment_id=mine)


@pytest.mark.parametrize("method", ["CARD", "TRANSFER", "MOBILE", "EASY_PAY"])
def test_each_way_of_paying_ends_paid_and_comes_back(
    sandbox: Sandbox, portone: sdk.PaymentClient, window: Callable[..., str], method: str
) -> None:
    mine = key()
    back = sandbox.pay(window(mine, method=method))
    assert back.headers["location"].startswith(f"http://127.0.0.1/back?a=1&paymentId={mine}")
    found = portone.get_payment(payment_id=mine)
    assert isinstance(found, sdk.PaidPayment)
    assert (found.amount.total, found.amount.paid, found.amount.cancelled) == (10_000, 10_000, 0)
    with pytest.raises(errors.AlreadyPaidError):
        portone.pre_register_payment(payment_id=mine, total_amount=10_000, currency="KRW")


def test_a_phone_bill_ends_at_a_million(
    sandbox: Sandbox, portone: sdk.PaymentClient, window: Callable[..., str]
) -> None:
    over, most = key(), key()
    sandbox.pay(window(over, total=1_000_001, method="MOBILE"))
    sandbox.pay(window(most, total=1_000_000, method="MOBILE"))
    refused = portone.get_payment(payment_id=over)
    assert isinstance(refused, sdk.FailedPayment)
    assert refused.failure.pg_code == "EXCEED_MAX_PAYMENT_AMOUNT"
    assert isinstance(portone.get_payment(payment_id=most), sdk.PaidPayment)


def test_a_refused_payment_says_why_and_may_be_tried_again(
    sandbox: Sandbox, portone: sdk.PaymentClient, window: Callable[..., str]
) -> None:
    mine = key()
    address = window(mine)
    back = sandbox.pay(address, "decline", reason="INVALID_CARD_LOST_OR_STOLEN")
    assert "pgCode=INVALID_CARD_LOST_OR_STOLEN" in back.headers["location"]
    assert isinstance(portone.get_payment(payment_id=mine), sdk.FailedPayment)
    sandbox.pay(address)
    assert isinstance(portone.get_payment(payment_id=mine), sdk.PaidPayment)


def test_cancellations_are_guarded_by_the_balance(
    sandbox: Sandbox, portone: sdk.PaymentClient, window: Callable[..., str]
) -> None:
    mine = key()
    with pytest.raises(errors.PaymentNotFoundError):
        portone.cancel_payment(payment_id=mine, reason="no")
    sandbox.pay(window(mine))
    portone.cancel_payment(payment_id=mine, amount=4_000, reason="part", current_cancellable_amount=10_000)
    with pytest.raises(errors.CancellableAmountConsistencyBrokenError):
        portone.cancel_payment(payment_id=mine, amount=4_000, reason="part", current_cancellable_amount=10_000)
    with pytest.raises(errors.CancelAmountExceedsCancellableAmountError):
        portone.cancel_payment(payment_id=mine, amount=6_001, reason="more")
    found = portone.get_payment(payment_id=mine)
    assert isinstance(found, sdk.PartialCancelledPayment)
    assert [getattr(each, "reason", "") for each in found.cancellations] == ["part"]
    portone.cancel_payment(payment_id=mine, reason="rest")
    with pytest.raises(errors.PaymentAlreadyCancelledError):
        portone.cancel_payment(payment_id=mine, reason="again")


def test_a_carrier_takes_back_the_whole_only(
    sandbox: Sandbox, portone: sdk.PaymentClient, window: Callable[..., str]
) -> None:
    mine = key()
    sandbox.pay(window(mine, method="MOBILE"))
    with pytest.raises(errors.PgProviderError):
        portone.cancel_payment(payment_id=mine, amount=1, reason="part")
    portone.cancel_payment(payment_id=mine, reason="all")


def test_an_account_waits_for_its_deposit_and_is_refunded_to_another(
    sandbox: Sandbox, portone: sdk.PaymentClient
) -> None:
    mine = key()
    account = issue(portone, mine)
    assert account.account_number.isdigit()
    assert account.expired_at is not None
    left = datetime.fromisoformat(account.expired_at) - datetime.now(tz=UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    with pytest.raises(errors.PaymentNotPaidError):
        portone.cancel_payment(payment_id=mine, reason="too early")
    assert sandbox.deposit(mine) == "paid"
    with pytest.raises(errors.PgProviderError):
        portone.cancel_payment(payment_id=mine, reason="where to?")
    portone.cancel_payment(payment_id=mine, reason="there", refund_account=ACCOUNT)
    assert isinstance(portone.get_payment(payment_id=mine), sdk.CancelledPayment)


@pytest.mark.parametrize("amount", [29_999, 30_001])
def test_a_wrong_deposit_is_said_as_it_came(sandbox: Sandbox, portone: sdk.PaymentClient, amount: int) -> None:
    mine = key()
    issue(portone, mine, 30_000)
    sandbox.deposit(mine, amount)
    found = portone.get_payment(payment_id=mine)
    assert isinstance(found, sdk.PaidPayment)
    assert (found.amount.total, found.amount.paid) == (30_000, amount)


def test_a_second_deposit_is_added_to_the_first(sandbox: Sandbox, portone: sdk.PaymentClient) -> None:
    mine = key()
    issue(portone, mine, 30_000)
    assert [sandbox.deposit(mine), sandbox.deposit(mine, 5_000)] == ["paid", "paid"]
    found = portone.get_payment(payment_id=mine)
    assert isinstance(found, sdk.PaidPayment)
    assert (found.amount.total, found.amount.paid) == (30_000, 35_000)


def test_an_account_takes_nothing_after_its_time_or_its_end(sandbox: Sandbox, portone: sdk.PaymentClient) -> None:
    late, closed = key(), key()
    issue(portone, late)
    sandbox.post(f"/sandbox/expire/{late}", {})
    assert sandbox.deposit(late) == "expired"
    issue(portone, closed)
    portone.close_virtual_account(payment_id=closed)
    assert sandbox.deposit(closed) == "closed"
    with pytest.raises(errors.PaymentNotWaitingForDepositError):
        portone.close_virtual_account(payment_id=closed)
    assert sandbox.deposit(closed, late=True) == "paid"


def test_a_cash_receipt_is_filed_once_and_taken_back(portone: sdk.PaymentClient) -> None:
    mine = key()

    def file(number: str = "01012345678") -> str:
        answer = portone.cash_receipt.issue_cash_receipt(
            payment_id=mine,
            channel_key=PORTONE_CHANNEL_KEY,
            type="PERSONAL",
            order_name="Two bowls",
            currency="KRW",
            amount=PaymentAmountInput(total=30_000),
            customer=cash_receipt.IssueCashReceiptCustomerInput(identity_number=number, identity_number_type="PHONE"),
        )
        return answer.cash_receipt.issue_number

    with pytest.raises(errors.PgProviderError):
        file("02")
    number = file()
    with pytest.raises(errors.CashReceiptAlreadyIssuedError):
        file()
    found = portone.cash_receipt.get_cash_receipt_by_payment_id(payment_id=mine)
    assert isinstance(found, cash_receipt.IssuedCashReceipt)
    assert (found.issue_number, found.amount) == (number, 30_000)
    portone.cash_receipt.cancel_cash_receipt_by_payment_id(payment_id=mine)
    with pytest.raises(errors.CashReceiptNotIssuedError):
        portone.cash_receipt.cancel_cash_receipt_by_payment_id(payment_id=mine)


def test_a_wrong_secret_opens_nothing(sandbox: Sandbox) -> None:
    stranger = sdk.PaymentClient(secret="wrong", base_url=f"{sandbox.url}/portone")
    with pytest.raises(errors.UnauthorizedError):
        stranger.get_payment(payment_id="x")


def test_notices_are_verified_by_the_sdk(
    sandbox: Sandbox, portone: sdk.PaymentClient, receiver: Receiver, window: Callable[..., str]
) -> None:
    mine = key()
    sandbox.pay(window(mine))
    portone.cancel_payment(payment_id=mine, reason="all")
    seen = []
    for headers, body in receiver.wait(mine, count=2):
        lower = {name.lower(): value for name, value in headers.items()}
        seen.append(type(webhook.verify(PORTONE_WEBHOOK_SECRET, body.decode(), lower)).__name__)
    assert sorted(seen) == ["WebhookTransactionCancelledCancelled", "WebhookTransactionPaid"]


def test_the_start_page_shows_accounts_and_takes_deposits(sandbox: Sandbox, portone: sdk.PaymentClient) -> None:
    mine = key()
    account = issue(portone, mine)
    assert account.account_number in sandbox.http.request("GET", f"{sandbox.url}/").data.decode()
    fields = {"id": mine, "amount": "30000", "do": "deposit"}
    sandbox.http.request("POST", f"{sandbox.url}/deposits", fields=fields, encode_multipart=False, redirect=False)
    assert isinstance(portone.get_payment(payment_id=mine), sdk.PaidPayment)
