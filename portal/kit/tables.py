"""Tables on their way into files: what columns hold, the formats, and texts that are no formulas (ANA-03)."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Final

# A worksheet has 1,048,576 rows, the head among them; what is more goes on the next sheet.
SHEET_ROWS_MAX: Final = 1_048_575
# A PDF is set as a whole, and nobody reads on: it holds the first rows and says so.
PDF_ROWS_MAX: Final = 5_000
# What a spreadsheet takes for a formula (OWASP, "CSV Injection").
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """What a list is written as."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


class Kind(StrEnum):
    """What the values of a column are. Money is in minor units of a currency in the same row."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    INSTANT = "instant"


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the listing, its head, its kind; `share` is its width on paper, 0 leaves it out there.

    `currency` names the column with the currency of its amounts.
    """

    name: str
    head: str
    kind: Kind = Kind.TEXT
    share: int = 2
    currency: str = "currency"


def safe_text(value: str) -> str:
    """The text, marked as one where a spreadsheet would compute it."""
    return "'" + value if value.startswith(FORMULA) else value
