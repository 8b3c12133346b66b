"""Adyen's documented test cards, and the results that a name on the card asks for.

docs.adyen.com/development-resources/test-cards-and-credentials and …/testing/result-codes.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. `asks` is whether 3-D Secure asks the buyer."""

    number: str
    brand: str
    country: str = "NL"
    funding: str = "CREDIT"
    asks: bool = False
    note: str = "is approved"


CARDS = (
    Card("4111111111111111", "visa"),
    Card("4111111145551142", "visa", funding="DEBIT", note="is a debit card"),
    Card("4444333322221111", "visa", country="US"),
    Card("4988438843884305", "visa", country="ES"),
    Card("5555444433331111", "mc", country="GB"),
    Card("2222400070000005", "mc", country="US"),
    Card("370000000000002", "amex"),
    Card("36006666333344", "diners", country="US"),
    Card("3569990010095841", "jcb", country="US"),
    Card("4212345678910006", "visa", asks=True, note="asks for 3-D Secure"),
    Card("5201285565672311", "mc", asks=True, note="asks for 3-D Secure"),
)
BY_NUMBER = {card.number: card for card in CARDS}


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of a payment. `code` is the refusal reason's number."""

    result: str
    code: str = ""
    reason: str = ""


APPROVED = Result("Authorised")
_REFUSALS = {
    "DECLINED": ("2", "Refused"),
    "REFERRAL": ("3", "Referral"),
    "BLOCK_CARD": ("5", "Blocked Card"),
    "CARD_EXPIRED": ("6", "Expired Card"),
    "INVALID_AMOUNT": ("7", "Invalid Amount"),
    "INVALID_CARD_NUMBER": ("8", "Invalid Card Number"),
    "ISSUER_UNAVAILABLE": ("9", "Issuer Unavailable"),
    "NOT_SUPPORTED": ("10", "Not supported"),
    "NOT_3D_AUTHENTICATED": ("11", "3D Not Authenticated"),
    "NOT_ENOUGH_BALANCE": ("12", "Not enough balance"),
    "ACQUIRER_FRAUD": ("14", "Acquirer Fraud"),
    "CANCELLED": ("15", "Cancelled"),
    "SHOPPER_CANCELLED": ("16", "Shopper Cancelled"),
    "INVALID_PIN": ("17", "Invalid Pin"),
    "PIN_TRIES_EXCEEDED": ("18", "Pin tries exceeded"),
    "FRAUD": ("20", "FRAUD"),
    "NOT_SUBMITTED": ("21", "Not Submitted"),
    "TRANSACTION_NOT_PERMITTED": ("23", "Transaction Not Permitted"),
    "CVC_DECLINED": ("24", "CVC Declined"),
    "RESTRICTED_CARD": ("25", "Restricted Card"),
    "DECLINED_NON_GENERIC": ("27", "Declined Non Generic"),
    "WITHDRAWAL_AMOUNT_EXCEEDED": ("28", "Withdrawal amount exceeded"),
    "WITHDRAWAL_COUNT_EXCEEDED": ("29", "Withdrawal count exceeded"),
    "ISSUER_SUSPECTED_FRAUD": ("31", "Issuer Suspected Fraud"),
    "AVS_DECLINED": ("32", "AVS Declined"),
    "AUTHENTICATION_REQUIRED": ("38", "Authentication required"),
}
RESULTS = {name: Result("Refused", *found) for name, found in _REFUSALS.items()} | {
    "APPROVED": APPROVED,
    "UNKNOWN": Result("Error", "0", "Unknown"),
    "ERROR": Result("Error", "4", "Acquirer Error"),
    "PENDING": Result("Received"),
}
# Modifications that fail after they were processed: "Test failed modifications" of the same page.
FAILING = {"capture failed": "CAPTURE_FAILED", "refund failed": "REFUND_FAILED"}


def result_for(holder: str, asked: str = "") -> Result:
    """The result for a name on the card, or for RequestedTestAcquirerResponseCode."""
    for one in RESULTS.values():
        if asked and one.code == asked:
            return one
    return RESULTS.get(holder.split(":")[0].strip().upper(), APPROVED)
