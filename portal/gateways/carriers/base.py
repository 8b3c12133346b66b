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


class LabelRefusedError(PortalError):
    """The carrier will not: asked again it would say the same. `problem` is its own word for why."""

    code = "label_refused"
    sentence = N_("The carrier refused the label.")

    def __init__(self, problem: str) -> None:
        super().__init__()
        self.problem = problem


class LabelUnknownError(PortalError):
    """It may have been bought, or may not: it is looked up by its key before anything else."""

    code = "label_unknown"
    status = 503
    sentence = N_("The carrier has not answered. It is asked again; nothing is bought twice.")


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """A label to be bought. The same key again buys nothing more; addresses are fields by name."""

    key: str
    carrier: str
    receiver: Mapping[str, str]
    sender: str
    pieces: int


@dataclass(frozen=True, slots=True)
class BoughtLabel:
    """A label as its carrier keeps it: `ref` is its own name for it."""

    ref: str
    carrier: str
    number: str
    is_void: bool


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

    def buy_label(self, request: LabelRequest) -> BoughtLabel:
        """Buy a label. Raises TrackerUnavailableError when none was bought, LabelUnknownError, LabelRefusedError."""
        ...

    def find_label(self, key: str) -> BoughtLabel | None:
        """The label that was bought under this key, if any. Raises TrackerUnavailableError."""
        ...

    def void_label(self, key: str) -> None:
        """Take a label back; again changes nothing. Raises LabelRefusedError once it was handed over,
        TrackerUnavailableError.
        """
        ...

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> TrackingReport:
        """A notice that is proved. Raises WebhookRefusedError."""
        ...
