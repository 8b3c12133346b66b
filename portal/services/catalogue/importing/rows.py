"""Rows of a CSV file, plain or compressed, one at a time: a file of any size needs the memory of one row."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CELL_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a file. Cells are without outer space; a missing cell is empty."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that was left out, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class FileUnreadableError(Exception):
    """The file cannot be read at all. Its text is one sentence for the operator."""


def header_of(path: Path, *, delimiter: str = ",") -> tuple[str, ...]:
    """The names of the columns, in small letters. Raises FileUnreadableError."""
    try:
        with _opened(path, lambda _position: None) as lines:
            return _header(next(csv.reader(lines, delimiter=delimiter), []), path)
    except UnicodeDecodeError as failure:
        raise FileUnreadableError(f"{path} is no text in UTF-8: save it so.") from failure
    except (OSError, csv.Error, EOFError) as failure:
        raise FileUnreadableError(f"{path} cannot be read: {failure}") from failure


def delimiter_of(path: Path) -> str:
    """What stands between the cells of the header: of comma, semicolon, tab and bar what is there most often."""
    try:
        with _opened(path, lambda _position: None) as lines:
            first = lines.readline(CELL_MAX)
    except UnicodeDecodeError as failure:
        raise FileUnreadableError(f"{path} is no text in UTF-8: save it so.") from failure
    except (OSError, EOFError) as failure:
        raise FileUnreadableError(f"{path} cannot be read: {failure}") from failure
    return max(",;\t|", key=first.count)


def read_rows(
    path: Path, *, delimiter: str = ",", moved: Callable[[int], None] = lambda _position: None
) -> Iterator[Row]:
    """Every line after the header. `moved` is told how many bytes of the file have been read.

    Lines with more or fewer cells than columns come with the cell `""` filled, so that they can be refused. Raises
    FileUnreadableError when the file breaks off.
    """
    lines = read_cells(path, delimiter=delimiter, moved=moved)
    columns = next(lines)[1]
    for line, cells in lines:
        values = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
        if len(cells) != len(columns):
            values[""] = "more" if len(cells) > len(columns) else "fewer"
        yield Row(line, values)


def read_cells(
    path: Path, *, delimiter: str = ",", moved: Callable[[int], None] = lambda _position: None
) -> Iterator[tuple[int, Sequence[str]]]:
    """The header as `header_of` gives it, then the cells of every line as they stand, each with its line's number.

    For files of so many lines that a mapping of each would take minutes. Raises FileUnreadableError.
    """
    csv.field_size_limit(CELL_MAX)
    try:
        with _opened(path, moved) as lines:
            reader = csv.reader(lines, delimiter=delimiter)
            yield 1, _header(next(reader, []), path)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as failure:
        raise FileUnreadableError(f"{path} breaks off or is not CSV in UTF-8: {failure}") from failure


def _header(cells: list[str], path: Path) -> tuple[str, ...]:
    names = tuple(cell.strip().lower() for cell in cells)
    if not any(names):
        raise FileUnreadableError(f"{path} is empty.")
    return names


class _Counted(io.RawIOBase):
    """A file that tells how far it was read, also when what is in it is compressed."""

    def __init__(self, path: Path, moved: Callable[[int], None]) -> None:
        self._file = path.open("rb")
        self._moved = moved

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        count = self._file.readinto(buffer)  # type: ignore[arg-type]  # Whatever io hands over.
        self._moved(self._file.tell())
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _opened(path: Path, moved: Callable[[int], None]) -> io.TextIOWrapper:
    buffered = io.BufferedReader(_Counted(path, moved), 64 * 1024)
    # By its first bytes and not by its name: files are renamed.
    binary = gzip.GzipFile(fileobj=buffered) if buffered.peek(2)[:2] == b"\x1f\x8b" else buffered
    return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")
