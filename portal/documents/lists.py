"""A list written as CSV, XLSX or PDF: rows come in one after another, and only the PDF is ever held whole (ANA-03)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from portal.documents.words import Words
from portal.kit import display
from portal.kit.tables import PDF_ROWS_MAX, SHEET_ROWS_MAX, Column, Format, Kind, safe_text

Row = Sequence[Any]
# Excel's own bound of a cell.
CELL_MAX = 32_767
SAY_EVERY = 500


@dataclass(frozen=True, slots=True)
class ListHead:
    """What stands above the rows: the list's title, its columns, the file's name, when and how many of how many."""

    title: str
    columns: Sequence[Column]
    name: str
    locale: str
    made_at: datetime
    rows: int
    total: int


def write_list(out: BinaryIO, kind: Format, head: ListHead, rows: Iterable[Row]) -> None:
    """Write the list to a file that is open for writing. Texts are never formulas, whatever they begin with."""
    if kind is Format.CSV:
        _csv(out, head, rows)
    elif kind is Format.XLSX:
        _xlsx(out, head, rows)
    else:
        _pdf(out, head, rows)


def _csv(out: BinaryIO, head: ListHead, rows: Iterable[Row]) -> None:
    # With a byte order mark, without which Excel takes Korean for something else.
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_heads(head))
    kinds = [column.kind for column in head.columns]
    for row in rows:
        writer.writerow([_safe(kind, value) for kind, value in zip(kinds, row, strict=True)])
    text.flush()
    text.detach()


def _safe(kind: Kind, value: Any) -> Any:
    if value is None:
        return ""
    return safe_text(value) if kind is Kind.TEXT else value


def _xlsx(out: BinaryIO, head: ListHead, rows: Iterable[Row]) -> None:
    from xlsxwriter import Workbook

    # Rows go to a file as soon as the next one begins.
    book = Workbook(out, {"constant_memory": True, "in_memory": False, "remove_timezone": True})
    strong = book.add_format({"bold": True})
    forms = {
        Kind.MONEY: book.add_format({"num_format": "#,##0.##"}),
        Kind.INSTANT: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    sheet, line = None, 0
    for row in rows:
        if sheet is None or line > SHEET_ROWS_MAX:
            sheet, line = _sheet(book, head, strong), 1
        for n, (column, value) in enumerate(zip(head.columns, row, strict=True)):
            _put(sheet, line, n, column.kind, value, forms)
        line += 1
    if sheet is None:
        _sheet(book, head, strong)
    book.close()


def _sheet(book: Any, head: ListHead, strong: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for n, (text, column) in enumerate(zip(_heads(head), head.columns, strict=True)):
        sheet.set_column(n, n, 20 if column.kind is Kind.INSTANT else 10 + 4 * column.share)
        sheet.write_string(0, n, text, strong)
    return sheet


def _put(sheet: Any, line: int, n: int, kind: Kind, value: Any, forms: dict[Kind, Any]) -> None:
    if value is None:
        return
    if kind is Kind.MONEY:
        sheet.write_number(line, n, Decimal(value), forms[Kind.MONEY])
    elif kind is Kind.NUMBER:
        sheet.write_number(line, n, value)
    elif kind is Kind.INSTANT:
        sheet.write_datetime(line, n, datetime.fromisoformat(value).astimezone(UTC), forms[Kind.INSTANT])
    else:
        # As a text, never as what Excel would make of it.
        sheet.write_string(line, n, value[:CELL_MAX])


def _pdf(out: BinaryIO, head: ListHead, rows: Iterable[Row]) -> None:
    # Fonts and typesetting are loaded with the first paper: the other formats can do without them.
    from portal.documents.sheet import Column as PaperColumn
    from portal.documents.sheet import Part, Sheet, render_sheet

    words = Words(head.locale)
    shown = [(n, column) for n, column in enumerate(head.columns) if column.share]
    whole = sum(column.share for _n, column in shown)
    columns = [
        PaperColumn(words.say(column.head), column.share / whole, column.kind in (Kind.MONEY, Kind.NUMBER))
        for _n, column in shown
    ]
    cells = [[_printed(column.kind, row[n], head.locale) for n, column in shown] for row in rows]
    held = words.rows_of(head.rows, head.total)
    facts = [
        (words.file, head.name),
        (words.issued_at, f"{head.made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"),
        (words.rows, held),
    ]
    note = words.cut_list(PDF_ROWS_MAX) if head.rows < head.total else ""
    title = words.say(head.title)
    sheet = Sheet(title, head.name, "Portal", "Portal", None, head.locale, facts, [Part(title, columns, cells)], note)
    out.write(render_sheet(sheet))


def _printed(kind: Kind, value: Any, locale: str) -> str:
    if value is None:
        return ""
    if kind is Kind.INSTANT:
        return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M}"
    return display.format_decimal(Decimal(value), locale) if kind in (Kind.MONEY, Kind.NUMBER) else str(value)


def _heads(head: ListHead) -> list[str]:
    words = Words(head.locale)
    return [words.say(column.head) + (" (UTC)" if column.kind is Kind.INSTANT else "") for column in head.columns]
