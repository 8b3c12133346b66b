"""What is to be paid when goods are exchanged for something dearer: the difference of prices and its tax (ORD-005).

A discount of the order was given on what was bought; on what comes in its stead no more is given, and none is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from portal.kit.money import round_half_up
from portal.rules.lower_price import Swap

# How long what is wanted is kept for whoever has to pay the difference; then what came back is refunded.
PAY_WITHIN: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class More:
    """What one unit costs more: all that is to be paid, and the tax in it that comes on top of prices."""

    amount_minor: int
    tax_minor: int


def tax_in(more_minor: int, *, added_minor: int, tax_rate: Decimal, tax_inclusive: bool) -> int:
    """The tax in what one unit costs more: what came on top of the price, or what the price holds."""
    if not tax_inclusive:
        return added_minor
    return more_minor - round_half_up(Fraction(more_minor) / (1 + Fraction(tax_rate)))


def more_of(swap: Swap, *, tax_rate: Decimal, tax_inclusive: bool) -> More:
    """What one unit of a swap costs more, at the rate of tax that the order bore; nothing for what costs the same."""
    difference = max(0, swap.is_minor - swap.was_minor)
    tax = 0 if tax_inclusive else round_half_up(Fraction(difference) * Fraction(tax_rate))
    return More(difference + tax, tax)
