"""An experiment's CSV files as arrays: millions of lines by blocks, each cell in four bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from portal.learning.columns import NO, YES, ColumnsError
from portal.learning.uplift.columns import (
    EXPOSURE,
    MISSING,
    NUMBER_MAX,
    TREATMENT,
    ExperimentColumns,
    is_known,
    is_no_arm,
    is_number,
    is_too_large,
    number_of,
    recognise,
    with_decimal_point,
    writes_decimal_commas,
)
from portal.learning.uplift.experiment import ARMS_MAX, Experiment, ExperimentError, control_of
from portal.services.catalogue.importing.rows import BadRow, delimiter_of, read_cells

PEEKED = 1000
BLOCK = 20_000
# Words of a column with more kinds say little; those with very many name single rows.
KINDS_KEPT = 30
KINDS_MAX = 10_000
CELLS_MAX = 600_000_000

Cells = Sequence[str]


@dataclass(slots=True)
class _Words:
    """A column of words, as numbers of its kinds."""

    kinds: dict[str, int] = field(default_factory=dict)
    blocks: list[npt.NDArray[np.int32]] = field(default_factory=list)
    is_named: bool = False

    def take(self, cells: Cells) -> None:
        kinds = self.kinds
        if not self.is_named:
            self.blocks.append(np.array([kinds.setdefault(cell, len(kinds)) for cell in cells], dtype=np.int32))
            if len(kinds) > KINDS_MAX:
                self.is_named = True
                self.blocks.clear()

    def columns(self, name: str) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
        """A column of noughts and ones for each of the commonest kinds; who is of no known kind has noughts."""
        codes = np.concatenate(self.blocks)
        count = np.bincount(codes, minlength=len(self.kinds))
        words = list(self.kinds)
        known = [code for code in np.argsort(-count, kind="stable") if words[code].lower() not in MISSING]
        for code in known[:KINDS_KEPT]:
            yield f"{name}={words[code]}", (codes == code).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was read, by outcome; which column was what, and how many lines were left out."""

    experiments: dict[str, Experiment]
    columns: ExperimentColumns
    refused: int


def read_experiment(
    files: Sequence[Path],
    *,
    named: Sequence[tuple[str, str]],
    without: Sequence[str] = (),
    control: str | None = None,
    sample: float = 1.0,
    seed: int = 20,
    told: Callable[[BadRow], None] = lambda _bad: None,
    moved: Callable[[int], None] = lambda _position: None,
) -> Taken:
    """Read files of one header. With a `sample` below 1 that share of the lines is taken, drawn by the seed.

    Raises FileUnreadableError, ColumnsError, ExperimentError.
    """
    rng = np.random.default_rng(seed)
    reading: _Reading | None = None
    for file in files:
        delimiter = delimiter_of(file)
        lines = read_cells(file, delimiter=delimiter, moved=moved)
        header = next(lines)[1]
        first = list(islice(lines, PEEKED))
        # Where commas are decimal, cells are parted by something else.
        if delimiter != "," and writes_decimal_commas([cells for _line, cells in first]):
            first = list(_with_points(first))
            lines = _with_points(lines)
        if reading is None:
            columns = recognise(header, [cells for _line, cells in first], named=named, without=without)
            reading = _Reading(header, columns, told)
        elif header != reading.header:
            raise ColumnsError(f"{file.name} has other columns than {files[0].name}.")
        block = first
        while block:
            if sample < 1:
                block = [line for line, luck in zip(block, rng.random(len(block)), strict=True) if luck < sample]
            reading.take(file.name, block)
            block = list(islice(lines, BLOCK))
    if reading is None or not reading.rows:
        raise ExperimentError("There are no rows to measure.")
    return Taken(reading.experiments(control), reading.columns, reading.refused)


def _with_points(lines: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Cells]]:
    for line, cells in lines:
        yield line, [with_decimal_point(cell) for cell in cells]


