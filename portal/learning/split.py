"""Which events are learned from and which are measured on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from portal.learning import fraud
from portal.learning.features import Events
from portal.learning.held import HeldOut, draw
from portal.learning.windows import DAY_S

TIME, RANDOM, STRATIFIED = "time", "random", "stratified"
SPLITS = (TIME, RANDOM, STRATIFIED)
HELD_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants of a split; None is left to the events. Moments are seconds since 1970.

    `until_s` is when the model is made: it learns from labels that were known then. Of `train_days` before the delay
    it learns, on `test_days` after it is measured, as in the handbook's protocol. `held_share` is that of the events
    that are drawn, where the split is not by time.
    """

    kind: str = TIME
    until_s: float | None = None
    since_s: float | None = None
    measured_until_s: float | None = None
    train_days: float | None = None
    delay_days: float | None = None
    test_days: float | None = None
    held_share: float = HELD_SHARE
    seed: int = fraud.SEED


@dataclass(frozen=True, slots=True)
class Split:
    """A split of certain events. Measured is from `until_s` on; where events are drawn, on these, from the first on."""

    kind: str
    since_s: float | None
    until_s: float
    measured_until_s: float
    delay_s: float
    held: HeldOut | None = None


def split(events: Events, asked: Asked) -> Split:
    """Fill in what was not said: the newest fifth is measured on, labels take a week."""
    end_s = float(events.at_s[-1]) + 1
    delay_s = fraud.default_delay_s(events) if asked.delay_days is None else asked.delay_days * DAY_S
    if asked.kind != TIME:
        held = draw(events, share=asked.held_share, seed=asked.seed, stratified=asked.kind == STRATIFIED)
        return Split(asked.kind, asked.since_s, end_s, end_s, delay_s, held)
    since_s, until_s, measured_until_s = asked.since_s, asked.until_s, asked.measured_until_s
    if until_s is None and since_s is not None and asked.train_days is not None:
        until_s = since_s + asked.train_days * DAY_S + delay_s
    if until_s is None and asked.test_days is not None:
        # The last day is a whole one.
        until_s = (measured_until_s or math.ceil(end_s / DAY_S) * DAY_S) - asked.test_days * DAY_S
    if until_s is None:
        until_s = fraud.default_until(events)
    if since_s is None and asked.train_days is not None:
        since_s = until_s - delay_s - asked.train_days * DAY_S
    if measured_until_s is None:
        measured_until_s = end_s if asked.test_days is None else until_s + asked.test_days * DAY_S
    return Split(asked.kind, since_s, until_s, measured_until_s, delay_s)
