"""The port of carriers: who follows parcels is asked to tell of one, and can be asked how it stands (ORD-07)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.kit.tracking import TrackedKind

EVENTS_MAX = 500
TEXT_MAX = 200


class TrackerUnavailableError(PortalError):
    """No answer that can be used; it is asked again later. `problem` says why in one word."""

    code = "tracker_unavailable"
    status = 503
    sentence = N_("The carrier gives no answer just now.")

    def __init__(self, problem: str) -> None:
        super().__init__()
        self.problem = problem


@dataclass(frozen=True, slots=True)
class CarrierEvent:
    """What a carrier says: `ref` is its own name for it, `at` its own time."""

    ref: str
    kind: TrackedKind
    at: datetime
    place: str


@dataclass(frozen=True, slots=True)
class TrackingReport:
    """All that is known of the parcel with this number; the events in any order, some perhaps known before."""

    carrier: str
    number: str
    events: tuple[CarrierEvent, ...]
    expected_from: datetime | None = None
    expected_until: datetime | None = None


class Tracker(Protocol):
    """Whoever speaks for the carriers."""

    def follow(self, *, carrier: str, number: str) -> TrackingReport:
        """Ask to be told of a parcel; asking twice is asking once. Raises TrackerUnavailableError."""
        ...

    def ask(self, *, carrier: str, number: str) -> TrackingReport | None:
        """How it stands; None for a parcel that nobody asked it to follow. Raises TrackerUnavailableError."""
        ...

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> TrackingReport:
        """A notice that is proved. Raises WebhookRefusedError."""
        ...
