"""Who pays for a discount: the platform, the seller whose goods it is taken off, or both as agreed (CPN-15)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from portal.kit.money import round_half_up


class Funder(StrEnum):
    SELLER = "seller"
    PLATFORM = "platform"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Funding:
    """`seller_shares`: the percentage of what is taken off its goods that each store agreed to bear.

    What nobody agreed to bear is the platform's.
    """

    by: Funder = Funder.PLATFORM
    seller_shares: Mapping[int, Decimal] = field(default_factory=dict)

    def platform_minor(self, amount_minor: int, store_id: int) -> int:
        """What the platform gives of a discount on goods (or the shipping fee) of this store; the rest is the store's.

        Each share of a discount is split by itself, the store's part rounded half up: so the two always add up.
        """
        if self.by is Funder.SELLER:
            return 0
        return amount_minor - round_half_up(amount_minor * self.seller_shares.get(store_id, Decimal(0)) / 100)


def read_funding(by: str, seller_shares: Mapping[str, str]) -> Funding:
    """Make the funding of what a campaign keeps: percentages as text by the store's id as text."""
    return Funding(Funder(by), {int(store_id): Decimal(percent) for store_id, percent in seller_shares.items()})
