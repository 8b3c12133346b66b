"""Files of corrections as people make them, and when a second person looks (BAL-07)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.money import AmountInvalidError
from portal.rules.adjustments import (
    BOUNDS,
    LINES_MAX,
    AdjustmentEncodingError,
    AdjustmentFileError,
    AdjustmentLinesError,
    fault_of,
    needs_second,
    read_amount,
    read_file,
)

pytestmark = pytest.mark.req("BAL-07")

BEA = "bea@example.com"


@pytest.mark.parametrize(
    "content",
    [
        b"person,amount\nbea@example.com,5000\n",
        b'\xef\xbb\xbfperson,amount\r\nbea@example.com,"5,000"\r\n\r\n',
        "이메일;금액\nbea@example.com;5000".encode("cp949"),
        "amount\tperson\n+5000\tbea@example.com".encode("utf-16"),
        b"E-mail , Amount\n bea@example.com , '5000\n",
    ],
)
def test_a_file_is_read_as_spreadsheets_save_it(content: bytes) -> None:
    assert [(line.given, line.amount_minor, line.code) for line in read_file(content, "KRW")] == [(BEA, 5000, None)]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", AdjustmentFileError),
        (b"person\nbea@example.com\n", AdjustmentFileError),
        (b"person,amount,note\nbea@example.com,1,x\n", AdjustmentFileError),
        (b"bea@example.com,5000\n", AdjustmentFileError),
        (b"person,amount\n", AdjustmentLinesError),
        (b"person,amount\n" + b"a,1\n" * (LINES_MAX + 1), AdjustmentLinesError),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xff", AdjustmentEncodingError),
        (b"PK\x03\x04\x00\x00", AdjustmentEncodingError),
    ],
)
def test_what_is_no_such_file_is_refused_whole(content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_file(content, "KRW")


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "AMOUNT_ZERO"),
        ("-5000", None),
        ("−5000", None),
        ("5000001", "AMOUNT_TOO_LARGE"),
        ("-5000001", "AMOUNT_TOO_LARGE"),
        ("5.5", "AMOUNT_UNREADABLE"),
        ("1e3", "AMOUNT_UNREADABLE"),
        ("", "AMOUNT_UNREADABLE"),
        ("5,000", "AMOUNT_UNREADABLE"),  # Not quoted, and so a cell too many.
        ("=1+1", "FORMULA"),
        ("@SUM(A1)", "FORMULA"),
        ("9" * 40, "AMOUNT_UNREADABLE"),
    ],
)
def test_a_line_that_cannot_be_has_its_code(amount: str, code: str | None) -> None:
    (line,) = read_file(f"person,amount\n{BEA},{amount}\n".encode(), "KRW")
    assert line.code == code


def test_a_formula_is_nobody() -> None:
    (line,) = read_file(b'person,amount\n"=HYPERLINK(""http://x"")",1\n', "KRW")
    assert line.code == "FORMULA"


@given(st.binary(max_size=200))
def test_no_file_does_more_than_be_refused(content: bytes) -> None:
    try:
        lines = read_file(b"person,amount\n" + content, "USD")
    except (AdjustmentFileError, AdjustmentLinesError):
        return
    assert all((line.amount_minor is None) <= (line.code is not None) for line in lines)


def test_the_bounds_hold_on_both_sides() -> None:
    bounds = BOUNDS["KRW"]
    assert fault_of(bounds.each_minor, "KRW") is None
    assert fault_of(-bounds.each_minor - 1, "KRW") == "AMOUNT_TOO_LARGE"
    assert not needs_second([bounds.second_above_minor], "KRW")
    assert needs_second([-bounds.second_above_minor - 1], "KRW")
    assert not needs_second([bounds.second_above_minor] * 10, "KRW")
    assert needs_second([bounds.second_above_minor] * 10 + [1], "KRW")
    assert not needs_second([], "KRW")


@pytest.mark.parametrize("typed", ["--5", "-", "5-", "+-5", "five"])
def test_one_sign_and_no_more(typed: str) -> None:
    with pytest.raises(AmountInvalidError):
        read_amount(typed, "KRW")
