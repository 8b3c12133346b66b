"""The rules of risk, at their thresholds (FRD-01, FRD-02, ORD-002)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portal.rules.fraud import DEFAULT_RULES, TESTS, Features, Mode, Outcome, Rule, RuleSet, evaluate

QUIET = Features(currency="KRW", amount_minor=30_000, own_mean_minor=28_000, paid_orders=5, account_age=timedelta(90))


@pytest.mark.req("FRD-01")
def test_a_usual_payment_fires_nothing() -> None:
    decision = evaluate(QUIET)
    assert (decision.outcome, decision.score, decision.fired) == (Outcome.ALLOW, 0, ())


@pytest.mark.req("FRD-01")
@pytest.mark.parametrize(
    ("rule", "under", "over"),
    [
        ("amount_above", {"amount_minor": 3_000_000}, {"amount_minor": 3_000_001}),
        ("amount_above_own_mean", {"amount_minor": 280_000}, {"amount_minor": 280_001}),
        (
            "new_account_large_amount",
            {"amount_minor": 1_000_001, "account_age": timedelta(hours=24)},
            {"amount_minor": 1_000_001, "account_age": timedelta(hours=23)},
        ),
        (
            "new_account_large_amount",
            {"amount_minor": 1_000_000, "account_age": timedelta(0)},
            {"amount_minor": 1_000_001, "account_age": timedelta(0)},
        ),
        ("orders_velocity", {"orders_in_window": 10}, {"orders_in_window": 11}),
        ("attempts_velocity", {"attempts_in_window": 15}, {"attempts_in_window": 16}),
        ("declines_velocity", {"declines_in_window": 4}, {"declines_in_window": 5}),
        ("coupon_misses_velocity", {"coupon_misses_in_window": 10}, {"coupon_misses_in_window": 11}),
        ("accounts_on_device", {"accounts_on_device": 4}, {"accounts_on_device": 5}),
        ("on_blocked_list", {"blocked_by": ()}, {"blocked_by": ("cards",)}),
    ],
)
def test_each_rule_fires_over_its_threshold_only(rule: str, under: dict[str, Any], over: dict[str, Any]) -> None:
    assert rule not in {fired.rule for fired in evaluate(replace(QUIET, **under)).fired}
    (fired,) = [one for one in evaluate(replace(QUIET, **over)).fired if one.rule == rule]
    assert fired.version == 1
    assert fired.sentence % fired.params


@pytest.mark.req("ORD-002")
def test_a_large_amount_goes_to_review_and_a_blocked_card_nowhere() -> None:
    large = replace(QUIET, amount_minor=3_000_001, own_mean_minor=2_000_000)
    assert evaluate(large).outcome is Outcome.REVIEW
    assert evaluate(replace(large, trusted_by=("vip",))).outcome is Outcome.ALLOW
    blocked = replace(large, blocked_by=("cards",), trusted_by=("vip",))
    assert evaluate(blocked).outcome is Outcome.BLOCK


def test_points_add_up_to_a_hundred_at_most_and_decide_at_their_bounds() -> None:
    def outcome(points: int) -> tuple[Outcome, int]:
        rules = RuleSet((Rule("orders_velocity", points=points, limits={"maximum": 0}),), review_from=50, block_from=90)
        decision = evaluate(replace(QUIET, orders_in_window=1), rules)
        return decision.outcome, decision.score

    assert outcome(49) == (Outcome.ALLOW, 49)
    assert outcome(50) == (Outcome.REVIEW, 50)
    assert outcome(89) == (Outcome.REVIEW, 89)
    assert outcome(90) == (Outcome.BLOCK, 90)
    assert outcome(400) == (Outcome.BLOCK, 100)


@pytest.mark.req("FRD-02")
def test_a_monitored_rule_is_noted_and_does_nothing() -> None:
    rules = RuleSet((Rule("orders_velocity", version=7, points=100, mode=Mode.MONITOR, limits={"maximum": 0}),))
    decision = evaluate(replace(QUIET, orders_in_window=1), rules)
    assert (decision.outcome, decision.score) == (Outcome.ALLOW, 0)
    assert [(one.rule, one.version) for one in decision.fired] == [("orders_velocity", 7)]


def test_an_amount_in_a_currency_without_threshold_is_not_judged_by_another() -> None:
    assert evaluate(replace(QUIET, currency="CHF", amount_minor=10**12, own_mean_minor=None)).fired == ()


def test_every_test_is_in_force_by_default() -> None:
    assert {rule.name for rule in DEFAULT_RULES.rules} == set(TESTS)
