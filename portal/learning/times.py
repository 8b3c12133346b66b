"""How a column of a file writes its times: as dates of one form, or as numbers of a unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0}
# Numbers above it are milliseconds, and not seconds since 1970.
MILLISECONDS_FROM = 1e11
AT_MAX = datetime(2200, 1, 1, tzinfo=UTC)
_DAYS = (
    "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%y", "%d/%m/%y", "%d %b %Y",
    "%d %B %Y", "%b %d %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")
FORMS = tuple(f"{day}{clock}" for day in _DAYS for clock in _CLOCKS)
NUMBER, ISO, COMPACT = "number", "iso", "%Y%m%d"
# What says a date must say it everywhere that was looked at, but for so few lines that are simply wrong.
AGREE = 0.9


class TimeError(ValueError):
    """What is no time; the text says why."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One way to write times. Numbers count units since `epoch_s`, in seconds since 1970."""

    form: str
    unit: str = "seconds"
    epoch_s: float = 0.0

    def read(self, cell: str) -> datetime:
        """The moment, in UTC where no zone is said. Raises TimeError."""
        at = self._read(cell)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        if not at.year >= 1970 or at > AT_MAX:
            raise TimeError(f"the time {cell[:40]!r} lies outside of 1970 to {AT_MAX.year}")
        return at

    def _read(self, cell: str) -> datetime:
        try:
            if self.form == NUMBER:
                return number_of_unit(cell, self.unit, self.epoch_s)
            return datetime.fromisoformat(cell) if self.form == ISO else datetime.strptime(cell, self.form)  # noqa: DTZ007  # read() says UTC.
        except (ValueError, OverflowError):
            pass
        try:
            # A file may change its mind on single lines.
            return (
                number_of_unit(cell, self.unit, self.epoch_s) if self.form != NUMBER else datetime.fromisoformat(cell)
            )
        except (ValueError, OverflowError, OSError):
            raise TimeError(f"the time {cell[:40]!r} is neither a date nor a number of {self.unit}") from None


def number_of_unit(cell: str, unit: str, epoch_s: float = 0.0) -> datetime:
    """The moment of a number since 1970, or since `epoch_s`. Raises ValueError, OverflowError."""
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError(cell)
    try:
        seconds = number / 1000 if number >= MILLISECONDS_FROM else number * UNITS[unit]
        return datetime.fromtimestamp(epoch_s + seconds, tz=UTC)
    except OSError:
        raise ValueError(cell) from None


def recognise_clock(cells: Sequence[str], unit: str, epoch_s: float = 0.0) -> Clock:
    """The way in which these are written: the first that reads nearly all of them."""
    told = [cell for cell in cells if cell]
    if epoch_s and _agrees(NUMBER, unit, told):
        return Clock(NUMBER, unit, epoch_s)
    if told and all(map(_is_compact, told)):
        return Clock(COMPACT, unit)
    return next((Clock(form, unit) for form in (NUMBER, ISO, *FORMS) if _agrees(form, unit, told)), Clock(ISO, unit))


def date_form(cells: Sequence[str]) -> str | None:
    """The form of a further column that holds dates; None where it holds anything else."""
    told = [cell for cell in cells if cell]
    if not told:
        return None
    return next((form for form in (ISO, *FORMS) if _agrees(form, "seconds", told, every=True)), None)


def _agrees(form: str, unit: str, cells: Sequence[str], *, every: bool = False) -> bool:
    wanted = len(cells) if every else AGREE * len(cells)
    fails = 0
    for cell in cells:
        try:
            if form == NUMBER:
                number_of_unit(cell, unit)
            elif form == ISO:
                if cell.isdigit():
                    return False
                datetime.fromisoformat(cell)
            else:
                datetime.strptime(cell, form)  # noqa: DTZ007  # Only whether it can be read.
        except (ValueError, OverflowError):
            fails += 1
            if len(cells) - fails < wanted:
                return False
    return bool(cells)


def _is_compact(cell: str) -> bool:
    """20190131, and no number of seconds."""
    if len(cell) != len("20190131") or not cell.isdigit() or cell[:2] not in {"19", "20"}:
        return False
    try:
        datetime.strptime(cell, COMPACT)  # noqa: DTZ007  # Only whether it can be read.
    except ValueError:
        return False
    return True
