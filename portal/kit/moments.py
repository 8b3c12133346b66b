"""Moments as people type them: a day and a minute in a zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def read_moment(typed: str, zone: ZoneInfo) -> datetime | None:
    """A moment of this zone as it was typed, in UTC; None for what is none."""
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        return None
    # Where zones are added, the ends of the calendar are no moments.
    if not 2000 <= found.year < 9000 or found.tzinfo is not None:
        return None
    return found.replace(tzinfo=zone).astimezone(UTC)


def typed_moment(at: datetime | None, zone: ZoneInfo) -> str:
    """As a field of day and time wants it."""
    return "" if at is None else at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
