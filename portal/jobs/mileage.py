"""What time does to mileage and tiers (BAL-05, BAL-08). Each person's piece commits by itself."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from portal.db import atomically, reading, transaction
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.services.loyalty.refresh_tier import refresh_tier, tiers_due
from portal.services.mileage.end_gift import GiftEndedError, end_gift, gifts_overdue
from portal.services.mileage.expire_lots import accounts_to_expire, expire_lots, tell_of_ends
from portal.services.orders.mature_mileage import mature_mileage, parts_to_mature


def mature_due_mileage() -> None:
    """Make points spendable whose parcels can be sent back no more."""
    with reading() as session:
        part_ids = parts_to_mature(session, now=clock.now())
    for part_id in part_ids:
        atomically(lambda s, part_id=part_id: mature_mileage(s, part_id=part_id, now=clock.now()))  # type: ignore[misc]  # mypy does not infer a lambda's default.


def end_mileage() -> None:
    """Tell of lots that end soon, and take those whose time is over."""
    with transaction() as session:
        tell_of_ends(session, now=clock.now())
    with reading() as session:
        account_ids = accounts_to_expire(session, now=clock.now())
    for account_id in account_ids:
        atomically(lambda s, account_id=account_id: expire_lots(s, account_id=account_id, now=clock.now()))  # type: ignore[misc]  # mypy does not infer a lambda's default.


def return_gifts() -> None:
    """Give points back to their senders that nobody has accepted in time."""
    with reading() as session:
        gift_ids = gifts_overdue(session, now=clock.now())
    for gift_id in gift_ids:
        with suppress(GiftEndedError):  # It may be accepted or called back in this very moment.
            atomically(partial(end_gift, gift_id=gift_id, outcome="expired", actor=SYSTEM, now=clock.now()))


def move_tiers() -> None:
    """Decide the tiers of those whose period is over, and of everybody after the tiers were changed."""
    with reading() as session:
        user_ids = tiers_due(session, now=clock.now())
    for user_id in user_ids:
        atomically(lambda s, user_id=user_id: refresh_tier(s, user_id=user_id, now=clock.now()))  # type: ignore[misc]  # mypy does not infer a lambda's default.
