"""Files of counts: what they say is taken as it is, and said twice it changes nothing."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.errors import Rejection
from portal.rules.csv_table import FileUnfitError
from portal.rules.stock import COLUMNS, Known, Wanted, read_counts, want

UNITS = st.integers(0, 1_000_000)
SKUS = st.text("ABCDE-12=+", min_size=1, max_size=8)


def written(rows: list[tuple[object, ...]], columns: tuple[str, ...] = COLUMNS) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue()


@given(st.dictionaries(SKUS, st.tuples(UNITS, UNITS, st.none() | UNITS, st.none() | UNITS), min_size=1, max_size=6))
def test_what_is_written_is_read(stocks: dict[str, tuple[int, int, int | None, int | None]]) -> None:
    rows, problems = read_counts(written([(sku, *("" if n is None else n for n in ns)) for sku, ns in stocks.items()]))
    assert problems == []
    assert {row.sku: (row.on_hand, row.safety, row.alert_at, row.was) for row in rows} == stocks


@given(UNITS, UNITS, UNITS, UNITS, st.none() | UNITS)
def test_a_row_that_was_applied_changes_nothing_the_second_time(
    on_hand: int, reserved: int, count: int, safety: int, was: int | None
) -> None:
    row = read_counts(written([("A", count, safety, "", "" if was is None else was)]))[0][0]
    known = Known(max(on_hand, reserved), reserved, 0, None)
    wanted = want(row, known)
    if isinstance(wanted, Wanted):
        assert wanted.on_hand >= reserved
        after = Known(wanted.on_hand, reserved, wanted.safety, wanted.alert_at)
        again = want(row, after)
        assert isinstance(again, Wanted)
        assert not again.changes(after)
    else:
        assert count < reserved or was not in {None, known.on_hand}


def test_each_fault_names_its_row() -> None:
    rows, problems = read_counts(
        written(
            [
                ("A", 1, "", "", ""),
                ("", 2, "", "", ""),
                ("A", 3, "", "", ""),
                ("B", "-1", "", "", ""),
                ("C", "", "", "", ""),
            ]
        )
    )
    assert [row.sku for row in rows] == ["A"]
    assert [(one.row, one.refusal.code) for one in problems] == [
        (3, "SKU_MISSING"),
        (4, "SKU_TWICE"),
        (5, "NUMBER"),
        (6, "NUMBER"),
    ]


def test_columns_that_are_not_there_leave_things_as_they_are() -> None:
    row = read_counts("sku,on_hand\nA,７\n")[0][0]  # Digits as Korean keyboards may give them.
    assert want(row, Known(3, 0, 2, 5)) == Wanted(7, 2, 5)


def test_goods_sold_since_the_file_was_made_are_counted_again() -> None:
    row = read_counts(written([("A", 12, "", "", 10)]))[0][0]
    refusal = want(row, Known(9, 0, 0, None))
    assert isinstance(refusal, Rejection)
    assert refusal.code == "MOVED"


@pytest.mark.parametrize("text", ["", "sku\nA\n", "sku,on_hand\n", "sku,on_hand\n" + "A,1\n" * 5_001])
def test_what_is_no_table_of_counts_is_refused(text: str) -> None:
    with pytest.raises(FileUnfitError):
        read_counts(text)
