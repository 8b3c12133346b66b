"""What a channel sells otherwise than the master says: prices of a time, texts of its own, units set aside (CHN-03)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from portal.kit.errors import PortalError, Rejection
from portal.kit.moments import read_moment
from portal.kit.money import parse_minor
from portal.kit.text import N_
from portal.rules.csv_table import TableRow, read_table

NAME_MAX: Final = 200
DESCRIPTION_MAX: Final = 5_000
# A window that lasts longer is a price of its own.
WINDOW_MAX: Final = timedelta(days=366)
COLUMNS: Final = ("sku", "channel", "sold", "currency", "price", "from", "until")
OPTIONAL: Final = ("sold", "currency", "price", "from", "until")
YES: Final = frozenset({"yes", "y", "1", "true", "on", "예"})
NO: Final = frozenset({"no", "n", "0", "false", "off", "아니요"})


class Field(StrEnum):
    """What a channel may tell of a product in its own way."""

    NAME = "name"
    DESCRIPTION = "description"
    SECTION = "section"


class Outcome(StrEnum):
    """What became of a change on a channel."""

    APPLIED = "applied"
    KEPT = "kept"  # The channel keeps its own.
    WAITS = "waits"  # Somebody takes it over by hand.
    NOT_HERE = "not_here"  # The channel does not sell it.


def outcome_of(field: Field, *, own: Collection[str], is_manual: bool, is_sold: bool) -> Outcome:
    """What becomes of a change of the master's on a channel."""
    if not is_sold:
        return Outcome.NOT_HERE
    if field in own:
        return Outcome.KEPT
    return Outcome.WAITS if is_manual else Outcome.APPLIED


def window_fault(*, amount_minor: int, valid_from: datetime, valid_until: datetime, now: datetime) -> str | None:
    """Why a price cannot hold for this time, as a sentence; None if it can."""
    if amount_minor < 0:
        return N_("A price is zero or more.")
    if valid_until <= valid_from:
        return N_("The end comes after the beginning.")
    if valid_until <= now:
        return N_("This time is over already.")
    if valid_until - valid_from > WINDOW_MAX:
        return N_("A price for a time lasts at most a year. Change the price itself instead.")
    return None


def texts_faults(names: Mapping[str, str], descriptions: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with a channel's own texts, by field."""
    faults: dict[str, str] = {}
    for locale, text in names.items():
        if len(text) > NAME_MAX:
            faults[f"name-{locale}"] = N_("A name has at most 200 characters.")
    for locale, text in descriptions.items():
        if len(text) > DESCRIPTION_MAX:
            faults[f"description-{locale}"] = N_("A description has at most 5,000 characters.")
    return faults


@dataclass(frozen=True, slots=True)
class Place:
    """A channel as a file names it: its id, its currency, and the zone in which its times are read."""

    id: int
    currency: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """A row of a file: sold or not (None leaves it as it is), and a price for a time where it names one."""

    row: int
    sku: str
    channel_id: int
    is_sold: bool | None
    amount_minor: int | None = None
    begins: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a row."""

    row: int
    sku: str
    refusal: Rejection


def read_assignments(text: str, places: Mapping[str, Place]) -> tuple[list[AssignmentRow], list[RowFault]]:
    """The rows of a file, and what is wrong with others. Raises FileUnfitError."""
    rows: list[AssignmentRow] = []
    faults: list[RowFault] = []
    for line in read_table(text, COLUMNS, optional=OPTIONAL):
        sku = line.cells["sku"].removeprefix("'")
        found = _row(line, sku, places)
        if isinstance(found, Rejection):
            faults.append(RowFault(line.number, sku, found))
        else:
            rows.append(found)
    return rows, faults


def _row(line: TableRow, sku: str, places: Mapping[str, Place]) -> AssignmentRow | Rejection:
    cells = line.cells
    if not sku:
        return Rejection("SKU_MISSING", N_("The SKU is missing."))
    place = places.get(cells["channel"].lower())
    if place is None:
        return Rejection("CHANNEL", N_("There is no channel “%(code)s”."), {"code": cells["channel"]})
    sold = cells["sold"].lower()
    if sold and sold not in YES | NO:
        return Rejection("SOLD", N_("Write yes or no in the column “sold”."))
    is_sold = None if not sold else sold in YES
    timed = [cells[name] for name in ("price", "from", "until")]
    if not any(timed):
        if is_sold is None:
            return Rejection("EMPTY_ROW", N_("The row says neither whether it is sold nor a price."))
        return AssignmentRow(line.number, sku, place.id, is_sold)
    if not all(timed):
        return Rejection("WINDOW", N_("A price for a time needs price, from and until."))
    if cells["currency"].upper() != place.currency:
        return Rejection(
            "CURRENCY",
            N_("This channel sells in %(currency)s: write it beside the price."),
            {"currency": place.currency},
        )
    return _timed(line, sku, place, is_sold, timed)


def _timed(
    line: TableRow, sku: str, place: Place, is_sold: bool | None, timed: Sequence[str]
) -> AssignmentRow | Rejection:
    try:
        amount = parse_minor(timed[0], place.currency)
    except PortalError as error:
        return Rejection("PRICE", error.sentence, dict(error.params))
    begins, ends = read_moment(timed[1], place.zone), read_moment(timed[2], place.zone)
    if begins is None or ends is None:
        return Rejection("TIME", N_("Write times as in 2026-05-01 09:00; they are the channel's own."))
    return AssignmentRow(line.number, sku, place.id, is_sold, amount, begins, ends)
