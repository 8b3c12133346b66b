"""What the measured results of an experiment suggest to do next; nothing is done without somebody's consent (INC-05).

Only what is surely so suggests anything: an end of the range in which the return lies in 95 of 100 such cases, never
the figure itself, and never with few people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from portal.rules.automations import PEOPLE_MAX

# Below these the ends of a range are no more than a guess: what few people pay is skewed.
GROUP_MIN: Final = 100
# A budget that is not used up is no hindrance: raising it would change nothing.
USED_UP_FROM_BP: Final = 8_000
# What was dismissed is said again only with so much more behind it.
NEWS_FROM_BP: Final = 15_000
REASON_LENGTH_MAX: Final = 500


class Kind(StrEnum):
    """What may be done."""

    RAISE = "raise"
    LOWER = "lower"
    STOP = "stop"
    NARROW = "narrow"


class Silence(StrEnum):
    """Why nothing is suggested."""

    UNPLANNED = "unplanned"
    UNPRICED = "unpriced"
    OVER = "over"
    FEW = "few"
    ENOUGH = "enough"
    UNSURE = "unsure"
    DECIDED = "decided"


class Range(NamedTuple):
    """A figure, and the ends between which it lies in 95 of 100 such cases."""

    value: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured of people with and without the offer: what they brought more after its cost, what it cost (both
    in minor units of the platform's currency), and the first per unit of the second in basis points (ROII).
    """

    people: int
    control: int
    gain: Range
    cost: int
    roii: Range

    @property
    def is_enough(self) -> bool:
        return min(self.people, self.control) >= GROUP_MIN


@dataclass(frozen=True, slots=True)
class Measured:
    """An experiment: how far it is, all of its evidence, and that within and outside of each segment."""

    state: str
    made: int
    people_max: int
    whole: Evidence
    segments: Mapping[str, tuple[Evidence, Evidence]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to do, with the new budget where it changes, and on what it stands: within and outside, or the whole."""

    kind: Kind
    evidence: tuple[Evidence, ...]
    people_max: int | None = None
    segment: str | None = None


def suggest(measured: Measured, *, bound_bp: int) -> Suggestion | None:
    """The one thing that is surely better than to go on; None where nothing is, or too little is known.

    `bound_bp` is the return below which the house wants nothing; above nothing lost, more is wanted only of what gains.
    """
    if not measured.whole.is_enough:
        return None
    least, most = min(0, bound_bp), max(0, bound_bp)
    narrowed = _narrowed(measured, most)
    if narrowed is not None:
        return narrowed
    whole, is_over = measured.whole, measured.state == "ended"
    if whole.roii.low > most:
        wanted = min(measured.people_max * 3 // 2, PEOPLE_MAX)
        is_used_up = measured.made * 10_000 >= measured.people_max * USED_UP_FROM_BP
        if wanted > measured.people_max and (is_over or is_used_up):
            return Suggestion(Kind.RAISE, (whole,), wanted)
    elif whole.roii.high < least and not is_over:
        return Suggestion(Kind.STOP, (whole,))
    elif whole.roii.high < most and not is_over:
        wanted = max(measured.people_max // 2, measured.made, 1)
        return Suggestion(Kind.LOWER, (whole,), wanted) if wanted < measured.people_max else None
    return None


def why_silent(
    *, state: str, is_as_planned: bool, is_priced: bool, people: int, control: int, roii: Range | None, bound_bp: int
) -> Silence:
    """Why the results of an experiment for which nothing stands suggest nothing; what can be changed comes first."""
    if not is_as_planned:
        return Silence.UNPLANNED
    if not is_priced:
        return Silence.UNPRICED
    if roii is None or min(people, control) < GROUP_MIN:
        return Silence.OVER if state == "ended" else Silence.FEW
    if roii.low > max(0, bound_bp):
        return Silence.DECIDED if state == "ended" else Silence.ENOUGH
    if state == "ended":
        return Silence.OVER
    return Silence.DECIDED if roii.high < max(0, bound_bp) else Silence.UNSURE


def _narrowed(measured: Measured, bound_bp: int) -> Suggestion | None:
    """The segment that gains most where it surely gains and all others surely lose: of many, both by luck is rare."""
    fit = [
        (inside.gain.value, key, inside, outside)
        for key, (inside, outside) in measured.segments.items()
        if inside.is_enough and outside.is_enough and inside.roii.low > bound_bp and outside.roii.high < 0
    ]
    if not fit:
        return None
    _gain, key, inside, outside = max(fit, key=lambda one: (one[0], one[1]))
    return Suggestion(Kind.NARROW, (inside, outside), segment=key)


def is_news(people: int, decided_people: int | None) -> bool:
    """Whether what somebody has decided about once may be said again: when far more people stand behind it."""
    return decided_people is None or people * 10_000 >= decided_people * NEWS_FROM_BP


def as_json(evidence: Evidence) -> dict[str, Any]:
    """Evidence as it is kept, so that it is known on what somebody decided."""
    return {
        "people": evidence.people,
        "control": evidence.control,
        "gain": list(evidence.gain),
        "cost": evidence.cost,
        "roii": list(evidence.roii),
    }


def from_json(kept: Mapping[str, Any]) -> Evidence:
    """The same, read again."""
    return Evidence(kept["people"], kept["control"], Range(*kept["gain"]), kept["cost"], Range(*kept["roii"]))
