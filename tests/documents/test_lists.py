"""A list written as CSV, XLSX and PDF: the same rows, no formula, and memory that does not grow (ANA-03)."""

from __future__ import annotations

import csv
import io
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from portal.documents import lists
from portal.documents.lists import ListHead, write_list
from portal.kit.tables import Column, Format, Kind
from tests.documents.reading import pages_of

pytestmark = pytest.mark.req("ANA-03")
COLUMNS = (
    Column("number", "Order"),
    Column("placed_at", "Placed", Kind.INSTANT),
    Column("payable_minor", "Amount", Kind.MONEY),
    Column("score", "Risk", Kind.NUMBER),
)
ROW = ["=HYPERLINK(1)", "2026-11-29T00:30:00+09:00", "-12.50", None]
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def head(rows: int, total: int | None = None) -> ListHead:
    at = datetime(2026, 11, 29, tzinfo=UTC)
    return ListHead("Orders", COLUMNS, "orders-2026-11-29.csv", "en", at, rows, rows if total is None else total)


def written(kind: Format, rows: list[list[Any]], total: int | None = None) -> bytes:
    out = io.BytesIO()
    write_list(out, kind, head(len(rows), total), rows)
    return out.getvalue()


def cells(content: bytes, sheet: int = 1) -> list[list[tuple[str, str]]]:
    """Type and text of each cell; in constant memory no strings are shared."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        page = ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314  # We have written it.
    found = []
    for row in page.iter(f"{SHEET}row"):
        assert row.find(f".//{SHEET}f") is None
        found.append([(cell.get("t", "n"), "".join(cell.itertext())) for cell in row])
    return found


def test_a_csv_holds_texts_as_texts_and_numbers_as_numbers() -> None:
    content = written(Format.CSV, [ROW])
    assert content.startswith(b"\xef\xbb\xbf")
    first, second = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert first == ["Order", "Placed (UTC)", "Amount", "Risk"]
    assert second == ["'=HYPERLINK(1)", "2026-11-29T00:30:00+09:00", "-12.50", ""]


def test_a_sheet_has_no_formula_and_instants_in_utc() -> None:
    first, second = cells(written(Format.XLSX, [ROW]))
    assert [text for _type, text in first] == ["Order", "Placed (UTC)", "Amount", "Risk"]
    (kind, text), (_n, day), (_m, amount) = second
    assert (kind != "n", text) == (True, "=HYPERLINK(1)")
    assert float(amount) == -12.5
    # 2026-11-28 15:30, in days since the end of 1899.
    assert float(day) == pytest.approx(46354.6458, abs=0.001)


def test_what_is_more_than_a_sheet_holds_goes_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "SHEET_ROWS_MAX", 2)
    content = written(Format.XLSX, [[f"A{n}", None, "1", n] for n in range(5)])
    assert [len(cells(content, sheet)) for sheet in (1, 2, 3)] == [3, 3, 2]


def test_a_paper_says_how_much_it_leaves_out() -> None:
    text = pages_of(written(Format.PDF, [["A1", None, "12.50", 1]], total=9_000))[-1]
    assert "1 of 9,000" in text
    assert "A PDF holds the first 5,000 rows" in text


@pytest.mark.parametrize("kind", list(Format))
def test_an_empty_list_is_a_file_with_its_head(kind: Format) -> None:
    content = written(kind, [])
    assert content
    if kind is Format.CSV:
        assert len(content.decode("utf-8-sig").splitlines()) == 1


@pytest.mark.parametrize("kind", [Format.CSV, Format.XLSX])
def test_memory_does_not_grow_with_the_rows(kind: Format) -> None:
    def peak(rows: int) -> int:
        def each() -> Iterator[list[Any]]:
            for n in range(rows):
                yield [f"KR-{n}", "2026-11-29T00:30:00+00:00", f"{n}.50", n]

        with tempfile.TemporaryFile() as out:
            tracemalloc.start()
            write_list(out, kind, head(rows), each())
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    peak(100)  # What is loaded once.
    few, many = peak(500), peak(3_000)
    assert many < few + 70_000
