"""What becomes of points in the books, beside being spent with an order (BAL-04, BAL-05)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from portal.rules.posting import POINTS, AccountKind, AccountRef, EntryKind, Line, of_platform, of_user


def _kept(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.amount_minor)


def mileage_granted(*, user_id: UUID, points: int, owed_points: int) -> tuple[Line, ...]:
    """Points given to a user, spendable at once; `owed_points` of them pay what he owes first (REF-06)."""
    return _kept(
        [
            Line(of_user(AccountKind.MILEAGE, user_id, POINTS), points - owed_points),
            Line(of_user(AccountKind.MILEAGE_OWED, user_id, POINTS), owed_points),
            Line(of_platform(AccountKind.MILEAGE_ISSUED, POINTS), -points),
        ]
    )


def mileage_taken_back(*, user_id: UUID, points: int, owed_points: int) -> tuple[Line, ...]:
    """Earned points taken back after a refund; what was spent already is owed, below zero (REF-06)."""
    return _kept(
        [
            Line(of_user(AccountKind.MILEAGE, user_id, POINTS), owed_points - points),
            Line(of_user(AccountKind.MILEAGE_OWED, user_id, POINTS), -owed_points),
            Line(of_platform(AccountKind.MILEAGE_ISSUED, POINTS), points),
        ]
    )


def mileage_matured(*, user_id: UUID, points: int, owed_points: int) -> tuple[Line, ...]:
    """Points promised with an order can be spent; `owed_points` of them pay what the user owes first (BAL-05)."""
    return _kept(
        [
            Line(of_user(AccountKind.MILEAGE_PENDING, user_id, POINTS), -points),
            Line(of_user(AccountKind.MILEAGE, user_id, POINTS), points - owed_points),
            Line(of_user(AccountKind.MILEAGE_OWED, user_id, POINTS), owed_points),
        ]
    )


def mileage_expired(*, user_id: UUID, points: int) -> tuple[Line, ...]:
    """Points of a lot whose time is over are spent by nobody: breakage (BAL-05)."""
    return _kept(
        [
            Line(of_user(AccountKind.MILEAGE, user_id, POINTS), -points),
            Line(of_platform(AccountKind.MILEAGE_BREAKAGE, POINTS), points),
        ]
    )


def mileage_donated(*, user_id: UUID, cause_id: int, points: int, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """Points go to a cause; the platform owes it what they were worth (BAL-06)."""
    return _kept(
        [
            Line(of_user(AccountKind.MILEAGE, user_id, POINTS), -points),
            Line(of_platform(AccountKind.MILEAGE_ISSUED, POINTS), points),
            Line(of_platform(AccountKind.MILEAGE_EXPENSE, currency), -amount_minor),
            Line(AccountRef(AccountKind.DONATION, f"cause:{cause_id}", currency), amount_minor),
        ]
    )


def mileage_sent(*, user_id: UUID, points: int) -> tuple[Line, ...]:
    """Points leave whoever sends them, and wait for whoever is to accept them (BAL-06)."""
    return _kept(
        [
            Line(of_user(AccountKind.MILEAGE, user_id, POINTS), -points),
            Line(of_platform(AccountKind.MILEAGE_TRANSIT, POINTS), points),
        ]
    )


def mileage_received(*, user_id: UUID, points: int) -> tuple[Line, ...]:
    """Points that were sent have been accepted."""
    return _kept(
        [
            Line(of_platform(AccountKind.MILEAGE_TRANSIT, POINTS), -points),
            Line(of_user(AccountKind.MILEAGE, user_id, POINTS), points),
        ]
    )


def mileage_came_back(*, user_id: UUID, points: int) -> tuple[Line, ...]:
    """Points that nobody accepted are their sender's again."""
    return mileage_received(user_id=user_id, points=points)


MILEAGE_TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.MILEAGE_GRANTED: mileage_granted,
    EntryKind.MILEAGE_TAKEN_BACK: mileage_taken_back,
    EntryKind.MILEAGE_MATURED: mileage_matured,
    EntryKind.MILEAGE_EXPIRED: mileage_expired,
    EntryKind.MILEAGE_DONATED: mileage_donated,
    EntryKind.MILEAGE_SENT: mileage_sent,
    EntryKind.MILEAGE_RECEIVED: mileage_received,
    EntryKind.MILEAGE_CAME_BACK: mileage_came_back,
}
