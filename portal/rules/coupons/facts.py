"""What the conditions of a coupon may look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from portal.rules.pricing import PricedLine, ShippingFee


@dataclass(frozen=True, slots=True)
class Facts:
    """One cart of one buyer on one channel at one moment. `zone` is the channel's, for hours and weekdays.

    `country` is where it is sent, `method` the way of paying; None is not chosen yet. `tier` is the loyalty tier,
    `segments` are those of segments.py, `groups` those of groups_of().
    """

    now: datetime
    currency: str
    channel_id: int
    lines: Sequence[PricedLine]
    shipping: Sequence[ShippingFee] = ()
    zone: tzinfo | None = None
    paid_orders: int = 0
    user_id: UUID | None = None
    country: str | None = None
    method: str | None = None
    tier: str | None = None
    segments: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