class _Reading:
    """What has been read so far."""

    def __init__(self, header: Sequence[str], columns: ExperimentColumns, told: Callable[[BadRow], None]) -> None:
        self.header, self.columns, self._told = header, columns, told
        self.rows = self.refused = 0
        self._place = {name: place for place, name in enumerate(header)}
        self._arms: dict[str, int] = {}
        self._arm: list[npt.NDArray[np.int16]] = []
        self._numbers: list[npt.NDArray[np.float32]] = []
        self._words = {name: _Words() for name in columns.words}
        self._outcomes: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in columns.outcomes}
        self._exposed: list[npt.NDArray[np.float64]] = []

    def take(self, file: str, block: Sequence[tuple[int, Cells]]) -> None:
        """Take lines; those that cannot be read are told and left out."""
        try:
            self._take([cells for _line, cells in block])
        except ValueError:
            good = []
            for line, cells in block:
                reason = self._fault(cells)
                if reason is None:
                    good.append(cells)
                else:
                    self.refused += 1
                    self._told(BadRow(file, line, reason))
            self._take(good)
        if self.rows * max(1, len(self.columns.numbers)) > CELLS_MAX:
            raise ExperimentError(
                f"More than {self.rows:,} rows of {len(self.columns.numbers)} features do not fit into memory: "
                "take a part of them with --sample, such as --sample 0.2."
            )

    def _take(self, block: Sequence[Cells]) -> None:
        if not block:
            return
        by_column = list(zip(*block, strict=True))
        if len(by_column) != len(self.header):
            raise ValueError("lines of another length")  # Caught by `take`, which names the lines.
        outcomes = [_numbers(by_column[self._place[name]], is_outcome=True) for name in self.columns.outcomes]
        numbers = [_numbers(by_column[self._place[name]]).astype(np.float32) for name in self.columns.numbers]
        exposed = None
        if EXPOSURE in self.columns.roles:
            exposed = _numbers(by_column[self._place[self.columns.roles[EXPOSURE]]], is_outcome=True)
        arms = [cell.strip() for cell in by_column[self._place[self.columns.roles[TREATMENT]]]]
        if any(map(is_no_arm, set(arms))):
            raise ValueError("no arm")  # As above.
        self._arm.append(np.array([self._arms.setdefault(arm, len(self._arms)) for arm in arms], dtype=np.int16))
        if len(self._arms) > ARMS_MAX:
            raise ExperimentError(
                f"The column {self.columns.roles[TREATMENT]} has more than {ARMS_MAX} arms: "
                "name the right one with --column treatment=NAME."
            )
        for name, outcome in zip(self.columns.outcomes, outcomes, strict=True):
            self._outcomes[name].append(outcome)
        if exposed is not None:
            self._exposed.append(exposed)
        self._numbers.append(np.column_stack(numbers) if numbers else np.empty((len(block), 0), dtype=np.float32))
        for name, words in self._words.items():
            words.take([cell.strip() for cell in by_column[self._place[name]]])
        self.rows += len(block)

    def _fault(self, cells: Cells) -> str | None:
        if len(cells) != len(self.header):
            return f"it has {len(cells)} cells and the header {len(self.header)}"
        roles = self.columns.roles
        arm = cells[self._place[roles[TREATMENT]]].strip()
        if is_no_arm(arm):
            return f"{roles[TREATMENT]}: {arm!r} says no arm" if arm else f"{roles[TREATMENT]} is empty"
        for name in (*self.columns.outcomes, *(roles[role] for role in (EXPOSURE,) if role in roles)):
            cell = cells[self._place[name]].strip()
            if cell.lower() not in YES | NO and (not cell or not is_number(cell)):
                return _no_number(name, cell)
        for name in self.columns.numbers:
            cell = cells[self._place[name]].strip()
            if not is_known(cell):
                return _no_number(name, cell)
        return None

    def experiments(self, control: str | None) -> dict[str, Experiment]:
        """All that was read, the control's arm first: one for each outcome, of the same rows."""
        names = _as_few(self._arms)
        first = control_of(list(names), said=control)
        order = [first, *sorted(name for name in names if name != first)]
        number = np.zeros(len(self._arms), dtype=np.int16)
        for code, spelled in enumerate(self._arms):
            number[code] = order.index(_spelling(spelled))
        left_out, columns = dict(self.columns.left_out), list(self.columns.numbers)
        kinds: list[npt.NDArray[np.float32]] = []
        for name, words in self._words.items():
            if words.is_named or len(words.kinds) > max(KINDS_KEPT, self.rows / 2):
                left_out[name] = "it names single rows"
                continue
            for title, column in words.columns(name):
                columns.append(title)
                kinds.append(column)
        values = np.empty((self.rows, len(columns)), dtype=np.float32)
        at = 0
        # Blocks are given back as they are copied: the table is in memory once, and not twice.
        self._numbers.reverse()
        while self._numbers:
            some = self._numbers.pop()
            values[at : at + len(some), : some.shape[1]] = some
            at += len(some)
        for place, column in enumerate(kinds, len(self.columns.numbers)):
            values[:, place] = column
        arm = number[np.concatenate(self._arm)]
        exposed = np.concatenate(self._exposed) if self._exposed else None
        return {
            name: Experiment(tuple(order), arm, np.concatenate(parts), tuple(columns), values, exposed, left_out)
            for name, parts in self._outcomes.items()
        }


def _numbers(cells: Cells, *, is_outcome: bool = False) -> npt.NDArray[np.float64]:
    """A column's cells as numbers, NaN where it is empty. Raises ValueError for one that is none."""
    try:
        found = np.array(cells, dtype=np.str_).astype(np.float64)
    except ValueError:
        found = np.array([_number(cell.strip(), is_outcome=is_outcome) for cell in cells], dtype=np.float64)
    if (np.abs(found) > NUMBER_MAX).any() or (is_outcome and np.isnan(found).any()):
        raise ValueError("no number")
    return found


def _number(cell: str, *, is_outcome: bool) -> float:
    word = cell.lower()
    if is_outcome and word in YES | NO and not is_number(word):
        return float(word in YES)
    return math.nan if word in MISSING and not is_outcome else number_of(cell)


def _no_number(name: str, cell: str) -> str:
    return f"{name}: {cell[:40]!r} is {'too large a number' if is_too_large(cell) else 'no number'}"


def _spelling(arm: str) -> str:
    """`1` and `1.0` are one arm."""
    return arm[:-2] if arm.endswith(".0") and arm[:-2].isdigit() else arm


def _as_few(arms: Mapping[str, int]) -> list[str]:
    return list(dict.fromkeys(_spelling(arm) for arm in arms))
