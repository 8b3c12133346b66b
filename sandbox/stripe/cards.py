"""Stripe's documented test cards (docs.stripe.com/testing) and what each of them does."""

from dataclasses import dataclass

MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "lost_card": "Your card was declined.",
    "stolen_card": "Your card was declined.",
    "fraudulent": "Your card was declined.",
    "card_velocity_exceeded": "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",  # noqa: E501  # A sentence of the vendor, as it is.
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "incorrect_number": "Your card number is incorrect.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "test_mode_live_card": "Your card was declined. Your request was in test mode, but used a non test card.",
}
_OWN_CODES = {"expired_card", "incorrect_cvc", "processing_error", "incorrect_number", "authentication_required"}


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. `decline` is the decline code of a charge; `secure` is when 3-D Secure asks."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: str | None = None
    secure: str = "never"  # never | always | unless_saved
    declines_at_attach: bool = True
    refund: str = "succeeded"  # succeeded | pending | failed
    dispute: str | None = None
    inquiry: bool = False
    alias: str | None = None  # The name that stands for it: pm_card_visa.
    note: str = ""

    @property
    def last4(self) -> str:
        return self.number[-4:]


def code_of(decline: str) -> str:
    """The error code that goes with a decline code."""
    return decline if decline in _OWN_CODES else "card_declined"


CARDS = (
    Card("4242424242424242", alias="pm_card_visa", note="succeeds"),
    Card("4000056655665556", funding="debit", alias="pm_card_visa_debit"),
    Card("5555555555554444", brand="mastercard", alias="pm_card_mastercard", note="succeeds"),
    Card("2223003122003222", brand="mastercard"),
    Card("5200828282828210", brand="mastercard", funding="debit", alias="pm_card_mastercard_debit"),
    Card("5105105105105100", brand="mastercard", funding="prepaid", alias="pm_card_mastercard_prepaid"),
    Card("378282246310005", brand="amex", alias="pm_card_amex", note="succeeds"),
    Card("371449635398431", brand="amex"),
    Card("6011111111111117", brand="discover", alias="pm_card_discover"),
    Card("6011000990139424", brand="discover"),
    Card("3056930009020004", brand="diners", alias="pm_card_diners"),
    Card("36227206271667", brand="diners"),
    Card("3566002020360505", brand="jcb", alias="pm_card_jcb"),
    Card("6200000000000005", brand="unionpay", alias="pm_card_unionpay"),
    Card("4000008260000000", country="GB"),
    Card("4000002760000016", country="DE"),
    Card("4000002500000003", country="FR"),
    Card("4000003920000003", country="JP"),
    Card("4000001240000000", country="CA"),
    Card("4000000360000006", country="AU"),
    Card("4000007020000003", country="SG"),
    Card("4000000000000002", decline="generic_decline", alias="pm_card_chargeDeclined", note="is declined"),
    Card(
        "4000000000009995",
        decline="insufficient_funds",
        alias="pm_card_chargeDeclinedInsufficientFunds",
        note="has not enough money",
    ),
    Card("4000000000009987", decline="lost_card", alias="pm_card_chargeDeclinedLostCard", note="was lost"),
    Card("4000000000009979", decline="stolen_card", alias="pm_card_chargeDeclinedStolenCard", note="was stolen"),
    Card("4000000000000069", decline="expired_card", alias="pm_card_chargeDeclinedExpiredCard", note="has expired"),
    Card(
        "4000000000000127",
        decline="incorrect_cvc",
        alias="pm_card_chargeDeclinedIncorrectCvc",
        note="has another security code",
    ),
    Card(
        "4000000000000119",
        decline="processing_error",
        alias="pm_card_chargeDeclinedProcessingError",
        note="fails in processing",
    ),
    Card(
        "4000000000006975",
        decline="card_velocity_exceeded",
        alias="pm_card_chargeDeclinedVelocityLimitExceeded",
        note="is over its limit",
    ),
    Card("4242424242424241", decline="incorrect_number", note="has a wrong number"),
    Card("4100000000000019", decline="fraudulent", alias="pm_card_radarBlock", note="is blocked as fraudulent"),
    Card(
        "4000000000000341",
        decline="generic_decline",
        declines_at_attach=False,
        alias="pm_card_chargeCustomerFail",
        note="can be saved, then is declined",
    ),
    Card("4000000000003220", secure="always", alias="pm_card_threeDSecure2Required", note="asks for 3-D Secure"),
    Card("4000002760003184", secure="always", alias="pm_card_authenticationRequired", note="always asks"),
    Card("4000002500003155", secure="unless_saved", alias="pm_card_authenticationRequiredOnSetup", note="asks once"),
    Card(
        "4000008260003178",
        secure="always",
        decline="insufficient_funds",
        alias="pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        note="asks, then has not enough money",
    ),
    Card("4000008400001629", secure="always", decline="generic_decline", note="asks, then is declined"),
    Card("4000000000003055", alias="pm_card_threeDSecureOptional"),
    Card("4000000000000077", alias="pm_card_bypassPending"),
    Card("4000000000005126", refund="failed", alias="pm_card_refundFail", note="refuses refunds afterwards"),
    Card("4000000000007726", refund="pending", alias="pm_card_pendingRefund", note="is slow to be refunded"),
    Card("4000000000000259", dispute="fraudulent", alias="pm_card_createDispute", note="is disputed"),
    Card(
        "4000000000002685",
        dispute="product_not_received",
        alias="pm_card_createDisputeProductNotReceived",
        note="is disputed: nothing came",
    ),
    Card(
        "4000000000001976",
        dispute="fraudulent",
        inquiry=True,
        alias="pm_card_createDisputeInquiry",
        note="is asked about by its bank",
    ),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_ALIAS = {card.alias: card for card in CARDS if card.alias}


def luhn_ok(number: str) -> bool:
    """The check digit of a card number (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
