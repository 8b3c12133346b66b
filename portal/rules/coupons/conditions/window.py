"""Only on some weekdays, or between some hours, by the clock of the channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.rules.coupons.conditions.base import Condition, minutes, register
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.pricing import PricedLine


@register("window")
@dataclass(frozen=True, slots=True)
class Window(Condition):
    """`weekdays` (0 is Monday; empty is all) and hours `from` (inclusive) to `until` (exclusive), as HH:MM.

    Hours that run over midnight belong to the weekday on which they start.
    """

    weekdays: frozenset[int]
    starts: int
    ends: int

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        weekdays = frozenset(params.get("weekdays", ()))
        if not weekdays <= frozenset(range(7)):
            raise ValueError("weekdays are from 0 to 6")
        starts, ends = minutes(params.get("from", "00:00")), minutes(params.get("until", "24:00"))
        if starts == ends:
            raise ValueError("the window is empty")
        return cls(weekdays, starts, ends)

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        local = facts.now.astimezone(facts.zone) if facts.zone else facts.now
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.starts < self.ends:
            is_open = self.starts <= minute < self.ends
        else:
            is_open = minute >= self.starts or minute < self.ends
            if minute < self.ends:
                day = (day - 1) % 7
        if is_open and (not self.weekdays or day in self.weekdays):
            return None
        return reject(Code.WRONG_TIME)
