"""Coupons by list and by the clock: given out and taken back, warned of, run out, watched (CPN-10, 11, 14)."""

from __future__ import annotations

import uuid

from portal.db import atomically
from portal.kit import clock
from portal.services.coupons.bulk_grants import work_bulk
from portal.services.coupons.expire_grants import AT_ONCE, expire_grants, warn_of_expiry
from portal.services.coupons.find_abuse import find_abuse, forget_acts
from portal.services.coupons.move_campaign import move_by_time


def run_bulk(bulk_id: str) -> None:
    """Work through a list, a piece to a transaction. A second worker waits for a piece and takes the next."""
    while atomically(lambda s: work_bulk(s, bulk_id=uuid.UUID(bulk_id), now=clock.now())):
        pass


def turn_campaigns() -> None:
    """Open and end campaigns whose instant has come, on all channels at once."""
    atomically(lambda s: move_by_time(s, now=clock.now()))


def tend_coupons() -> None:
    """Let coupons run out, and tell of those that are about to."""
    while atomically(lambda s: expire_grants(s, now=clock.now())) == AT_ONCE:
        pass
    while atomically(lambda s: warn_of_expiry(s, now=clock.now())) == AT_ONCE:
        pass


def watch_coupons() -> None:
    """Look for abuse, and forget what no rule looks at any more."""
    atomically(lambda s: find_abuse(s, now=clock.now()))
    atomically(lambda s: forget_acts(s, now=clock.now()))
