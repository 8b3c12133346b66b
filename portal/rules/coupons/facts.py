"""What the conditions of a coupon may look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from portal.rules.pricing import PricedLine, ShippingFee


@dataclass(frozen=True, slots=True)
class Facts:
    """One cart of one buyer on one channel at one moment. `zone` is the channel's, for hours and weekdays."""

    now: datetime
    currency: str
    channel_id: int
    lines: Sequence[PricedLine]
    shipping: Sequence[ShippingFee] = ()
    zone: tzinfo | None = None
    paid_orders: int = 0
