"""Lists as files: names, filters and formulas (ANA-03, A27)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.tables import FORMULA, Format, safe_text
from portal.queries.admin_orders import OrderFilter
from portal.queries.listings.books import BalanceFilter
from portal.queries.listings.coupons import UseFilter
from portal.rules.exports import FormatUnknownError, file_name, format_of, pack, unpack

pytestmark = pytest.mark.req("ANA-03")
DAYS = st.one_of(st.none(), st.dates())
INSTANTS = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))


@given(st.text())
def test_no_text_is_a_formula_and_none_is_lost(text: str) -> None:
    safe = safe_text(text)
    assert not safe.startswith(FORMULA)
    assert safe.removeprefix("'") == text or safe == text


@given(
    st.builds(
        OrderFilter,
        status=st.one_of(st.none(), st.just("paid")),
        channel_id=st.one_of(st.none(), st.integers(1)),
        placed_from=INSTANTS,
        search=st.text(),
        held=st.booleans(),
        first=DAYS,
        last=DAYS,
        paid=st.booleans(),
    )
)
def test_a_filter_is_kept_whole(chosen: OrderFilter) -> None:
    assert unpack(OrderFilter, pack(chosen)) == chosen


def test_owners_that_nobody_has_stay_none_of_all() -> None:
    assert unpack(BalanceFilter, pack(BalanceFilter(owners=()))) == BalanceFilter(owners=())


def test_a_filter_that_is_not_known_any_more_is_left_out() -> None:
    assert unpack(UseFilter, {"status": "redeemed", "colour": "red"}) == UseFilter(status="redeemed")


def test_the_file_is_called_by_its_filter_and_never_by_what_was_searched() -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    chosen = pack(UseFilter(status="redeemed", claimed_from=since, search="bea@example.com"))
    name = file_name("redemptions", chosen, day=date(2026, 11, 29), kind=Format.XLSX)
    assert name == "redemptions-redeemed-2026-11-01-2026-11-29.xlsx"
    meant = pack(BalanceFilter(kind="deposit", owners=("gateway:bea@example.com", "bea@example.com")))
    assert file_name("balances", meant, day=date(2026, 11, 29), kind=Format.CSV) == "balances-deposit-2026-11-29.csv"


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans()), max_size=5))
def test_a_name_is_fit_for_every_disk(chosen: dict[str, object]) -> None:
    name = file_name("orders", chosen, day=date(2026, 11, 29), kind=Format.CSV)
    assert name.isascii()
    assert len(name) <= 125
    assert not set(name) & set('/\\:"*?<>| ')


def test_another_format_is_refused() -> None:
    with pytest.raises(FormatUnknownError):
        format_of("docx")
