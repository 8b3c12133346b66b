"""What channels sell, as a table, and what became of it (CHN-03)."""

from __future__ import annotations

from pydantic import Base64Bytes, Field

from portal.blueprints.api.schemas import In, Out, Text
from portal.rules.csv_table import BYTES_MAX

# Base64 makes four characters of three bytes.
FILE_LENGTH_MAX = BYTES_MAX * 4 // 3 + 4
BODY_BYTES_MAX = FILE_LENGTH_MAX + 4 * 1024


class GoodsFile(In):
    """A table with a head: `sku`, `channel`, and `sold`, or `currency`, `price`, `from` and `until`."""

    content: Base64Bytes = Field(
        description="CSV as base64, in UTF-8 or the Korean code page, at most 1 MB and 5,000 rows. Times are the "
        "channel's own.",
        max_length=FILE_LENGTH_MAX,
    )
    is_trial: bool = Field(default=False, description="Only look at it; nothing is written.")


class StoreGoodsFile(GoodsFile):
    """The same for the goods of one store."""

    store: Text = Field(default="", description="The slug of one of the key's stores; the first without.")


class RowProblem(Out):
    """What is wrong with a row; rows are counted as spreadsheets do, the head being the first."""

    row: int
    sku: str
    code: str
    detail: str


class GoodsFileRead(Out):
    """What became of it: all rows, or none where something is wrong with one."""

    rows: int = Field(description="How many rows can be carried out.")
    is_done: bool = Field(description="They were.")
    problems: list[RowProblem]
