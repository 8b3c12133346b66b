"""What becomes of points in the books, beside being spent with an order (BAL-04, BAL-05)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from portal.rules.posting import POINTS, AccountKind, EntryKind, Line, of_platform, of_user


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


MILEAGE_TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.MILEAGE_GRANTED: mileage_granted,
    EntryKind.MILEAGE_TAKEN_BACK: mileage_taken_back,
    EntryKind.MILEAGE_MATURED: mileage_matured,
    EntryKind.MILEAGE_EXPIRED: mileage_expired,
}
