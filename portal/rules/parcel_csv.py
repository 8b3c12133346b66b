"""Parcels from a file: one row per line of goods, or one row for all that is left of an order (ORD-003).

Rows with the same order, carrier and number are one parcel. A parcel with one bad row is bad as a whole, so that no
parcel is ever written in half.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_
from portal.rules.carriers import find_carrier, read_number

COLUMNS: Final = ("order", "sku", "quantity", "carrier", "tracking_number")
ROWS_MAX: Final = 5_000
BYTES_MAX: Final = 1_000_000
_CELL_MAX: Final = 200
_PIECES_MAX: Final = 1_000_000


class FileUnfitError(PortalError):
    """It is no table of parcels at all; `rejection` says why."""

    code = "file_unfit"

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(**rejection.params)
        self.sentence = rejection.sentence


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


def decode(content: bytes) -> str:
    """The text of a file as spreadsheets write it: UTF-8, or the Korean code page. Raises FileUnfitError."""
    if len(content) > BYTES_MAX:
        raise FileUnfitError(Rejection("FILE_LARGE", N_("The file is too large. Split it into several.")))
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileUnfitError(Rejection("FILE_ENCODING", N_("The file is no text. Save it as CSV in UTF-8.")))


def read_parcels(text: str) -> ParcelFile:
    """Read a file of parcels. Raises FileUnfitError for one without the columns, without rows, or with too many."""
    reader = csv.reader(io.StringIO(text.replace("\0", "")))
    try:
        rows = [row for row in reader if row is not None]
    except csv.Error:
        raise FileUnfitError(Rejection("FILE_BROKEN", N_("The file cannot be read as CSV."))) from None
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    missing = [name for name in COLUMNS if name not in head]
    if missing:
        raise FileUnfitError(
            Rejection("COLUMNS", N_("These columns are missing: %(names)s."), {"names": ", ".join(missing)})
        )
    if len(rows) - 1 > ROWS_MAX:
        raise FileUnfitError(Rejection("ROWS", N_("A file holds at most %(count)s rows."), {"count": ROWS_MAX}))
    places = {name: head.index(name) for name in COLUMNS}
    drafts: dict[tuple[str, str, str], _Draft] = {}
    problems: list[RowProblem] = []
    for number, row in enumerate(rows[1:], start=2):
        cells = {name: (row[place] if place < len(row) else "").strip()[:_CELL_MAX] for name, place in places.items()}
        if any(cells.values()):
            _take(number, cells, drafts, problems)
    if not drafts and not problems:
        raise FileUnfitError(Rejection("EMPTY", N_("The file has no rows.")))
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
    count = _pieces(cells["quantity"])
    if count is None:
        return Rejection("QUANTITY", N_("“%(text)s” is no number of pieces."), {"text": cells["quantity"]})
    draft.units[sku] = draft.units.get(sku, 0) + count
    return None


def _pieces(text: str) -> int | None:
    digits = unicodedata.normalize("NFKC", text)
    count = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < len(str(_PIECES_MAX)) + 1 else 0
    return count if 0 < count <= _PIECES_MAX else None
