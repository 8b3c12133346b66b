from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.channel_goods import Field, Outcome, Place, outcome_of, read_assignments
from portal.rules.csv_table import FileUnfitError

pytestmark = pytest.mark.req("CHN-03")
PLACES = {"kr": Place(1, "KRW", ZoneInfo("Asia/Seoul")), "us": Place(2, "USD", ZoneInfo("America/New_York"))}
HEAD = "sku,channel,sold,currency,price,from,until\n"


def test_a_file_says_what_is_sold_and_prices_in_the_channels_own_time() -> None:
    rows, faults = read_assignments(HEAD + "A,kr,yes,,,,\nB,us,,USD,9.50,2026-12-01 09:00,2026-12-02 09:00\n", PLACES)
    assert faults == []
    assert (rows[0].is_sold, rows[0].amount_minor) == (True, None)
    assert (rows[1].is_sold, rows[1].amount_minor) == (None, 950)
    assert rows[1].begins == datetime(2026, 12, 1, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",kr,yes,,,,", "SKU_MISSING"),
        ("A,mars,yes,,,,", "CHANNEL"),
        ("A,kr,perhaps,,,,", "SOLD"),
        ("A,kr,,,,,", "EMPTY_ROW"),
        ("A,kr,,KRW,100,,", "WINDOW"),
        ("A,kr,,CHF,100,2026-12-01 09:00,2026-12-02 09:00", "CURRENCY"),
        ("A,kr,,,100,2026-12-01 09:00,2026-12-02 09:00", "CURRENCY"),
        ("A,kr,,KRW,1.5,2026-12-01 09:00,2026-12-02 09:00", "PRICE"),
        ("A,kr,,KRW,100,tomorrow,2026-12-02 09:00", "TIME"),
    ],
)
def test_each_fault_of_a_row_has_its_own_code(row: str, code: str) -> None:
    rows, faults = read_assignments(f"{HEAD}{row}\n", PLACES)
    assert (rows, [fault.refusal.code for fault in faults]) == ([], [code])


def test_a_file_without_its_columns_is_refused_as_a_whole() -> None:
    with pytest.raises(FileUnfitError):
        read_assignments("sku,sold\nA,yes\n", PLACES)


@given(st.sampled_from(Field), st.sets(st.sampled_from([one.value for one in Field])), st.booleans(), st.booleans())
def test_the_masters_change_never_reaches_what_a_channel_keeps_or_does_not_sell(
    field: Field, own: set[str], is_manual: bool, is_sold: bool
) -> None:
    outcome = outcome_of(field, own=own, is_manual=is_manual, is_sold=is_sold)
    assert (outcome is Outcome.APPLIED) == (is_sold and field not in own and not is_manual)
    assert (outcome is Outcome.NOT_HERE) == (not is_sold)
