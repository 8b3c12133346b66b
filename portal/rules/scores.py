"""What a score of a customer says in words, and why: from the facts that it was computed of (INC-01)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from portal.kit.text import N_

# Absent for so many times his usual pause, a customer is called late.
LATE_TIMES = 2
# A chance, in basis points, from which on a risk is called so.
HIGH_BP, MIDDLE_BP = 7_000, 4_000


class Level(StrEnum):
    """How high a risk is."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence with what it names; numbers are whole, and shown as such."""

    sentence: str
    params: dict[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a customer did until `today`: days with purchases, the first and the last one."""

    purchases: int
    first_on: date
    last_on: date
    today: date

    @property
    def since_days(self) -> int:
        return max(0, (self.today - self.last_on).days)

    @property
    def pause_days(self) -> int | None:
        """Days between two purchases, as a rule; None after a single one."""
        if self.purchases < 2:
            return None
        pauses = self.purchases - 1
        return max(1, (2 * (self.last_on - self.first_on).days + pauses) // (2 * pauses))


def churn_level(churn_bp: int) -> Level:
    """What a chance of buying nothing any more is called."""
    if churn_bp >= HIGH_BP:
        return Level.HIGH
    return Level.MIDDLE if churn_bp >= MIDDLE_BP else Level.LOW


def churn_reasons(facts: Facts) -> list[Reason]:
    """Why he is, or is not, likely to stay away: what moves the models, the strongest first."""
    reasons = []
    pause, since = facts.pause_days, facts.since_days
    if pause is None:
        reasons.append(Reason(N_("Has bought once only: most of those do not come again.")))
    elif since >= LATE_TIMES * pause:
        sentence = N_("Days between purchases, as a rule: %(pause)s. Since the last one: %(since)s, which is long.")
        reasons.append(Reason(sentence, {"pause": pause, "since": since}))
    else:
        sentence = N_("Days between purchases, as a rule: %(pause)s. Since the last one: %(since)s, which is usual.")
        reasons.append(Reason(sentence, {"pause": pause, "since": since}))
    if pause is None:
        reasons.append(Reason(N_("Days since then: %(since)s."), {"since": since}))
    if facts.purchases > 1:
        sentence = N_("Days with purchases: %(purchases)s. Whoever comes often stays away more seldom.")
        reasons.append(Reason(sentence, {"purchases": facts.purchases}))
    return reasons
