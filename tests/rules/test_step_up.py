"""When a second proof is asked for."""

from __future__ import annotations

import pytest

from portal.kit.money import Money
from portal.rules.step_up import ALWAYS, CouponRush, StepUpAction, needs_step_up

pytestmark = pytest.mark.req("IDN-04")
WITHDRAW = StepUpAction.WITHDRAW


def test_the_threshold_itself_is_let_through_and_one_above_is_not() -> None:
    assert not needs_step_up(WITHDRAW, Money(500_000, "KRW"), {})
    assert needs_step_up(WITHDRAW, Money(500_001, "KRW"), {})


def test_a_channel_sets_its_own_thresholds_and_keeps_the_others() -> None:
    policy = {"step_up": {WITHDRAW.value: {"KRW": 10_000}}}
    assert needs_step_up(WITHDRAW, Money(10_001, "KRW"), policy)
    assert not needs_step_up(WITHDRAW, Money(10_000, "KRW"), policy)
    assert not needs_step_up(WITHDRAW, Money(40_000, "USD"), policy)
    assert not needs_step_up(StepUpAction.RELEASE_WITHDRAWAL, Money(500_000, "KRW"), policy)


def test_a_currency_without_threshold_always_needs_it() -> None:
    assert needs_step_up(WITHDRAW, Money(1, "CHF"), {})


@pytest.mark.parametrize("action", sorted(ALWAYS))
def test_no_policy_spares_credentials_and_factors(action: StepUpAction) -> None:
    assert needs_step_up(action, None, {"step_up": {action.value: {"KRW": 10**12}}})
    assert needs_step_up(action, Money(1, "KRW"), {"step_up": {action.value: {"KRW": 10**12}}})


@pytest.mark.parametrize(
    ("used", "more", "asked"), [(0, 6, False), (5, 1, False), (5, 2, True), (6, 1, True), (9, 0, False)]
)
def test_coupons_above_the_threshold_within_the_time_need_it_and_an_order_without_any_never(
    used: int, more: int, asked: bool
) -> None:
    assert CouponRush.of({}).needs_step_up(used=used, more=more) is asked
    own = CouponRush.of({"step_up": {"coupon:use-many": {"uses": 20}}})
    assert (own.needs_step_up(used=used, more=more), own.within) == (False, CouponRush.of({}).within)
