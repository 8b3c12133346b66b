"""Events that are drawn by lot to be measured on, where a set is not split by time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from portal.learning.features import Events
from portal.learning.windows import Floats

Flags = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The events whose lot, from 0 to 1, is below the line of their label.

    The lot hangs on what an event says, so the same events are drawn again when files are added, and a line that stands
    twice in a set is never both learned from and measured on.
    """

    seed: int
    others_below: float
    frauds_below: float

    def of(self, events: Events) -> Flags:
        """Which events are drawn. Those without a label never are."""
        below = np.where(events.label == 1, self.frauds_below, self.others_below)
        return np.asarray((lots(events, self.seed) < below) & ~np.isnan(events.label))

    def hidden(self, events: Events) -> Events:
        """The events with the labels of the drawn ones hidden: nothing that learns may see them."""
        return replace(events, label=np.where(self.of(events), np.nan, events.label))

    def to_json(self) -> dict[str, float]:
        """Plain values, for the database."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, float] | None) -> HeldOut | None:
        """Read it back; models that learned by time have none."""
        if kept is None:
            return None
        return cls(int(kept["seed"]), kept["others_below"], kept["frauds_below"])


def draw(events: Events, *, share: float, seed: int, stratified: bool) -> HeldOut:
    """Draw a share of the events; `stratified` draws the same share of the frauds and of the others."""
    if not stratified:
        return HeldOut(seed, share, share)
    lot = lots(events, seed)
    others, frauds = (lot[events.label == one] for one in (0, 1))
    return HeldOut(seed, *(float(np.quantile(some, share)) if some.size else share for some in (others, frauds)))


def lots(events: Events, seed: int) -> Floats:
    """A number from 0 to 1 for each event."""
    mixed = np.full(len(events), seed, dtype=np.uint64)
    for values in (events.at_s, events.amount, *events.numbers.values()):
        mixed = _mix(mixed ^ np.nan_to_num(values.astype(np.float64)).view(np.uint64))
    return np.asarray((mixed >> np.uint64(11)) / 2.0**53)


def _mix(bits: Bits) -> Bits:
    """Steele et al., *Fast splittable pseudorandom number generators*, 2014: every bit moves every other."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
