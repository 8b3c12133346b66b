"""What Adyen takes: cards in many currencies, and the methods of Europe (docs.adyen.com/payment-methods)."""

from datetime import timedelta

from portal.gateways.capabilities import Capabilities, Flow, Limit, Method, MethodCapability

# Smallest payment per currency in minor units: about what half a dollar is worth. Only currencies that Adyen counts
# as ISO 4217 does (docs.adyen.com/development-resources/currency-codes).
_MINIMUM_MINOR = {
    "AED": 200, "AUD": 50, "BHD": 200, "BRL": 200, "CAD": 50, "CHF": 50, "CZK": 1000, "DKK": 300, "EUR": 50, "GBP": 30,
    "HKD": 400, "HUF": 15000, "INR": 4000, "JOD": 400, "JPY": 50, "KRW": 500, "KWD": 200, "MXN": 1000, "MYR": 200,
    "NOK": 500, "NZD": 50, "OMR": 200, "PLN": 200, "RON": 200, "SEK": 500, "SGD": 50, "THB": 1500, "USD": 50,
}  # fmt: skip
_LARGEST_MINOR = 99_999_999
_CARD_LIMITS = {currency: Limit(minimum, _LARGEST_MINOR) for currency, minimum in _MINIMUM_MINOR.items()}
_SEPA = frozenset(
    [
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI"),
        *("LT", "LU", "LV", "MC", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "SM"),
    ]
)
_KLARNA = frozenset(["AT", "BE", "DE", "DK", "ES", "FI", "FR", "GB", "IE", "IT", "NL", "NO", "PL", "PT", "SE", "US"])
_WALLET = ("AUD", "CAD", "CHF", "EUR", "GBP", "HKD", "JPY", "SGD", "USD")
_YEAR = timedelta(days=365)


def _limits(*currencies: str, largest_minor: int = 5_000_000) -> dict[str, Limit]:
    return {currency: Limit(_MINIMUM_MINOR[currency], largest_minor) for currency in currencies}


_CARDS = tuple(
    MethodCapability(
        method=method,
        flow=Flow.ELEMENT,
        limits=_CARD_LIMITS,
        needs_javascript=True,
        capture_later=True,
        saves_methods=True,
    )
    for method in (Method.CREDIT_CARD, Method.DEBIT_CARD, Method.INTERNATIONAL_CARD)
)
CAPABILITIES = Capabilities(
    methods=(
        *_CARDS,
        MethodCapability(
            Method.BANK_TRANSFER, Flow.REDIRECT, _limits("EUR"), countries=frozenset({"NL"}), refund_window=_YEAR
        ),
        MethodCapability(Method.VIRTUAL_ACCOUNT, Flow.NOTICE, _limits("EUR"), countries=_SEPA, refund_window=_YEAR),
        MethodCapability(Method.WALLET, Flow.REDIRECT, _limits(*_WALLET), capture_later=True),
        MethodCapability(
            Method.PAY_LATER,
            Flow.REDIRECT,
            _limits("DKK", "EUR", "GBP", "NOK", "PLN", "SEK", "USD", largest_minor=1_000_000),
            countries=_KLARNA,
            capture_later=True,
        ),
    ),
    key_lifetime=timedelta(days=7),  # docs.adyen.com/development-resources/api-idempotency: at the least.
)
# Adyen's names for what is not a card.
TYPES = {
    Method.BANK_TRANSFER: "ideal",
    Method.VIRTUAL_ACCOUNT: "bankTransfer_IBAN",
    Method.WALLET: "paypal",
    Method.PAY_LATER: "klarna",
}
