"""What a refund depends on: an order as it was paid, and what of it has gone back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.rules.ask_back import AskingCoupon
from portal.rules.pricing import PricedLine


@dataclass(frozen=True, slots=True)
class Share:
    """What a line or fee was paid with by one tender, and what of it has gone back.

    `held_minor` was due and did not go back, because a discount of what was kept was asked back (REF-05).
    `less_minor` of what went back was the difference to something cheaper that was taken in exchange.
    `restocking_minor` was due, too, and stays with the store as its restocking fee.
    """

    id: int
    tender_id: UUID
    amount_minor: int
    refunded_minor: int
    held_minor: int = 0
    less_minor: int = 0
    restocking_minor: int = 0

    @property
    def left_minor(self) -> int:
        return self.amount_minor - self.refunded_minor - self.held_minor - self.restocking_minor


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line as it was paid. `platform_minor` is what the platform's coupons gave of it, `promised` its points.

    `priced` is the line as coupons look at it. `tax_less` and `platform_less` went with what was exchanged for
    something cheaper. `tax_added` says that the tax came on top of the price.
    """

    id: UUID
    part_id: UUID
    quantity: int
    units_gone: int
    amount_minor: int
    platform_minor: int
    promised: int
    shares: tuple[Share, ...]
    units_sent: int = 0
    priced: PricedLine | None = None
    tax_minor: int = 0
    tax_added: bool = False
    tax_less: int = 0
    platform_less: int = 0

    @property
    def units_left(self) -> int:
        return self.quantity - self.units_gone


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A seller's part with its shipping fee. Its points are pending until they have matured (BAL-04)."""

    id: UUID
    store_id: int
    status: str
    fee_gone: bool
    platform_fee_minor: int
    fee_shares: tuple[Share, ...]
    mileage_matured: bool = False


@dataclass(frozen=True, slots=True)
class TenderFacts:
    """A tender, and why its own way back is closed, if it is; or only whole amounts go back (`takes_parts` False).

    `is_held`: it was not taken yet, so that nothing has to go back.
    """

    id: UUID
    type: str
    amount_minor: int
    points: int | None
    closed: str | None = None
    takes_parts: bool = True
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class CouponFacts:
    """A redeemed coupon, and what bears its discount: lines, and parts for their fees."""

    use_id: UUID
    names: Mapping[str, str]
    borne_by: frozenset[UUID]
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """All that the plan depends on. `mileage_available` counts for parts whose points are spendable already.

    `asking` are coupons whose discount may be asked back.
    """

    currency: str
    parts: tuple[PartFacts, ...]
    lines: tuple[LineFacts, ...]
    tenders: tuple[TenderFacts, ...]
    coupons: tuple[CouponFacts, ...]
    mileage_available: int = 0
    asking: tuple[AskingCoupon, ...] = ()
