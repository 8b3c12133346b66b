"""What was known of a customer or a terminal at the moment of each event: counts and sums over windows before it.

Everything is as of then: no event sees a later one, and labels are seen only after their delay. Windows are looked up
in one sorted array, so that a million events take seconds. The features are those of Le Borgne et al., *Reproducible
Machine Learning for Credit Card Fraud Detection*, chapter 3, and more of their kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
LOOK_BACK_S = 400 * DAY_S


@dataclass(frozen=True, slots=True)
class Sums:
    """How many events a window holds, and what they add up to; one of each per event."""

    count: Floats
    total: Floats

    @property
    def mean(self) -> Floats:
        """The mean, NaN where the window is empty: a model takes that as not known."""
        return np.divide(self.total, self.count, out=np.full_like(self.total, np.nan), where=self.count > 0)


class Timeline:
    """The events of many owners, each owner's in the order of time. Events of the same moment keep their order."""

    def __init__(self, owner: Ints, at_s: Floats) -> None:
        start = float(at_s.min()) if at_s.size else 0.0
        span = (float(at_s.max()) - start if at_s.size else 0.0) + LOOK_BACK_S
        self._order = np.lexsort((at_s, owner))
        # Owner and time in one number, owners so far apart that no window reaches into the one before.
        self._key = (owner * span + (at_s - start))[self._order]
        self._place = np.arange(self._key.size)

    def window(self, values: Floats, length_s: float) -> Sums:
        """The owner's events of the last `length_s` seconds up to this one, itself included."""
        return self._sums(values, np.searchsorted(self._key, self._key - length_s, side="right"), self._place + 1)

    def before(self, values: Floats, length_s: float) -> Sums:
        """As `window`, without the event itself."""
        return self._sums(values, np.searchsorted(self._key, self._key - length_s, side="right"), self._place)

    def delayed(self, values: Floats, length_s: float, delay_s: float) -> Sums:
        """The window that ended `delay_s` before this event: all that is told only so much later, such as labels."""
        until = np.searchsorted(self._key, self._key - delay_s, side="right")
        since = np.searchsorted(self._key, self._key - delay_s - length_s, side="right")
        # Without a delay the event would see itself and what came at the same moment.
        return self._sums(values, since, np.minimum(until, self._place))

    def since_last(self) -> Floats:
        """Seconds since the owner's event before; NaN for his first."""
        gap = np.full(self._key.size, np.nan)
        if gap.size:
            step = np.diff(self._key)
            gap[1:] = np.where(step < LOOK_BACK_S / 2, step, np.nan)
        return self._back(gap)

    def _sums(self, values: Floats, since: Ints, until: Ints) -> Sums:
        """NaN among the values is not known, and not counted."""
        sorted_values = values[self._order]
        known = ~np.isnan(sorted_values)
        counts = np.concatenate(([0.0], np.cumsum(known)))
        totals = np.concatenate(([0.0], np.cumsum(np.where(known, sorted_values, 0.0))))
        since = np.minimum(since, until)
        return Sums(self._back(counts[until] - counts[since]), self._back(totals[until] - totals[since]))

    def _back(self, sorted_values: Floats) -> Floats:
        """In the order in which the events were given."""
        given = np.empty_like(sorted_values)
        given[self._order] = sorted_values
        return given
