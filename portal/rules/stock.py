"""Counts of stock as people give them: why a count changes, and files of counts (ORD-10, ORD-14).

A file says what is on hand, not what is added, so that read twice it changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.csv_table import read_table, whole_number

ON_HAND_MAX: Final = 1_000_000_000
NOTE_MAX: Final = 300
# `was` is what was on hand when the file was made: it tells that something was sold since.
COLUMNS: Final = ("sku", "on_hand", "kept_back", "warn_at", "was")
OPTIONAL: Final = ("kept_back", "warn_at", "was")


class Reason(StrEnum):
    """Why a person changes a count."""

    COUNT = "count"
    DELIVERY = "delivery"
    RETURNED = "returned"
    DAMAGED = "damaged"
    LOST = "lost"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Known:
    """A variant's stock as it is: units on hand, reserved for open orders, kept back, and when to warn."""

    on_hand: int
    reserved: int
    safety: int
    alert_at: int | None

    @property
    def free(self) -> int:
        """Units that may still be sold."""
        return max(self.on_hand - self.reserved - self.safety, 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants it to be."""

    on_hand: int
    safety: int
    alert_at: int | None

    def changes(self, known: Known) -> bool:
        return (self.on_hand, self.safety, self.alert_at) != (known.on_hand, known.safety, known.alert_at)


@dataclass(frozen=True, slots=True)
class CountProblem:
    """What is wrong with a row of the file."""

    row: int
    sku: str
    refusal: Rejection


@dataclass(frozen=True, slots=True)
class CountRow:
    """A row that is well formed. None in `safety` leaves it as it is; so does an empty `warn_at` without the column."""

    row: int
    sku: str
    on_hand: int
    safety: int | None
    alert_at: int | None
    was: int | None


def read_counts(text: str) -> tuple[list[CountRow], list[CountProblem]]:
    """The rows of a file and what is wrong with others. Raises FileUnfitError."""
    rows: dict[str, CountRow] = {}
    problems: list[CountProblem] = []
    for line in read_table(text, COLUMNS, optional=OPTIONAL):
        sku = line.cells["sku"].removeprefix("'")  # Our own file marks what a spreadsheet would compute.
        refusal = _refusal(sku, line.cells, rows)
        if refusal is not None:
            problems.append(CountProblem(line.number, sku, refusal))
            continue
        numbers = {name: whole_number(line.cells[name], ON_HAND_MAX) for name in COLUMNS[1:]}
        on_hand = numbers["on_hand"]
        assert on_hand is not None  # Refused above.
        rows[sku] = CountRow(line.number, sku, on_hand, numbers["kept_back"], numbers["warn_at"], numbers["was"])
    return list(rows.values()), problems


def _refusal(sku: str, cells: Mapping[str, str], before: Mapping[str, CountRow]) -> Rejection | None:
    if not sku:
        return Rejection("SKU_MISSING", N_("The SKU is missing."))
    if sku in before:
        return Rejection("SKU_TWICE", N_("This SKU stands in row %(row)s before."), {"row": before[sku].row})
    for name in COLUMNS[1:]:
        cell = cells[name]
        if (cell or name == "on_hand") and whole_number(cell, ON_HAND_MAX) is None:
            return Rejection(
                "NUMBER", N_("“%(text)s” in %(column)s is no number of units."), {"text": cell, "column": name}
            )
    return None


def want(row: CountRow, known: Known) -> Wanted | Rejection:
    """What a row of a file makes of a stock; a refusal when units were sold or counted since the file was made."""
    wanted = Wanted(
        row.on_hand,
        known.safety if row.safety is None else row.safety,
        known.alert_at if row.alert_at is None else row.alert_at,
    )
    if row.was is not None and known.on_hand not in {row.was, row.on_hand}:
        return Rejection(
            "MOVED",
            N_("When the file was made %(was)s were on hand, now there are %(now)s. Count again."),
            {"was": row.was, "now": known.on_hand},
        )
    if wanted.on_hand < known.reserved:
        return Rejection(
            "RESERVED",
            N_("%(reserved)s units are reserved for open orders: the stock cannot be below that."),
            {"reserved": known.reserved},
        )
    return wanted
