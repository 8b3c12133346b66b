"""The stand-in of a card reader.

A real reader hands the card to the payment provider and gets a token back; no number of a card ever reaches the till.
This one asks which of the provider's test cards is held to it, and does the same.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urljoin

# docs.stripe.com/testing
CARDS: Mapping[str, str] = {
    "visa": "4242424242424242",
    "mastercard": "5555555555554444",
    "empty": "4000000000009995",
}
TOKENS_PATH = "/v1/confirmation_tokens"
TIMEOUT_S = 20


class CardReader:
    """Asks for a card and gives a token for it, or None when nobody wants to pay by card."""

    def __init__(self, ask: Callable[[str], str]) -> None:
        self._ask = ask

    def read(self, fields: Mapping[str, Any]) -> str | None:
        """`fields` are the provider's, as the quote tells them for paying by card. None also if he does not answer."""
        held = self._ask(f"Hold a card to the reader ({', '.join(CARDS)}), or press Enter to go back: ").strip()
        if held not in CARDS:
            return None
        form = {
            "key": fields["publishable_key"],
            "payment_method_data[type]": "card",
            "payment_method_data[card][number]": CARDS[held],
            "payment_method_data[card][exp_month]": "12",
            "payment_method_data[card][exp_year]": "40",
            "payment_method_data[card][cvc]": "123",
        }
        address = urljoin(fields["script_url"], TOKENS_PATH)
        try:
            with urllib.request.urlopen(address, urlencode(form).encode(), timeout=TIMEOUT_S) as answer:  # noqa: S310  # Told by the portal.
                return str(json.load(answer)["id"])
        except (OSError, ValueError):
            return None
