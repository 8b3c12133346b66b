from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from portal.learning.columns import Columns, ColumnsError, EventError, Kind, recognise

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


@pytest.mark.parametrize(
    ("header", "first", "roles"),
    [
        # European cards: seconds since the first, 28 components.
        ("time v1 v28 amount class", "3601 -1.3 0.2 149.62 0", "time - - amount label"),
        # A mobile-money simulator: hours, both sides of each payment.
        (
            "step type amount nameorig oldbalanceorg namedest isfraud",
            "5 TRANSFER 181.0 C13 181.0 C55 1",
            "time - amount customer - terminal label",
        ),
        ("id isfraud transactiondt transactionamt card1", "1 0 86400 68.5 1393", "- label time amount customer"),
        ("user amount merchant_name is_fraud?", "0 $134.09 35 No", "customer amount terminal label"),
        # No time and no amount: the lines are in their order.
        ("fraud_bool income name_email_similarity", "1 0.3 0.98", "label - -"),
    ],
)  # fmt: skip
def test_files_of_many_houses_are_read_as_they_are(header: str, first: str, roles: str) -> None:
    line = dict(zip(header.split(), first.split(), strict=True))
    columns = recognise(tuple(line), [line], named={})
    wanted = {role: name for name, role in zip(line, roles.split(), strict=True) if role != "-"}
    assert columns.roles == wanted
    event = columns.event(line, 3)
    assert event.label is (line[wanted["label"]] in {"1", "Yes"})
    if "step" in line:
        assert event.at == datetime(1970, 1, 1, 5, tzinfo=UTC)
    if "user" in line:
        assert event.amount == 134.09
    if "income" in line:
        assert (event.at.minute, math.isnan(event.amount)) == (3, True)


def test_what_is_not_known_is_not_guessed(columns: Columns) -> None:
    event = columns.event(LINE | {"tx_fraud": "", "transaction_id": "n/a", "customer_id": "", "tx_amount": "NaN"})
    assert event.label is None
    assert event.customer is None
    assert math.isnan(event.numbers[0])
    assert math.isnan(event.amount)


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("tx_amount", "much", "tx_amount: 'much' is no number"),
        ("tx_amount", "1e999", "is no number"),
        ("tx_fraud", "2", "neither 1 nor 0"),
        ("tx_datetime", "yesterday", "neither a date nor a number of seconds"),
        ("tx_datetime", "-5", "outside of 1970"),
        ("tx_datetime", "9e99", "neither a date nor a number"),
        ("tx_datetime", "9999-12-31", "outside of 1970"),
        ("country", "k\0r", "NUL"),
        ("", "more", "more cells"),
        ("", "fewer", "fewer cells"),
    ],
)
def test_what_is_no_event_says_why(columns: Columns, column: str, cell: str, reason: str) -> None:
    with pytest.raises(EventError, match=reason):
        columns.event(LINE | {column: cell})


def test_a_column_without_name_is_no_further_cell(columns: Columns) -> None:
    assert columns.event(LINE | {"": "17"}).amount == 12.5


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        (["9,88", "1234,5", "1.234,50", "7"], [9.88, 1234.5, 1234.5, 7.0]),
        (["0,125", "1,500"], [0.125, 1.5]),
        (["1'234,50 €", "2 000,00"], [1234.5, 2000.0]),
        # A comma between thousands, whatever is beside it.
        (["1,234", "12,345,678", "1,234.50", "9.88"], [1234.0, 12345678.0, 1234.5, 9.88]),
    ],
)
def test_a_comma_before_decimals_is_told_from_one_between_thousands(cells: list[str], amounts: list[float]) -> None:
    lines = [LINE | {"tx_amount": cell} for cell in cells]
    columns = recognise(HEADER, lines, named={})
    assert [columns.event(line).amount for line in lines] == amounts


def test_a_column_of_numbers_stays_one_where_some_are_endless() -> None:
    lines = [LINE | {"country": cell} for cell in ("0.5", "inf", "-Infinity", "1e300", "nan")]
    columns = recognise(HEADER, lines, named={})
    assert "country" in columns.numbers
    found = [columns.event(line).numbers[columns.numbers.index("country")] for line in lines]
    assert found[0] == 0.5
    assert all(map(math.isnan, found[1:]))


