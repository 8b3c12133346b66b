"""Stripe's balance transactions where the balance is kept in another currency than the buyer's (REF-07)."""

from __future__ import annotations

from typing import Any

import pytest

from portal.gateways.settlement import MovementKind
from portal.gateways.stripe.settlement import read_movement

pytestmark = pytest.mark.req("REF-07", "BAL-11")


def transaction(amount: int, source: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A balance transaction of an account that is settled in won, with its source expanded."""
    return {
        "id": "txn_1",
        "amount": amount,
        "currency": "krw",
        "fee": 0,
        "created": 1_795_000_000,
        "reporting_category": source["object"],
        "source": source,
        **more,
    }


@pytest.mark.parametrize(
    ("currency", "stripes", "ours"),
    [
        ("usd", 2_700, 2_700),
        ("kwd", 12_340, 12_340),
        ("jpy", 4_133, 4_133),
        ("isk", 90_000, 900),
        ("krw", 35_500, None),
    ],
)
def test_what_the_buyer_saw_is_read_from_the_source(currency: str, stripes: int, ours: int | None) -> None:
    charge = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1", "amount": stripes, "currency": currency}
    found = read_movement(transaction(35_500, charge))
    assert (found.kind, found.currency, found.gross_minor) == (MovementKind.CHARGE, "KRW", 35_500)
    assert (found.charged_currency, found.charged_minor) == (currency.upper() if ours else None, ours)


def test_a_refund_has_the_sign_of_its_gross() -> None:
    refund = {"object": "refund", "id": "re_1", "payment_intent": "pi_1", "amount": 900, "currency": "usd"}
    found = read_movement(transaction(-12_600, refund))
    assert (found.gross_minor, found.charged_currency, found.charged_minor) == (-12_600, "USD", -900)


def test_a_payout_was_charged_to_nobody() -> None:
    payout = {"object": "payout", "id": "po_1", "amount": 35_000, "currency": "krw"}
    found = read_movement(transaction(-35_000, payout))
    assert (found.kind, found.charged_currency) == (MovementKind.PAYOUT, None)
