"""Only on some weekdays, or between some hours, by the clock of the channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Condition, Group, minutes, register
from portal.rules.coupons.conditions.fields import Field, FieldError, Kind, list_of, only
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.words import Days, Phrase
from portal.rules.pricing import PricedLine

WEEKDAYS = Field("weekdays", N_("Days of the week"), Kind.DAYS)
FROM = Field("from", N_("From"), Kind.TIME, hint=N_("By the clock of the channel, such as 09:30."))
UNTIL = Field("until", N_("Until"), Kind.TIME, hint=N_("24:00 is the end of the day."))
DAY = 24 * 60


@register("window")
@dataclass(frozen=True, slots=True)
class Window(Condition):
    """`weekdays` (0 is Monday; empty is all) and hours `from` (inclusive) to `until` (exclusive), as HH:MM.

    Hours that run over midnight belong to the weekday on which they start. The clock on the wall counts: on the day on
    which it is put forward an hour is missing, and on the day on which it is put back one comes twice.
    """

    weekdays: frozenset[int]
    starts: int
    ends: int

    title = N_("Time of the week")
    group = Group.TIME
    fields = (WEEKDAYS, FROM, UNTIL)

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        weekdays = list_of(params, WEEKDAYS)
        if not weekdays <= frozenset(range(7)):
            raise FieldError(WEEKDAYS.name, N_("Choose from the list."))
        starts, ends = _minutes(params, FROM, "00:00"), _minutes(params, UNTIL, "24:00")
        if starts == ends or (starts, ends) == (DAY, 0):
            raise FieldError(UNTIL.name, N_("The window is empty: it ends when it begins."))
        if not weekdays and (starts, ends) == (0, DAY):
            raise FieldError(WEEKDAYS.name, N_("Choose days or hours."))
        return cls(weekdays, starts, ends)

    def words(self) -> Sequence[Phrase]:
        found = []
        if self.weekdays and len(self.weekdays) < 7:
            found.append(Phrase(N_("on %(days)s"), {"days": Days(self.weekdays)}))
        if (self.starts, self.ends) != (0, DAY):
            hours = {"starts": _clock(self.starts), "ends": _clock(self.ends)}
            found.append(Phrase(N_("from %(starts)s to %(ends)s"), hours))
        return found

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        zone = facts.zone or UTC
        if self._is_open(facts.now.astimezone(zone)):
            return None
        return reject(Code.WRONG_TIME, opens_at=self._next_opening(facts.now, facts))

    def _is_open(self, local: datetime) -> bool:
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.starts < self.ends:
            is_open = self.starts <= minute < self.ends
        else:
            is_open = minute >= self.starts or minute < self.ends
            if minute < self.ends:
                day = (day - 1) % 7
        return is_open and (not self.weekdays or day in self.weekdays)

    def _next_opening(self, now: datetime, facts: Facts) -> datetime:
        """The next instant at which it opens: where the clock skips that hour, just after."""
        zone = facts.zone or UTC
        today = now.astimezone(zone).date()
        for ahead in range(9):
            day = today + timedelta(days=ahead)
            if self.weekdays and day.weekday() not in self.weekdays:
                continue
            midnight = datetime.combine(day, datetime.min.time())
            wall = midnight + timedelta(minutes=self.starts)
            opens_at = wall.replace(tzinfo=zone).astimezone(UTC)
            if opens_at > now:
                return opens_at
        return now


def _minutes(params: Mapping[str, Any], field: Field, otherwise: str) -> int:
    value = params.get(field.name, otherwise)
    try:
        return minutes(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise FieldError(field.name, N_("Enter a time such as 09:30.")) from error


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
