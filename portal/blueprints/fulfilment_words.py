"""Words for the codes of a parcel's way: holds, carriers, and what they say."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_

HOLDS: Mapping[str, str] = {
    "high_risk": N_("Held by a risk rule"),
    "account_frozen": N_("The buyer's account is frozen"),
    "account_taken_over": N_("The account may be in other hands"),
    "identity_unclear": N_("It is unclear who buys"),
    "dispute_expected": N_("The bank may take the payment back"),
    "payment_lost": N_("The payment has lapsed"),
    "amount_unclear": N_("The amount is unclear"),
    "address_unclear": N_("The address is unclear"),
    "out_of_stock": N_("Out of stock"),
    "asked_buyer": N_("A question to the buyer is open"),
    "complaint": N_("There is a complaint"),
    "legal": N_("A legal question is open"),
    "other": N_("Another reason"),
}

FULFILMENT: Mapping[str, Mapping[str, str]] = {
    "hold": HOLDS,
    "step": {
        "accept": N_("Confirm it"),
        "ship": N_("Send it"),
        "deliver": N_("Deliver it"),
    },
    "hold_kind": {
        "fraud": N_("Risk"),
        "payment": N_("Payment"),
        "seller": N_("Store"),
        "admin": N_("Mall"),
    },
}
