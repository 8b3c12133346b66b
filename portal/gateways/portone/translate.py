"""PortOne's payments and cancellations in our words. Amounts are minor units of ISO 4217 on both sides."""

from collections.abc import Mapping
from datetime import datetime

from portone_server_sdk import payment as sdk

from portal.gateways.base import (
    AccountToPay,
    ActionNeeded,
    Approved,
    CardFacts,
    Declined,
    DeclineReason,
    Facts,
    FetchOutcome,
    Method,
    Pending,
    Refunded,
    RefundFailed,
    RefundPending,
    Voided,
)
from portal.gateways.declines import ADVICE
from portal.gateways.portone.banks import bank_name

PAY_METHODS: Mapping[Method, str] = {
    Method.CREDIT_CARD: "CARD",
    Method.DEBIT_CARD: "CARD",
    Method.INTERNATIONAL_CARD: "CARD",
    Method.BANK_TRANSFER: "TRANSFER",
    Method.MOBILE_CARRIER: "MOBILE",
    Method.WALLET: "EASY_PAY",
}

# PortOne hands the codes of the payment company behind a channel through; these are Toss Payments'.
REASONS: Mapping[str, DeclineReason] = {
    "REJECT_CARD_COMPANY": DeclineReason.DECLINED,
    "INVALID_REJECT_CARD": DeclineReason.DECLINED,
    "REJECT_ACCOUNT_PAYMENT": DeclineReason.INSUFFICIENT_FUNDS,
    "REJECT_CARD_PAYMENT": DeclineReason.INSUFFICIENT_FUNDS,
    "EXCEED_MAX_PAYMENT_AMOUNT": DeclineReason.LIMIT_EXCEEDED,
    "EXCEED_MAX_AMOUNT": DeclineReason.LIMIT_EXCEEDED,
    "EXCEED_MAX_ONE_DAY_AMOUNT": DeclineReason.LIMIT_EXCEEDED,
    "EXCEED_MAX_DAILY_PAYMENT_COUNT": DeclineReason.TOO_MANY_TRIES,
    "EXCEED_MAX_AUTH_COUNT": DeclineReason.TOO_MANY_TRIES,
    "INVALID_CARD_LOST_OR_STOLEN": DeclineReason.LOST_CARD,
    "INVALID_STOPPED_CARD": DeclineReason.LOST_CARD,
    "INVALID_CARD_EXPIRATION": DeclineReason.EXPIRED_CARD,
    "INVALID_CARD_NUMBER": DeclineReason.INCORRECT_NUMBER,
    "INVALID_PASSWORD": DeclineReason.AUTHENTICATION_FAILED,
    "INVALID_AUTHORIZE_AUTH": DeclineReason.AUTHENTICATION_FAILED,
    "FDS_ERROR": DeclineReason.SUSPECTED_FRAUD,
    "NOT_AVAILABLE_BANK": DeclineReason.ISSUER_UNAVAILABLE,
    "PROVIDER_ERROR": DeclineReason.PROCESSING_ERROR,
    "PAY_PROCESS_CANCELED": DeclineReason.CANCELLED_BY_BUYER,
    "PAY_PROCESS_ABORTED": DeclineReason.SESSION_EXPIRED,
}

Taken = sdk.PaidPayment | sdk.PartialCancelledPayment | sdk.CancelledPayment
Known = Taken | sdk.ReadyPayment | sdk.PayPendingPayment | sdk.VirtualAccountIssuedPayment | sdk.FailedPayment


def payment(found: sdk.Payment) -> FetchOutcome:
    """The state of a payment. Raises TypeError for one that this SDK does not know."""
    match found:
        case sdk.ReadyPayment():
            # The window is open. Where it is was said when the payment was asked for.
            return ActionNeeded(found.id, "redirect", raw={"status": "READY"})
        case sdk.PayPendingPayment():
            return Pending(found.id, raw={"status": "PAY_PENDING"})
        case sdk.VirtualAccountIssuedPayment():
            return _waiting(found)
        case sdk.FailedPayment():
            code = found.failure.pg_code or found.failure.reason or "FAILED"
            return declined(code, found.id)
        case sdk.PaidPayment() | sdk.PartialCancelledPayment() | sdk.CancelledPayment():
            return _taken(found)
    raise TypeError("payment")


def received_minor(found: Taken) -> int:
    """What came in for the order. A discount of the card company's is paid by it."""
    return found.amount.paid + found.amount.discount


def left_minor(found: Taken) -> int:
    """What can still be cancelled."""
    return received_minor(found) - found.amount.cancelled


def _taken(found: Taken) -> Approved | Voided:
    received = received_minor(found)
    if not received:
        return Voided(found.id, {"status": "CANCELLED"})
    facts: Facts = {"transaction": found.transaction_id, "pg_tx_id": found.pg_tx_id, "total": found.amount.total}
    return Approved(
        gateway_ref=found.id,
        captured=True,
        amount_minor=received,
        currency=str(found.currency),
        raw=facts,
        card=_card(found.method),
        refunded_minor=found.amount.cancelled,
    )


def _card(method: sdk.PaymentMethod | None) -> CardFacts | None:
    known = method.easy_pay_method if isinstance(method, sdk.PaymentMethodEasyPay) else method
    card = known.card if isinstance(known, sdk.PaymentMethodCard) else None
    if card is None or not card.number:
        return None
    brand = str(card.brand or "card").lower()
    return CardFacts(brand, card.number[-4:], funding=str(card.type).lower() if card.type else None)


def _waiting(found: sdk.VirtualAccountIssuedPayment) -> Pending:
    method = found.method
    if not isinstance(method, sdk.PaymentMethodVirtualAccount):
        raise TypeError("method")
    expires_at = datetime.fromisoformat(method.expired_at) if method.expired_at else None
    account = AccountToPay(
        bank=bank_name(str(method.bank) if method.bank else None),
        number=method.account_number,
        holder=method.remittee_name or "",
        expires_at=expires_at,
    )
    return Pending(found.id, account, expires_at, {"status": "VIRTUAL_ACCOUNT_ISSUED"})


def declined(code: str, ref: str | None) -> Declined:
    """A refusal by its code; one that we do not know is a plain decline."""
    reason = REASONS.get(code, DeclineReason.DECLINED)
    return Declined(code, reason, ADVICE[reason].retry_helps, ref, {"code": code})


def cancellation(found: sdk.PaymentCancellation, currency: str) -> Refunded | RefundPending | RefundFailed:
    """The state of a cancellation. Raises TypeError for one that this SDK does not know."""
    match found:
        case sdk.SucceededPaymentCancellation():
            return Refunded(found.id, found.total_amount, currency, {"status": "SUCCEEDED"})
        case sdk.RequestedPaymentCancellation():
            return RefundPending(found.id, found.total_amount, currency, {"status": "REQUESTED"})
        case sdk.FailedPaymentCancellation():
            return RefundFailed("FAILED", found.id, raw={"status": "FAILED"})
    raise TypeError("cancellation")