@pytest.mark.parametrize(
    ("cell", "unit", "at"),
    [
        ("0", "seconds", datetime(1970, 1, 1, tzinfo=UTC)),
        ("36", "hours", datetime(1970, 1, 2, 12, tzinfo=UTC)),
        # Seconds, though it could be a date of the sixteenth century.
        ("15811130", "seconds", datetime(1970, 7, 2, 23, 58, 50, tzinfo=UTC)),
        ("20190102", "seconds", datetime(2019, 1, 2, tzinfo=UTC)),
        ("1522540831", "seconds", datetime(2018, 4, 1, 0, 0, 31, tzinfo=UTC)),
        ("1522540831000", "seconds", datetime(2018, 4, 1, 0, 0, 31, tzinfo=UTC)),
        ("2018-04-01T09:00:31+09:00", "seconds", datetime(2018, 4, 1, 0, 0, 31, tzinfo=UTC)),
        ("04/01/2018 00:31", "seconds", datetime(2018, 4, 1, 0, 31, tzinfo=UTC)),
        ("25/04/2018 00:31", "seconds", datetime(2018, 4, 25, 0, 31, tzinfo=UTC)),
        ("1.4.2018", "seconds", datetime(2018, 4, 1, tzinfo=UTC)),
        ("04/01/2018 1:31:02 PM", "seconds", datetime(2018, 4, 1, 13, 31, 2, tzinfo=UTC)),
    ],
)
def test_times_come_as_dates_or_as_numbers(cell: str, unit: str, at: datetime) -> None:
    line = LINE | {"tx_datetime": cell}
    assert recognise(HEADER, [line], named={}, unit=unit).event(line).at == at


def test_the_form_of_all_dates_decides_what_one_alone_leaves_open() -> None:
    lines = [LINE | {"tx_datetime": cell} for cell in ("04/03/2018", "13/03/2018")]
    assert recognise(HEADER, lines, named={}).event(lines[0]).at == datetime(2018, 3, 4, tzinfo=UTC)


def test_a_further_column_of_dates_is_one_of_numbers() -> None:
    line = {"time": "1", "label": "0", "dob": "1988-03-09", "name": "x"}
    columns = recognise(tuple(line), [line], named={})
    assert (columns.numbers, columns.words) == (("dob",), ("name",))
    assert columns.event(line).numbers == [datetime(1988, 3, 9, tzinfo=UTC).timestamp()]
    assert math.isnan(columns.event(line | {"dob": "never"}).numbers[0])


def test_columns_are_named_where_they_are_not_known() -> None:
    header = ("when", "cost", "evil")
    with pytest.raises(ColumnsError, match="known as label: name it with --column label=NAME"):
        recognise(header, [], named={})
    with pytest.raises(ColumnsError, match="no column price"):
        recognise(header, [], named={"amount": "price"})
    with pytest.raises(ColumnsError, match="colour is no role"):
        recognise(header, [], named={"colour": "evil"})
    with pytest.raises(ColumnsError, match=r"no column when\+cost"):
        recognise(header, [], named={"amount": "when+cost"})
    found = recognise(header, [], named={"time": "When", "amount": "cost", "label": "evil"})
    assert found.roles == {"time": "when", "amount": "cost", "label": "evil"}


@pytest.mark.req("FRD-09")
def test_who_is_known_by_several_columns_is_told_by_them_together() -> None:
    line = {"card1": "13926", "addr1": "", "isfraud": "0"}
    with pytest.raises(ColumnsError, match="no column zip"):
        recognise(tuple(line), [line], named={"customer": "card1+zip"})
    columns = recognise(tuple(line), [line], named={"customer": "card1+Addr1"}, kinds={"addr1": Kind.WORD})
    # They say something by themselves, too.
    assert (columns.numbers, columns.words) == (("card1",), ("addr1",))
    told = [columns.event(line | some).customer for some in ({"addr1": "315.0"}, {}, {"card1": ""})]
    assert told == ["13926+315.0", "13926+", None]


@pytest.mark.req("FRD-09")
def test_who_knows_the_columns_better_is_believed() -> None:
    line = {"t": "90", "cost": "7", "zip": "0150", "colour": "3", "who": "c", "bad": "TRUE"}
    columns = recognise(
        tuple(line),
        [line],
        named={"time": "t", "amount": "cost", "label": "bad", "customer": "-"},
        kinds={"ZIP": Kind.WORD, "colour": Kind.NOTHING},
        unit="minutes",
        epoch_s=datetime(2017, 11, 30, tzinfo=UTC).timestamp(),
    )
    assert (columns.numbers, columns.words) == ((), ("zip", "who"))
    event = columns.event(line)
    assert event.at == datetime(2017, 11, 30, 1, 30, tzinfo=UTC)
    assert (event.customer, event.label, event.words) == (None, True, ["0150", "c"])
    with pytest.raises(EventError, match="'1e300' is no number"):
        columns.event(line | {"cost": "1e300"})
