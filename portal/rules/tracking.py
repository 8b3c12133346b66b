"""What becomes of a parcel, folded from its carrier's events in whatever order they come in (ORD-07)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.kit.tracking import TrackedKind

# What somebody has to look at.
TROUBLE: Final = frozenset({TrackedKind.DELAYED, TrackedKind.DAMAGED, TrackedKind.LOST})
# At the same moment the one that is further on counts.
_RANK: Final = {kind: rank for rank, kind in enumerate(TrackedKind)}


@dataclass(frozen=True, slots=True)
class Tracked:
    """One event of a carrier: what, when by its clock."""

    kind: TrackedKind
    at: datetime


def state_of(events: Iterable[Tracked]) -> TrackedKind:
    """The state after these events, whatever their order: what has arrived stays so, else the latest counts."""
    known = [event for event in events if event.kind is not TrackedKind.SENT]
    if any(event.kind is TrackedKind.DELIVERED for event in known):
        return TrackedKind.DELIVERED
    latest = max(known, key=lambda event: (event.at, _RANK[event.kind]), default=None)
    return latest.kind if latest else TrackedKind.SENT


def delivered_at(events: Iterable[Tracked]) -> datetime | None:
    """When it arrived: the first time that anybody said so."""
    return min((event.at for event in events if event.kind is TrackedKind.DELIVERED), default=None)
