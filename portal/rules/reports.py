"""Reports on a schedule: which there are, how often they come, and which days they are about (ANA-04)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from portal.kit.errors import PortalError
from portal.kit.tables import Format
from portal.kit.text import N_
from portal.rules.figures import Period

# Made in the morning, when the day before is over and its last entries are written.
HOUR: Final = 6
# Books and vouchers are kept; so are these, as long as a year and its closing take.
KEPT_FOR: Final = timedelta(days=400)
PLANS_MAX: Final = 20


# A board of figures comes as a mail; no other format is a mail.
MAIL: Final = "mail"


class Report(StrEnum):
    """What comes by itself: a listing for the days of its period, or as of the morning; or the figures of a board."""

    JOURNAL = "journal"
    TAX = "tax"
    LIABILITY = "liability"
    EXPIRY = "expiry"
    PAYMENTS = "payments"
    STATEMENTS = "statements"
    FIGURES = "figures"


# What these say is as of the moment at which they are made: one that was missed cannot be made afterwards.
AS_OF_THE_MORNING: Final = frozenset({Report.LIABILITY, Report.EXPIRY})


class Every(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class PlanUnfitError(PortalError):
    code = "report_plan_unfit"
    status = 422
    sentence = N_("Choose a report, a format, and how often it comes.")


def next_due(every: Every, after: datetime, zone: ZoneInfo) -> datetime:
    """The next morning after an instant on which it is made: each day, on Mondays, or on the first of a month.

    A morning is one of the zone's own calendar, also where clocks are changed in the night before.
    """
    day = after.astimezone(zone).date()
    while True:
        due = datetime.combine(day, time(HOUR), tzinfo=zone).astimezone(after.tzinfo)
        if due > after and _falls_on(every, day):
            return due
        day += timedelta(days=1)


def due_after(report: Report, every: Every, morning: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    """When the next one is due after that of `morning`, which is made only `now`.

    Days that were missed while nothing ran are made up for, one report after the other.
    """
    return next_due(every, now if report in AS_OF_THE_MORNING else morning, zone)


def made_for(report: Report, every: Every, due: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    """The morning whose report is made now: the first one missed; of figures the last, for a mail is no archive."""
    while report is Report.FIGURES and (following := next_due(every, due, zone)) <= now:
        due = following
    return due


def _falls_on(every: Every, day: date) -> bool:
    return every is Every.DAY or (day.weekday() == 0 if every is Every.WEEK else day.day == 1)


def days_of(every: Every, due: datetime, zone: ZoneInfo) -> Period:
    """The days that a report made then is about: yesterday, the week, or the month before."""
    last = due.astimezone(zone).date() - timedelta(days=1)
    if every is Every.DAY:
        return Period(last, last)
    return Period(last - timedelta(days=6) if every is Every.WEEK else last.replace(day=1), last)


def name_of(report: Report, days: Period, kind: Format) -> str:
    """What its file is called: the report and the days of its owner's calendar that it is about."""
    span = days.first.isoformat() if days.first == days.last else f"{days.first.isoformat()}-{days.last.isoformat()}"
    return f"{report.value}-{span}.{kind.value}"
