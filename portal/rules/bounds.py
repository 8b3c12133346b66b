"""Bounds on figures: what a bound watches, when it is crossed, and what may be set (ANA-05)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.money import parse_minor
from portal.kit.text import N_
from portal.rules.figures import POINTS, Measure, Period, Unit, change_of
from portal.rules.measures import MEASURES

DAYS_MAX: Final = 366
LIMIT_MAX: Final = 10**15
_PLAIN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,4})?")


class Direction(StrEnum):
    """Which side of the limit is told of. `change` is by so many basis points against the days before, either way."""

    ABOVE = "above"
    BELOW = "below"
    CHANGE = "change"


class Single(StrEnum):
    """What is watched one by one instead of summed up: each that is as large as the limit is told of at once."""

    COUPON_USE = "one_coupon_use"
    MILEAGE_USE = "one_mileage_use"


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound as it is set. `limit` is in the measure's own steps: minor units, basis points, tenths of a second."""

    measure: str
    direction: Direction
    limit: int
    days: int
    currency: str
    channel_id: int | None = None
    store_id: int | None = None

    @property
    def single(self) -> Single | None:
        return Single(self.measure) if self.measure in set(Single) else None

    @property
    def watched(self) -> Measure | None:
        return MEASURES.get(self.measure)


class BoundUnfitError(PortalError):
    """Something of a bound cannot be; `field` says what."""

    code = "bound_unfit"
    status = 422

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        self.sentence = sentence
        super().__init__()


def check_bound(bound: Bound) -> Bound:
    """The bound, if it can be watched. Raises BoundUnfitError."""
    measure = bound.watched
    if measure is None and bound.single is None:
        raise BoundUnfitError("measure", N_("Choose a figure."))
    if bound.single is not None and bound.direction is not Direction.ABOVE:
        raise BoundUnfitError("direction", N_("Single redemptions are watched above a limit only."))
    if not 0 <= bound.limit <= LIMIT_MAX or (bound.limit == 0 and bound.direction is not Direction.ABOVE):
        raise BoundUnfitError("limit", N_("Give a number above zero."))
    if not 1 <= bound.days <= DAYS_MAX:
        raise BoundUnfitError("days", N_("Give 1 to 366 days."))
    return bound


def read_limit(typed: str, *, measure: str, direction: Direction, currency: str) -> int:
    """A limit as somebody types it, in the unit that the page shows beside it. Raises BoundUnfitError."""
    wanted = MEASURES.get(measure)
    unit = wanted.unit if wanted else Unit.POINTS if measure == Single.MILEAGE_USE else Unit.MONEY
    is_share = direction is Direction.CHANGE or unit is Unit.SHARE
    if unit is Unit.MONEY and not is_share:
        try:
            return parse_minor(typed, currency)
        except PortalError as error:
            raise BoundUnfitError("limit", N_("Give a number above zero.")) from error
    plain = typed.strip().replace(",", "").removesuffix("%").rstrip()
    if _PLAIN.fullmatch(plain) is None:
        raise BoundUnfitError("limit", N_("Give a number above zero."))
    return int(Decimal(plain) * (100 if is_share else 10 if unit is Unit.SECONDS else 1))


def currency_of(measure: str, chosen: str) -> str:
    """The currency in which this is counted."""
    found = MEASURES.get(measure)
    if measure == Single.MILEAGE_USE:
        return POINTS
    return (found.currency if found else None) or chosen


def span_of(bound: Bound, today: date) -> Period:
    """The days that are looked at. Those that are over, where an unfinished day would look like too little."""
    measure = bound.watched
    is_finished_only = bound.direction is Direction.CHANGE or (
        bound.direction is Direction.BELOW and measure is not None and measure.over is None and not measure.to_date
    )
    last = today - timedelta(days=1) if is_finished_only else today
    return Period(last - timedelta(days=bound.days - 1), last)


def is_crossed(bound: Bound, now: int | None, before: int | None) -> bool | None:
    """Whether the figure is out of its bound; None where there is nothing to divide by, which says nothing."""
    if bound.direction is Direction.CHANGE:
        change = change_of(now, before)
        return None if change is None else abs(change) >= bound.limit
    if now is None:
        return None
    return now > bound.limit if bound.direction is Direction.ABOVE else now < bound.limit
