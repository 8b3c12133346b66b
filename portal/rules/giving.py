"""Bounds of giving points away: what one may send or donate, and how much in a day (BAL-06)."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.split import MileageTerms

SMALLEST = 100
LARGEST = 50_000
GIFTS_PER_DAY = 5
POINTS_PER_DAY = 100_000
# Nobody should have to wait longer to know whether his points were wanted.
WAITS_FOR = timedelta(days=7)
MESSAGE_LENGTH_MAX = 200


def refusal_of(points: int, *, available: int, terms: MileageTerms) -> Rejection | None:
    """Why these points cannot be given, if so. Gifts and donations alike."""
    if points < SMALLEST:
        return Rejection("GIVING_BELOW_MINIMUM", N_("Give at least %(minimum)s points."), {"minimum": SMALLEST})
    if points > LARGEST:
        return Rejection("GIVING_ABOVE_MAXIMUM", N_("At most %(maximum)s points at once."), {"maximum": LARGEST})
    if points % terms.step:
        return Rejection("MILEAGE_NOT_A_STEP", N_("Mileage is used in steps of %(step)s points."), {"step": terms.step})
    if points > available:
        return Rejection(
            "MILEAGE_ABOVE_BALANCE",
            N_("You have %(balance)s points. Choose that or less."),
            {"balance": max(0, available)},
        )
    return None


def refusal_of_day(points: int, *, gifts_today: int, points_today: int) -> Rejection | None:
    """Why no more can be sent within a day, if so."""
    if gifts_today >= GIFTS_PER_DAY:
        return Rejection("GIFTS_PER_DAY", N_("At most %(maximum)s gifts in a day."), {"maximum": GIFTS_PER_DAY})
    if points_today + points > POINTS_PER_DAY:
        return Rejection(
            "GIFT_POINTS_PER_DAY",
            N_("At most %(maximum)s points can be sent in a day: %(left)s are left."),
            {"maximum": POINTS_PER_DAY, "left": max(0, POINTS_PER_DAY - points_today)},
        )
    return None


def waits_until(first_end: datetime, *, now: datetime) -> datetime:
    """Until when a gift can be accepted: never beyond the end of its first lot, so that nothing ends on its way."""
    return min(now + WAITS_FOR, first_end)
