"""Why Adyen refuses, in our words (docs.adyen.com/development-resources/refusal-reasons).

Answers name the reason by number, notifications by its words.
"""

from collections.abc import Mapping

from portal.gateways.outcomes import DeclineReason

_KNOWN: tuple[tuple[str, str, DeclineReason], ...] = (
    ("2", "Refused", DeclineReason.DECLINED),
    ("3", "Referral", DeclineReason.DECLINED),
    ("4", "Acquirer Error", DeclineReason.PROCESSING_ERROR),
    ("5", "Blocked Card", DeclineReason.LOST_CARD),
    ("6", "Expired Card", DeclineReason.EXPIRED_CARD),
    ("7", "Invalid Amount", DeclineReason.NOT_SUPPORTED),
    ("8", "Invalid Card Number", DeclineReason.INCORRECT_NUMBER),
    ("9", "Issuer Unavailable", DeclineReason.ISSUER_UNAVAILABLE),
    ("10", "Not supported", DeclineReason.CURRENCY_NOT_SUPPORTED),
    ("11", "3D Not Authenticated", DeclineReason.AUTHENTICATION_FAILED),
    ("12", "Not enough balance", DeclineReason.INSUFFICIENT_FUNDS),
    ("14", "Acquirer Fraud", DeclineReason.SUSPECTED_FRAUD),
    ("15", "Cancelled", DeclineReason.CANCELLED_BY_BUYER),
    ("16", "Shopper Cancelled", DeclineReason.CANCELLED_BY_BUYER),
    ("17", "Invalid Pin", DeclineReason.INCORRECT_DETAILS),
    ("18", "Pin tries exceeded", DeclineReason.TOO_MANY_TRIES),
    ("19", "Pin validation not possible", DeclineReason.PROCESSING_ERROR),
    ("20", "FRAUD", DeclineReason.SUSPECTED_FRAUD),
    ("21", "Not Submitted", DeclineReason.PROCESSING_ERROR),
    ("22", "FRAUD-CANCELLED", DeclineReason.SUSPECTED_FRAUD),
    ("23", "Transaction Not Permitted", DeclineReason.NOT_SUPPORTED),
    ("24", "CVC Declined", DeclineReason.INCORRECT_CVC),
    ("25", "Restricted Card", DeclineReason.STOLEN_CARD),
    ("26", "Revocation Of Auth", DeclineReason.NOT_SUPPORTED),
    ("27", "Declined Non Generic", DeclineReason.DECLINED),
    ("28", "Withdrawal amount exceeded", DeclineReason.LIMIT_EXCEEDED),
    ("29", "Withdrawal count exceeded", DeclineReason.TOO_MANY_TRIES),
    ("31", "Issuer Suspected Fraud", DeclineReason.SUSPECTED_FRAUD),
    ("32", "AVS Declined", DeclineReason.INCORRECT_DETAILS),
    ("33", "Card requires online pin", DeclineReason.AUTHENTICATION_REQUIRED),
    ("34", "No checking account available on Card", DeclineReason.NOT_SUPPORTED),
    ("35", "No savings account available on Card", DeclineReason.NOT_SUPPORTED),
    ("36", "Mobile pin required", DeclineReason.AUTHENTICATION_REQUIRED),
    ("38", "Authentication required", DeclineReason.AUTHENTICATION_REQUIRED),
    ("39", "RReq not received from DS", DeclineReason.AUTHENTICATION_FAILED),
    ("42", "3DS Authentication Error", DeclineReason.AUTHENTICATION_FAILED),
    ("46", "Transaction blocked by Adyen to prevent excessive retry fees", DeclineReason.TOO_MANY_TRIES),
)
BY_CODE: Mapping[str, DeclineReason] = {code: reason for code, _, reason in _KNOWN}
_CODE_OF: Mapping[str, str] = {words.casefold(): code for code, words, _ in _KNOWN}

# What is wrong with the buyer's details is a refusal too, though Adyen answers it as a wrong request.
BY_ERROR: Mapping[str, DeclineReason] = {
    "101": DeclineReason.INCORRECT_NUMBER,
    "102": DeclineReason.INCORRECT_NUMBER,
    "103": DeclineReason.INCORRECT_CVC,
    "129": DeclineReason.INCORRECT_DETAILS,
    "140": DeclineReason.INCORRECT_DETAILS,
    "141": DeclineReason.INCORRECT_DETAILS,
    "153": DeclineReason.INCORRECT_CVC,
    "172": DeclineReason.SOURCE_UNUSABLE,
    "174": DeclineReason.SOURCE_UNUSABLE,
    "175": DeclineReason.SOURCE_UNUSABLE,
    "180": DeclineReason.SOURCE_UNUSABLE,
    "800": DeclineReason.SOURCE_UNUSABLE,
    "14_006": DeclineReason.SESSION_EXPIRED,
}


def code_of(words: str) -> str:
    """The number of a reason that a notification names; the words themselves for one without."""
    return _CODE_OF.get(words.casefold(), words or "2")


def reason_of(code: str) -> DeclineReason:
    """The reason by its number; one that we do not know is a plain decline."""
    return BY_CODE.get(code, DeclineReason.DECLINED)
