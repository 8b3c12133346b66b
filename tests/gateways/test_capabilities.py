"""Capabilities are data: why a method cannot take a payment is answered without calling anyone."""

import pytest

from portal.gateways.base import Capabilities, Flow, Limit, Method, MethodCapability, Unfit
from portal.gateways.hosted.capabilities import CAPABILITIES as PAYLINK
from portal.gateways.stripe.capabilities import CAPABILITIES as STRIPE
from portal.kit.currency import exponent

CARD = Method.CREDIT_CARD


@pytest.mark.parametrize(
    ("method", "currency", "amount", "country", "javascript", "expected"),
    [
        (CARD, "USD", 50, "US", True, None),
        (CARD, "USD", 49, "US", True, Unfit.BELOW_MINIMUM),
        (CARD, "USD", 99_999_999, None, True, None),
        (CARD, "USD", 100_000_000, None, True, Unfit.ABOVE_MAXIMUM),
        (CARD, "XAU", 100, None, True, Unfit.CURRENCY),
        (CARD, "USD", 100, None, False, Unfit.NEEDS_JAVASCRIPT),
        (CARD, "KWD", 1_230, None, True, None),
        (CARD, "KWD", 1_234, None, True, Unfit.UNEVEN),
        (Method.MOBILE_CARRIER, "KRW", 1_000, "KR", True, Unfit.METHOD),
    ],
)
def test_stripe_says_why_not(
    method: Method, currency: str, amount: int, country: str | None, javascript: bool, expected: Unfit | None
) -> None:
    found = STRIPE.why_not(method, currency=currency, amount_minor=amount, country=country, javascript=javascript)
    assert found == expected


def test_a_country_that_is_not_known_is_not_held_against_a_method() -> None:
    assert PAYLINK.why_not(Method.MOBILE_CARRIER, currency="KRW", amount_minor=1_000, country=None) is None
    assert PAYLINK.why_not(Method.MOBILE_CARRIER, currency="KRW", amount_minor=1_000, country="KR") is None
    found = PAYLINK.why_not(Method.MOBILE_CARRIER, currency="KRW", amount_minor=1_000, country="US")
    assert found is Unfit.COUNTRY


def test_a_card_can_be_paid_without_javascript() -> None:
    assert PAYLINK.why_not(CARD, currency="USD", amount_minor=100, javascript=False) is None


@pytest.mark.parametrize("capabilities", [STRIPE, PAYLINK])
def test_every_limit_makes_sense(capabilities: Capabilities) -> None:
    for capability in capabilities.methods:
        assert (capability.flow is Flow.ELEMENT) == capability.needs_javascript
        for currency, limit in capability.limits.items():
            assert exponent(currency) in (0, 2, 3)
            assert 0 < limit.min_minor < limit.max_minor
            assert limit.min_minor % limit.step_minor == 0


def test_the_step_is_counted_from_zero() -> None:
    only = MethodCapability(CARD, Flow.REDIRECT, {"KWD": Limit(10, 100, step_minor=10)})
    capabilities = Capabilities((only,), STRIPE.key_lifetime)
    assert capabilities.why_not(CARD, currency="KWD", amount_minor=100) is None
    assert capabilities.why_not(CARD, currency="KWD", amount_minor=95) is Unfit.UNEVEN
