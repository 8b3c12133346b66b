"""Tables that people upload as CSV: decoded, with their columns found, or refused with the reason."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_

ROWS_MAX: Final = 5_000
BYTES_MAX: Final = 1_000_000
CELL_MAX: Final = 200


class FileUnfitError(PortalError):
    """It is no table of what is wanted at all."""

    code = "file_unfit"

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(**rejection.params)
        self.sentence = rejection.sentence


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row with something in it; rows are counted as spreadsheets do, the head being the first."""

    number: int
    cells: Mapping[str, str]


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


def read_table(text: str, columns: Sequence[str], *, optional: Collection[str] = ()) -> list[TableRow]:
    """The rows of a file by the names in its head, whose cells are parted by comma, semicolon or tab.

    Optional columns that it lacks are empty.

    Raises FileUnfitError for a file without the columns, without rows, or with too many.
    """
    text = text.replace("\0", "")
    first = text.partition("\n")[0]
    # Spreadsheets of many countries part cells by semicolons.
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    try:
        rows = list(reader)
    except csv.Error:
        raise FileUnfitError(Rejection("FILE_BROKEN", N_("The file cannot be read as CSV."))) from None
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    missing = [name for name in columns if name not in head and name not in optional]
    if missing:
        raise FileUnfitError(
            Rejection("COLUMNS", N_("These columns are missing: %(names)s."), {"names": ", ".join(missing)})
        )
    if len(rows) - 1 > ROWS_MAX:
        raise FileUnfitError(Rejection("ROWS", N_("A file holds at most %(count)s rows."), {"count": ROWS_MAX}))
    places = {name: head.index(name) for name in columns if name in head}
    found = []
    for number, row in enumerate(rows[1:], start=2):
        cells = dict.fromkeys(columns, "")
        cells |= {name: (row[place] if place < len(row) else "").strip()[:CELL_MAX] for name, place in places.items()}
        if any(cells.values()):
            found.append(TableRow(number, cells))
    if not found:
        raise FileUnfitError(Rejection("EMPTY", N_("The file has no rows.")))
    return found


def whole_number(text: str, highest: int) -> int | None:
    """A whole number from 0 to `highest`, in digits of any script's width; None for anything else."""
    digits = unicodedata.normalize("NFKC", text)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(highest))):
        return None
    count = int(digits)
    return count if count <= highest else None
