"""What Stripe takes: cards, with its limits per currency (docs.stripe.com/currencies)."""

from datetime import timedelta

from portal.gateways.capabilities import Capabilities, Flow, Limit, Method, MethodCapability

# Smallest charge per currency, in our minor units. For KRW and the three-decimal currencies Stripe asks for the worth
# of 0.50 US dollars; these are round amounts above it.
_MINIMUM_MINOR = {
    "AED": 200, "AUD": 50, "BGN": 100, "BHD": 200, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250,
    "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "ISK": 100, "JOD": 400, "JPY": 50, "KRW": 1000,
    "KWD": 200, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "OMR": 200, "PLN": 200, "RON": 200, "SEK": 300,
    "SGD": 50, "THB": 1000, "TND": 2000, "TWD": 2000, "UGX": 2000, "USD": 50,
}  # fmt: skip

THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
# Stripe counts these with two decimals although they have none (docs.stripe.com/currencies#special-cases).
TWO_DECIMALS_AT_STRIPE = frozenset({"ISK", "UGX"})
_WHOLE_UNITS_AT_STRIPE = frozenset({"TWD"})  # Two decimals, but the last two must be 00.

_DIGITS_MAX = 99_999_999  # Eight digits is the longest amount.


def _limit(currency: str, minimum_minor: int) -> Limit:
    if currency in TWO_DECIMALS_AT_STRIPE:
        return Limit(minimum_minor, _DIGITS_MAX // 100)
    if currency in THREE_DECIMALS:
        return Limit(minimum_minor, _DIGITS_MAX - 9, step_minor=10)  # The last digit must be 0.
    if currency in _WHOLE_UNITS_AT_STRIPE:
        return Limit(minimum_minor, _DIGITS_MAX - 99, step_minor=100)
    return Limit(minimum_minor, _DIGITS_MAX)


_LIMITS = {currency: _limit(currency, minimum) for currency, minimum in _MINIMUM_MINOR.items()}

CAPABILITIES = Capabilities(
    methods=tuple(
        MethodCapability(
            method=method,
            flow=Flow.ELEMENT,
            limits=_LIMITS,
            needs_javascript=True,
            capture_later=True,
            saves_methods=True,
        )
        for method in (Method.CREDIT_CARD, Method.DEBIT_CARD, Method.INTERNATIONAL_CARD)
    ),
    key_lifetime=timedelta(hours=24),  # docs.stripe.com/api/idempotent_requests
)
