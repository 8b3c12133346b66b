"""Lists as CSV files: what the page shows, whole, for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from flask import Response, stream_with_context

from portal.kit.paging import Page
from portal.kit.tables import safe_text

T = TypeVar("T")

# Somebody who wants more narrows the days: a file that grows without end would hold up a worker.
ROWS_MAX = 50_000
PAGE_ROWS = 1_000


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """An answer that is saved as `name`. Texts that a spreadsheet would compute are marked as texts."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_safe(value) for value in row])
    # With a byte order mark, without which Excel takes Korean for something else.
    answer = Response(written.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def csv_stream(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The same for a list without end: written piece by piece while it is read, and never held whole."""

    def pieces() -> Iterator[bytes]:
        yield b"\xef\xbb\xbf"
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\r\n")
        writer.writerow(head)
        for number, row in enumerate(rows, start=1):
            writer.writerow([_safe(value) for value in row])
            if number % PAGE_ROWS == 0:
                yield _taken(written)
        yield _taken(written)

    answer = Response(stream_with_context(pieces()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _taken(written: io.StringIO) -> bytes:
    piece = written.getvalue().encode()
    written.seek(0)
    written.truncate()
    return piece


def every_row(fetch: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """The rows of all pages of a list, at most ROWS_MAX; `fetch` gets the page at a cursor."""
    cursor, left = None, ROWS_MAX
    while left > 0:
        page = fetch(cursor)
        yield from page.rows[:left]
        left -= len(page.rows)
        cursor = page.next_cursor
        if cursor is None:
            return


def _safe(value: object) -> object:
    return safe_text(value) if isinstance(value, str) else value
