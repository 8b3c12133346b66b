"""A settlement report as CSV: read line by line, or refused with the line and the reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.gateways.settlement import Movement, MovementKind
from portal.gateways.settlement_csv import ReportUnreadableError, read_report

pytestmark = pytest.mark.req("BAL-11")

HEAD = "ref,kind,currency,gross,fee,charge_ref,refund_ref,at"
AT = "2026-11-27T09:30:00+00:00"


def test_movements_are_read_in_the_decimals_of_their_currency() -> None:
    lines = [HEAD, f"m1,charge,KRW,12000,264,pay_1,,{AT}", f"m2,refund,USD,-12.50,,pay_2,ref_2,{AT}"]
    at = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
    assert list(read_report(lines)) == [
        Movement("m1", MovementKind.CHARGE, "KRW", 12_000, 264, at, "pay_1", None),
        Movement("m2", MovementKind.REFUND, "USD", -1_250, 0, at, "pay_2", "ref_2"),
    ]


@pytest.mark.req("REF-07")
def test_what_was_charged_in_another_currency_is_read_in_its_own_decimals() -> None:
    head = f"{HEAD},charged_currency,charged"
    lines = [head, f"m1,charge,KRW,44000,0,pay_1,,{AT},KWD,12.340", f"m2,charge,KRW,12000,0,pay_2,,{AT},,"]
    first, second = read_report(lines)
    assert (first.gross_minor, first.charged_currency, first.charged_minor) == (44_000, "KWD", 12_340)
    assert (second.charged_currency, second.charged_minor) == (None, None)
    for wrong, problem in (
        ([head, f"m1,charge,KRW,44000,0,pay_1,,{AT},KWD,"], "belong together"),
        ([head, f"m1,charge,KRW,44000,0,pay_1,,{AT},QQQ,1"], "charged_currency is not"),
        ([f"{HEAD},charged", f"m1,charge,KRW,44000,0,pay_1,,{AT},1"], "belong together"),
    ):
        with pytest.raises(ReportUnreadableError, match=problem):
            list(read_report(wrong))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f",charge,KRW,1,0,a,,{AT}", "ref is empty"),
        (f"m,sale,KRW,1,0,a,,{AT}", "kind must be one of"),
        (f"m,charge,XXX1,1,0,a,,{AT}", "currency is not"),
        (f"m,charge,KRW,1.5,0,a,,{AT}", "gross is not an amount"),
        (f"m,charge,KRW,--1,0,a,,{AT}", "gross is not an amount"),
        (f"m,charge,USD,1.234,0,a,,{AT}", "gross is not an amount"),
        (f"m,charge,KRW,,0,a,,{AT}", "gross is not an amount"),
        (f"m,charge,KRW,1,-1,a,,{AT}", "fee is below zero"),
        ("m,charge,KRW,1,0,a,,yesterday", "at is not a time"),
        ("m,charge,KRW,1,0,a,,2026-11-27T09:30:00", "at has no time zone"),
        (f"m,charge,KRW,1,0,a,{AT}", "more or fewer columns"),
        (f"m,charge,KRW,1,0,a,,{AT},more", "more or fewer columns"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(line: str, problem: str) -> None:
    with pytest.raises(ReportUnreadableError, match=f"^line 3: .*{problem}"):
        list(read_report([HEAD, f"m0,payout,KRW,-5,0,,,{AT}", line]))


def test_a_file_of_another_kind_is_refused_by_its_header() -> None:
    with pytest.raises(ReportUnreadableError, match="columns are missing: ref, kind"):
        list(read_report(["a,b", "1,2"]))
