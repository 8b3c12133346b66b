from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from portal.learning.columns import Columns, ColumnsError, EventError, recognise

HEADER = ("transaction_id", "tx_datetime", "customer_id", "terminal_id", "tx_amount", "tx_fraud", "country")
LINE = dict(zip(HEADER, ("7", "2018-04-01 00:00:31", "c1", "", "12.5", "1", "kr"), strict=True))


@pytest.fixture
def columns() -> Columns:
    return recognise(HEADER, [LINE], named={})


@pytest.mark.req("FRD-09")
def test_the_names_of_public_sets_are_known(columns: Columns) -> None:
    assert columns.roles == {
        "time": "tx_datetime",
        "customer": "customer_id",
        "terminal": "terminal_id",
        "amount": "tx_amount",
        "label": "tx_fraud",
    }
    assert (columns.numbers, columns.words) == (("transaction_id",), ("country",))
    event = columns.event(LINE)
    assert (event.at, event.customer, event.terminal) == (datetime(2018, 4, 1, 0, 0, 31, tzinfo=UTC), "c1", None)
    assert (event.amount, event.label, event.numbers, event.words) == (12.5, True, [7.0], ["kr"])


def test_an_empty_cell_is_not_known(columns: Columns) -> None:
    event = columns.event(LINE | {"tx_fraud": "", "transaction_id": "", "customer_id": ""})
    assert event.label is None
    assert event.customer is None
    assert math.isnan(event.numbers[0])


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("tx_amount", "", "is no number"),
        ("tx_amount", "nan", "is no number"),
        ("tx_amount", "1e999", "is no number"),
        ("transaction_id", "x", "transaction_id: 'x' is no number"),
        ("tx_fraud", "2", "neither 1 nor 0"),
        ("tx_datetime", "yesterday", "neither a date nor a number of seconds"),
        ("tx_datetime", "-5", "outside of 1970"),
        ("tx_datetime", "9e99", "neither a date nor a number"),
        ("tx_datetime", "9999-12-31", "outside of 1970"),
        ("country", "k\0r", "NUL"),
        ("", "more", "more cells"),
    ],
)
def test_what_is_no_event_says_why(columns: Columns, column: str, cell: str, reason: str) -> None:
    with pytest.raises(EventError, match=reason):
        columns.event(LINE | {column: cell})


@pytest.mark.parametrize(
    ("cell", "unit", "at"),
    [
        ("0", "seconds", datetime(1970, 1, 1, tzinfo=UTC)),
        ("36", "hours", datetime(1970, 1, 2, 12, tzinfo=UTC)),
        ("1522540831", "seconds", datetime(2018, 4, 1, 0, 0, 31, tzinfo=UTC)),
        ("1522540831000", "seconds", datetime(2018, 4, 1, 0, 0, 31, tzinfo=UTC)),
        ("2018-04-01T09:00:31+09:00", "seconds", datetime(2018, 4, 1, 0, 0, 31, tzinfo=UTC)),
    ],
)
def test_times_come_as_dates_or_as_numbers(cell: str, unit: str, at: datetime) -> None:
    columns = recognise(HEADER, [LINE], named={}, unit=unit)
    assert columns.event(LINE | {"tx_datetime": cell}).at == at


def test_columns_are_named_where_they_are_not_known() -> None:
    header = ("when", "price", "bad")
    with pytest.raises(ColumnsError, match="known as time, amount, label: name it with --column time=NAME"):
        recognise(header, [], named={})
    with pytest.raises(ColumnsError, match="no column cost"):
        recognise(header, [], named={"amount": "cost"})
    with pytest.raises(ColumnsError, match="colour is no role"):
        recognise(header, [], named={"colour": "bad"})
    found = recognise(header, [], named={"time": "When", "amount": "price", "label": "bad"})
    assert found.roles == {"time": "when", "amount": "price", "label": "bad"}
