"""Limits and terms of a channel, as they are typed and kept (BAL-02, BAL-06)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.money import Money
from portal.rules.channel_policy import ORDERED, TERMS, Kind, read_typed, typed_of, with_terms
from portal.rules.step_up import CouponRush, StepUpAction, needs_step_up
from portal.rules.top_ups import limits_of

pytestmark = pytest.mark.req("BAL-06")

CURRENCIES = st.sampled_from(["KRW", "USD", "KWD"])


def values_of(term: Any) -> st.SearchStrategy[int | bool]:
    return st.just(True) if term.kind is Kind.YES else st.integers(term.low, term.high)


TYPED = st.fixed_dictionaries({}, optional={name: values_of(term) for name, term in TERMS.items()})
OTHERS = st.dictionaries(
    st.sampled_from(["issuer", "mileage", "other"]), st.dictionaries(st.just("earn_rate"), st.just("1"))
)
# Bounds that lie below the one before them, whose field is then named.
LATER = {high for _, high in ORDERED}


@given(CURRENCIES, TYPED, OTHERS)
def test_what_is_kept_is_shown_and_read_as_it_was_and_the_rest_stays(
    currency: str, values: dict[str, int | bool], policy: dict[str, Any]
) -> None:
    kept = with_terms(policy, values, currency)
    assert with_terms(kept, values, currency) == kept
    read, faults = read_typed(typed_of(kept, currency), currency)
    assert read == values
    assert set(faults) <= LATER
    assert with_terms(kept, {}, currency) == {name: one for name, one in policy.items() if one}


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"mileage-minimum_points": "-1"}, "mileage-minimum_points"),
        ({"mileage-minimum_points": "1.5"}, "mileage-minimum_points"),
        ({"mileage-step_points": "0"}, "mileage-step_points"),
        ({"mileage-max_share_basis_points": "100.01"}, "mileage-max_share_basis_points"),
        ({"mileage-max_share_basis_points": "12.345"}, "mileage-max_share_basis_points"),
        ({"mileage-minimum_points": "200", "mileage-maximum_points": "100"}, "mileage-maximum_points"),
        ({"top_up-minimum_minor": "0"}, "top_up-minimum_minor"),
        ({"top_up-minimum_minor": "3,000,000"}, "top_up-maximum_minor"),
        ({"top_up-daily_minor": "10"}, "top_up-daily_minor"),
        ({"top_up-maximum_minor": "1e6"}, "top_up-maximum_minor"),
        ({"fx-age_max_days": "366"}, "fx-age_max_days"),
        ({"step_up-coupon_use-many-uses": "0"}, "step_up-coupon_use-many-uses"),
        ({"step_up-deposit_withdraw": "9" * 40}, "step_up-deposit_withdraw"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(typed: dict[str, str], wrong: str) -> None:
    assert wrong in TERMS
    assert list(read_typed(typed, "KRW")[1]) == [wrong]


def test_the_rules_find_what_was_kept() -> None:
    typed = {
        "top_up-minimum_minor": "5,000",
        "step_up-deposit_withdraw": "1,000",
        "step_up-coupon_use-many-uses": "2",
        "mileage-max_share_basis_points": "12.5",
    }
    values, faults = read_typed(typed, "KRW")
    assert faults == {}
    policy = with_terms({"mileage": {"earn_rate": "0.01"}}, values, "KRW")
    limits = limits_of("KRW", policy)
    assert limits is not None
    assert (limits.minimum_minor, limits.maximum_minor) == (5_000, 2_000_000)
    assert policy["mileage"] == {"earn_rate": "0.01", "max_share_basis_points": 1_250}
    assert not needs_step_up(StepUpAction.WITHDRAW, Money(1_000, "KRW"), policy)
    assert needs_step_up(StepUpAction.WITHDRAW, Money(1_001, "KRW"), policy)
    assert CouponRush.of(policy).needs_step_up(used=2, more=1)
