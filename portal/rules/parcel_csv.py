"""Parcels from a file: one row per line of goods, or one row for all that is left of an order (ORD-003).

Rows with the same order, carrier and number are one parcel. A parcel with one bad row is bad as a whole, so that no
parcel is ever written in half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_
from portal.rules.carriers import find_carrier, read_number
from portal.rules.csv_table import read_table, whole_number

COLUMNS: Final = ("order", "sku", "quantity", "carrier", "tracking_number")
_PIECES_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row; rows are counted as spreadsheets do, the head being the first."""

    row: int
    order: str
    refusal: Rejection | PortalError


@dataclass(frozen=True, slots=True)
class FileParcel:
    """A parcel of the file. `units` by SKU, None for all that is left of the order."""

    row: int
    order: str
    carrier: str
    number: str
    units: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class ParcelFile:
    """What a file says: parcels that are well formed, and rows that are not."""

    parcels: tuple[FileParcel, ...]
    problems: tuple[RowProblem, ...]


@dataclass(slots=True)
class _Draft:
    row: int
    order: str
    carrier: str
    number: str
    units: dict[str, int] = field(default_factory=dict)
    is_whole: bool = False
    is_bad: bool = False


def read_parcels(text: str) -> ParcelFile:
    """Read a file of parcels. Raises FileUnfitError."""
    drafts: dict[tuple[str, str, str], _Draft] = {}
    problems: list[RowProblem] = []
    for row in read_table(text, COLUMNS):
        _take(row.number, row.cells, drafts, problems)
    fit = [one for one in drafts.values() if not one.is_bad]
    return ParcelFile(
        tuple(
            FileParcel(one.row, one.order, one.carrier, one.number, None if one.is_whole else one.units) for one in fit
        ),
        tuple(problems),
    )


def _take(
    number: int, cells: Mapping[str, str], drafts: dict[tuple[str, str, str], _Draft], problems: list[RowProblem]
) -> None:
    order = cells["order"].upper()
    key = (order, cells["carrier"].casefold(), "".join(cells["tracking_number"].split()).upper().replace("-", ""))
    draft = drafts.setdefault(key, _Draft(number, order, "", ""))
    refusal = _fill(draft, cells)
    if refusal is not None:
        draft.is_bad = True
        problems.append(RowProblem(number, order, refusal))


def _fill(draft: _Draft, cells: Mapping[str, str]) -> Rejection | PortalError | None:
    """Put a row into its parcel; what is wrong with it, if so."""
    if not draft.order:
        return Rejection("ORDER_MISSING", N_("The order number is missing."))
    try:
        carrier = find_carrier(cells["carrier"])
        draft.number = read_number(carrier, cells["tracking_number"])
    except PortalError as error:
        return error
    draft.carrier = carrier.code
    sku = cells["sku"]
    if not sku:
        if cells["quantity"]:
            return Rejection("SKU_MISSING", N_("A quantity needs the SKU of its goods."))
        if draft.units:
            return Rejection("ROWS_DIFFER", N_("One row of this parcel names goods, another one all that is left."))
        draft.is_whole = True
        return None
    if draft.is_whole:
        return Rejection("ROWS_DIFFER", N_("One row of this parcel names goods, another one all that is left."))
    count = whole_number(cells["quantity"], _PIECES_MAX)
    if not count:
        return Rejection("QUANTITY", N_("“%(text)s” is no number of pieces."), {"text": cells["quantity"]})
    draft.units[sku] = draft.units.get(sku, 0) + count
    return None
