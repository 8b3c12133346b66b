"""A statement as PDF: facts above, then tables of cells that their maker has written in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, LongTable, Spacer, Table

from portal.documents.paper import TIGHT, WIDTH, print_pages
from portal.documents.typeset import BOLD, INK, INK_2, LINE, REGULAR, paragraph, setable
from portal.documents.words import Words


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, its share of the width, and whether it holds amounts (at the right, never broken)."""

    head: str
    share: float
    is_amount: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A table under its heading. `strong` are the numbers of rows that stand out: opening, closing, totals."""

    heading: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on it. `note` is small print at the end."""

    title: str
    label: str
    issuer: str
    brand_name: str
    brand_colour: str | None
    locale: str
    facts: Sequence[tuple[str, str]]
    parts: Sequence[Part]
    note: str = ""
    logo: bytes | None = None


def render_sheet(sheet: Sheet) -> bytes:
    """Set it on A4 pages, as many as it takes; heads of tables are repeated on each."""
    story: list[Flowable] = [paragraph(sheet.title, "title"), _facts(sheet.facts)]
    for part in sheet.parts:
        story += [Spacer(1, 2 * mm), paragraph(part.heading, "heading"), _table(part)]
    if sheet.note:
        story += [Spacer(1, 4 * mm), paragraph(sheet.note, "small")]
    return print_pages(
        story,
        title=sheet.title,
        label=sheet.label,
        author=sheet.issuer,
        brand_name=sheet.brand_name,
        brand_colour=sheet.brand_colour,
        logo=sheet.logo,
        words=Words(sheet.locale),
    )


def _facts(facts: Sequence[tuple[str, str]]) -> Table:
    cells = [[paragraph(name, "small"), paragraph(value)] for name, value in facts]
    return Table(cells, colWidths=(WIDTH * 0.3, WIDTH * 0.7), style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *TIGHT])


def _table(part: Part) -> LongTable:
    """Only the widest texts are broken into lines: a paragraph for each cell of thousands would take seconds."""
    head = [setable(column.head) for column in part.columns]
    rows = [
        [
            setable(text) if column.is_amount or len(text) <= column.share * 80 else paragraph(text)
            for column, text in zip(part.columns, row, strict=True)
        ]
        for row in part.rows
    ]
    style: list[tuple[object, ...]] = [
        ("FONT", (0, 0), (-1, -1), REGULAR, 8.5, 12),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("TEXTCOLOR", (0, 0), (-1, 0), INK_2),
        ("LINEBELOW", (0, 0), (-1, 0), 0.75, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        *TIGHT,
    ]
    style += [("ALIGN", (n, 0), (n, -1), "RIGHT") for n, column in enumerate(part.columns) if column.is_amount]
    style += [("FONT", (0, n + 1), (-1, n + 1), BOLD, 8.5, 12) for n in sorted(part.strong)]
    return LongTable([head, *rows], colWidths=[WIDTH * one.share for one in part.columns], repeatRows=1, style=style)
