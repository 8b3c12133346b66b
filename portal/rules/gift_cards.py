"""Gift cards: what they may be worth, how long they are good, and codes that a typing error does not turn into another
(BAL-09).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from portal.kit.errors import Rejection
from portal.kit.ids import ALPHABET
from portal.kit.money import Money
from portal.kit.text import N_

# Korea: a gift certificate is good for five years (commercial limitation); the United States: at least as long.
VALID_AT_LEAST: Final = timedelta(days=5 * 365 + 2)
CODE_LENGTH: Final = 16
_BASE = len(ALPHABET)


@dataclass(frozen=True, slots=True)
class GiftTerms:
    """Bounds in minor units of a currency, both inclusive, amounts to choose from, and how long a card is good."""

    minimum_minor: int
    maximum_minor: int
    suggested: tuple[int, ...]
    valid_for: timedelta = VALID_AT_LEAST


TERMS: Final[Mapping[str, GiftTerms]] = {
    "KRW": GiftTerms(5_000, 500_000, (10_000, 30_000, 50_000, 100_000)),
    "USD": GiftTerms(500, 50_000, (1_000, 2_500, 5_000, 10_000)),
    "EUR": GiftTerms(500, 50_000, (1_000, 2_500, 5_000, 10_000)),
    "JPY": GiftTerms(500, 50_000, (1_000, 3_000, 5_000, 10_000)),
}


def terms_of(currency: str, policy: Mapping[str, Any]) -> GiftTerms | None:
    """The terms of a channel; it may let cards live longer (`gift_card.valid_days`), never shorter. None sells none."""
    usual, own = TERMS.get(currency), policy.get("gift_card", {})
    if usual is None or own.get("closed"):
        return None
    valid_for = max(VALID_AT_LEAST, timedelta(days=int(own.get("valid_days", 0))))
    return GiftTerms(usual.minimum_minor, usual.maximum_minor, usual.suggested, valid_for)


def refusal_of(amount_minor: int, currency: str, terms: GiftTerms | None) -> Rejection | None:
    """Why a card of this worth is not sold, if so."""
    if terms is None:
        return Rejection("GIFT_CARD_CLOSED", N_("This shop sells no gift cards."))
    if not terms.minimum_minor <= amount_minor <= terms.maximum_minor:
        bounds = {
            "minimum": Money(terms.minimum_minor, currency),
            "maximum": Money(terms.maximum_minor, currency),
        }
        return Rejection("GIFT_CARD_AMOUNT", N_("A gift card is worth %(minimum)s to %(maximum)s."), bounds)
    return None


def check_letter(body: str) -> str:
    """The last letter of a code (Luhn over our alphabet): every single wrong letter and most swaps are noticed."""
    total, factor = 0, 2
    for letter in reversed(body):
        product = factor * ALPHABET.index(letter)
        total += product // _BASE + product % _BASE
        factor = 3 - factor
    return ALPHABET[-total % _BASE]


def is_well_formed(code: str) -> bool:
    """Whether a code in normal form can be one of ours at all."""
    if len(code) != CODE_LENGTH or any(letter not in ALPHABET for letter in code):
        return False
    return check_letter(code[:-1]) == code[-1]


def written(code: str) -> str:
    """A code as people read it: groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
