"""What time does to mileage and tiers (BAL-05, BAL-08). Each person's piece commits by itself."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from portal.db import atomically, reading, transaction
from portal.jobs.one_by_one import one_by_one
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.services.loyalty.refresh_tier import refresh_tier, tiers_due
from portal.services.mileage.end_gift import GiftEndedError, end_gift, gifts_overdue
from portal.services.mileage.expire_lots import accounts_to_expire, expire_lots, tell_of_ends
from portal.services.orders.mature_mileage import mature_mileage, parts_to_mature


def mature_due_mileage() -> None:
    """Make points spendable whose parcels can be sent back no more."""
    one_by_one(parts_to_mature, mature_mileage, name="part_id")


def end_mileage() -> None:
    """Tell of lots that end soon, and take those whose time is over."""
    with transaction() as session:
        tell_of_ends(session, now=clock.now())
    one_by_one(accounts_to_expire, expire_lots, name="account_id")


def return_gifts() -> None:
    """Give points back to their senders that nobody has accepted in time."""
    with reading() as session:
        gift_ids = gifts_overdue(session, now=clock.now())
    for gift_id in gift_ids:
        with suppress(GiftEndedError):  # It may be accepted or called back in this very moment.
            atomically(partial(end_gift, gift_id=gift_id, outcome="expired", actor=SYSTEM, now=clock.now()))


def move_tiers() -> None:
    """Decide the tiers of those whose period is over, and of everybody after the tiers were changed."""
    one_by_one(tiers_due, refresh_tier, name="user_id")
