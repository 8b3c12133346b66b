"""Amounts between our minor units and Stripe's, which differ for a few currencies. Exact or refused."""

from portal.gateways.errors import GatewayRefusedError
from portal.gateways.stripe.capabilities import TWO_DECIMALS_AT_STRIPE

_HUNDRED = 100


def to_stripe(amount_minor: int, currency: str) -> int:
    """Our minor units as the number that Stripe expects."""
    return amount_minor * _HUNDRED if currency in TWO_DECIMALS_AT_STRIPE else amount_minor


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's number as our minor units. `currency` in any case.

    Raises GatewayRefusedError for an amount that has no whole minor units with us.
    """
    if currency.upper() not in TWO_DECIMALS_AT_STRIPE:
        return amount
    if amount % _HUNDRED:
        raise GatewayRefusedError("stripe", "uneven_amount", currency)
    return amount // _HUNDRED
