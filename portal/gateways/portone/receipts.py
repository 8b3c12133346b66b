"""Cash receipts through PortOne: filed by hand, each under a key of its own, so that one can follow another."""

from collections.abc import Mapping

from portone_server_sdk.common import PaymentAmountInput
from portone_server_sdk.payment import PaymentClient, cash_receipt

from portal.gateways.errors import OutcomeUnknownError
from portal.gateways.portone.config import NAME, PortOneConfig
from portal.gateways.portone.sdk import RequestRefusedError, call
from portal.gateways.receipts import (
    ReceiptCancelled,
    ReceiptFailed,
    ReceiptIssued,
    ReceiptKind,
    ReceiptOutcome,
    ReceiptRequest,
)

_TYPES: Mapping[ReceiptKind, tuple[str, str]] = {
    ReceiptKind.PERSONAL: ("PERSONAL", "PHONE"),
    ReceiptKind.BUSINESS: ("CORPORATE", "BUSINESS"),
}


def issue(client: PaymentClient, config: PortOneConfig, request: ReceiptRequest) -> ReceiptOutcome:
    """File a receipt once per key."""
    kind, identity_type = _TYPES[request.kind]
    try:
        answer = call(
            lambda: client.cash_receipt.issue_cash_receipt(
                payment_id=request.key,
                channel_key=config.channel_of(request.method),
                type=kind,
                order_name=request.order_name,
                currency=request.currency,
                amount=PaymentAmountInput(total=request.amount_minor),
                customer=cash_receipt.IssueCashReceiptCustomerInput(
                    identity_number=request.identity, identity_number_type=identity_type
                ),
            )
        )
    except RequestRefusedError as refusal:
        if refusal.kind == "CashReceiptAlreadyIssued":
            return _found(client, request.key)
        if refusal.kind in ("PgProvider", "InvalidRequest"):
            return ReceiptFailed(refusal.code)
        raise
    return ReceiptIssued(answer.cash_receipt.issue_number, answer.cash_receipt.url, request.amount_minor)


def cancel(client: PaymentClient, key: str) -> ReceiptOutcome:
    """Take a receipt back."""
    try:
        call(lambda: client.cash_receipt.cancel_cash_receipt_by_payment_id(payment_id=key))
    except RequestRefusedError as refusal:
        if refusal.kind in ("CashReceiptNotFound", "CashReceiptNotIssued"):
            return ReceiptCancelled()
        if refusal.kind == "PgProvider":
            return ReceiptFailed(refusal.code)
        raise
    return ReceiptCancelled()


def _found(client: PaymentClient, key: str) -> ReceiptOutcome:
    found = call(lambda: client.cash_receipt.get_cash_receipt_by_payment_id(payment_id=key))
    match found:
        case cash_receipt.IssuedCashReceipt():
            return ReceiptIssued(found.issue_number, found.url, found.amount)
        case cash_receipt.CancelledCashReceipt():
            return ReceiptCancelled()
        case cash_receipt.IssueFailedCashReceipt():
            return ReceiptFailed("ISSUE_FAILED")
    raise OutcomeUnknownError(NAME, "broken_answer", "cash_receipt")
