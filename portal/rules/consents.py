"""The texts that a buyer agrees to with a purchase, each with its version (IDN-08).

A changed text gets a new version. What was agreed to is kept with the order; nothing is ever ticked beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.kit.text import N_


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One text: its label beside the box, its paragraphs, and what is said when a required one is not accepted."""

    kind: str
    version: str
    label: str
    paragraphs: tuple[str, ...]
    missing: str
    required: bool = True


CHECKOUT_CONSENTS = (
    ConsentText(
        kind="terms",
        version="2026-11",
        label=N_("I accept the terms of purchase"),
        paragraphs=(
            N_("You buy each product from the store named beside it. We take the payment for the stores."),
            N_("The amounts on this page are final. They hold every fee that cannot be avoided."),
            N_("You can cancel before the parcel is sent, and return most goods within 7 days of their arrival."),
        ),
        missing=N_("Accept the terms of purchase to order."),
    ),
    ConsentText(
        kind="seller_data",
        version="2026-11",
        label=N_("My delivery details are given to the stores"),
        paragraphs=(
            N_("Each store gets the recipient's name, phone number and address, and what was bought from it."),
            N_("It may use them for delivery, returns and questions about this order, and for nothing else."),
            N_("The stores keep them as long as the law on sales asks for, five years at most."),
        ),
        missing=N_("The stores cannot deliver without the address. Accept that it is given to them."),
    ),
    ConsentText(
        kind="payment_agency",
        version="2026-11",
        label=N_("The payment is made through a payment agency"),
        paragraphs=(
            N_("The agency of the way of paying that you choose gets the amount, the order number and your e-mail."),
            N_("Card and account numbers go from your browser to the agency; we never see them."),
        ),
        missing=N_("The payment cannot be made without the agency. Accept that it is used."),
    ),
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted, {kind: version}, and the sentences about what is missing or has changed since, by kind."""

    versions: Mapping[str, str]
    faults: Mapping[str, str]


STALE = N_("This text has changed. Read it again before you accept it.")


def read_consents(ticked: Mapping[str, str]) -> Accepted:
    """Judge the ticked boxes, {kind: version that was shown}. A required text counts only in its present version."""
    versions: dict[str, str] = {}
    faults: dict[str, str] = {}
    for text in CHECKOUT_CONSENTS:
        shown = ticked.get(text.kind)
        if shown == text.version:
            versions[text.kind] = text.version
        elif shown is not None:
            faults[text.kind] = STALE
        elif text.required:
            faults[text.kind] = text.missing
    return Accepted(versions, faults)
