"""Codes of gift cards notice typing errors; terms stay within the law (BAL-09)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.ids import ALPHABET, normalise_code
from portal.rules.gift_cards import (
    CODE_LENGTH,
    VALID_AT_LEAST,
    check_letter,
    is_well_formed,
    refusal_of,
    terms_of,
    written,
)

pytestmark = pytest.mark.req("BAL-09")
bodies = st.text(st.sampled_from(ALPHABET), min_size=CODE_LENGTH - 1, max_size=CODE_LENGTH - 1)


@given(bodies, st.integers(0, CODE_LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_always_noticed(body: str, at: int, other: str) -> None:
    code = body + check_letter(body)
    assert is_well_formed(code)
    assert is_well_formed(normalise_code(f" {written(code).lower()} "))
    typed = code[:at] + other + code[at + 1 :]
    assert is_well_formed(typed) is (typed == code)


@given(st.text(max_size=40))
def test_nothing_that_is_typed_breaks_it(typed: str) -> None:
    assert is_well_formed(normalise_code(typed)) in (True, False)


def test_a_channel_may_let_cards_live_longer_and_never_shorter() -> None:
    longer, shorter = (terms_of("KRW", {"gift_card": {"valid_days": days}}) for days in (4_000, 1))
    assert longer is not None
    assert shorter is not None
    assert (longer.valid_for, shorter.valid_for) == (timedelta(days=4_000), VALID_AT_LEAST)
    assert terms_of("KRW", {"gift_card": {"closed": True}}) is None
    assert refusal_of(5_000, "KRW", shorter) is None
    for amount in (0, 4_999, 500_001):
        assert refusal_of(amount, "KRW", shorter) is not None
