"""The rules of risk: each at its threshold, modes, trust, shadows, and what is missing (FRD-01, FRD-02, ORD-002)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from portal.rules.fraud import DEFAULT_RULES, SHIPPED, TITLES, Mode, Outcome, Rule, RuleSet, evaluate
from portal.rules.fraud_features import FEATURES, Kind, Value, from_json, to_json

DAY = 86_400


def values(**more: Any) -> dict[str, Value | None]:
    """What is known of a quiet payment, but for what is said: counts as plain numbers."""
    quiet: dict[str, Any] = {name: 0 for name, one in FEATURES.items() if one.kind is Kind.NUMBER}
    quiet |= {"amount": 30_000, "own_mean": 28_000, "paid_orders": 5, "account_age": 90 * DAY, "accounts_on_device": 1}
    quiet |= {"event": "order", "blocked_by": frozenset(), "trusted_by": frozenset()} | more
    return {
        name: Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in quiet.items()
    }


def decide(rules: RuleSet = DEFAULT_RULES, currency: str = "KRW", **more: Any) -> Any:
    return evaluate(values(**more), currency, rules)


@pytest.mark.req("FRD-01")
def test_a_usual_payment_fires_nothing() -> None:
    decision = decide()
    assert (decision.outcome, decision.score, decision.fired, decision.unsure) == (Outcome.ALLOW, 0, (), ())


@pytest.mark.req("FRD-01")
@pytest.mark.parametrize(
    ("rule", "under", "over"),
    [
        ("amount_above", {"amount": 3_000_000}, {"amount": 3_000_001}),
        (
            "impossible_travel",
            {"travel_distance": 500, "travel_speed": 5_000},
            {"travel_distance": 501, "travel_speed": 1_001},
        ),
        ("from_datacenter", {"datacenter": False}, {"datacenter": True}),
        ("amount_above_own_mean", {"amount": 280_000}, {"amount": 280_001}),
        (
            "new_account_large_amount",
            {"amount": 1_000_001, "account_age": DAY},
            {"amount": 1_000_001, "account_age": DAY - 1},
        ),
        (
            "new_account_large_amount",
            {"amount": 1_000_000, "account_age": 0},
            {"amount": 1_000_001, "account_age": 0},
        ),
        ("orders_velocity", {"orders_1h": 10}, {"orders_1h": 11}),
        ("attempts_velocity", {"attempts_1h": 15}, {"attempts_1h": 16}),
        ("declines_velocity", {"declines_1h": 4}, {"declines_1h": 5}),
        ("coupon_misses_velocity", {"coupon_misses_1h": 10}, {"coupon_misses_1h": 11}),
        ("accounts_on_device", {"accounts_on_device": 4}, {"accounts_on_device": 5}),
        ("card_testing", {"declines_1h": 9}, {"declines_1h": 10}),
        (
            "account_farm",
            {"accounts_on_device": 5, "account_age": DAY},
            {"accounts_on_device": 5, "account_age": DAY - 1},
        ),
        ("coupon_farm", {"accounts_on_device": 5, "coupons": 0}, {"accounts_on_device": 5, "coupons": 1}),
        (
            "mileage_mules",
            {"accounts_on_device": 4, "event": "order"},
            {"accounts_on_device": 4, "event": "mileage_gift"},
        ),
        ("top_up_velocity", {"attempts_24h": 7, "event": "top_up"}, {"attempts_24h": 8, "event": "top_up"}),
        ("slow_card_testing", {"declines_24h": 9}, {"declines_24h": 10}),
        ("slow_card_testing", {"declines_30d": 25, "paid_orders": 9}, {"declines_30d": 25, "paid_orders": 8}),
        ("slow_card_testing", {"declines_30d": 24, "paid_orders": 0}, {"declines_30d": 25, "paid_orders": 0}),
        (
            "top_up_steps",
            {"event": "top_up", "top_ups_7d": 11, "topped_up_7d": 990_000, "spent_7d": 0},
            {"event": "top_up", "top_ups_7d": 12, "topped_up_7d": 990_000, "spent_7d": 0},
        ),
        (
            "top_up_steps",
            {"event": "top_up", "top_ups_7d": 12, "topped_up_7d": 990_000, "spent_7d": 495_000},
            {"event": "top_up", "top_ups_7d": 12, "topped_up_7d": 990_000, "spent_7d": 494_999},
        ),
        (
            "pass_through",
            {"event": "withdrawal", "amount": 900_000, "withdrawn_30d": 1_100_000, "spent_30d": 0},
            {"event": "withdrawal", "amount": 900_000, "withdrawn_30d": 1_100_001, "spent_30d": 0},
        ),
        (
            "pass_through",
            {"event": "withdrawal", "amount": 900_000, "withdrawn_30d": 1_800_000, "spent_30d": 1_350_000},
            {"event": "withdrawal", "amount": 900_000, "withdrawn_30d": 1_800_000, "spent_30d": 1_349_999},
        ),
        (
            "refund_habit",
            {"refunds_90d": 5, "paid_orders": 10},
            {"refunds_90d": 5, "paid_orders": 9},
        ),
        ("on_blocked_list", {"blocked_by": frozenset()}, {"blocked_by": frozenset({"cards"})}),
    ],
)
def test_each_rule_fires_over_its_threshold_only(rule: str, under: dict[str, Any], over: dict[str, Any]) -> None:
    assert rule not in {fired.rule.name for fired in decide(**under).fired}
    (fired,) = [one for one in decide(**over).fired if one.rule.name == rule]
    assert fired.rule.version == 1
    assert fired.values.items() >= to_json({name: values(**over)[name] for name in over}).items()


@pytest.mark.req("ORD-002")
def test_a_large_amount_goes_to_review_and_a_blocked_card_nowhere() -> None:
    large: dict[str, Any] = {"amount": 3_000_001, "own_mean": 2_000_000}
    assert decide(**large).outcome is Outcome.REVIEW
    assert decide(**large, trusted_by=frozenset({"vip"})).outcome is Outcome.ALLOW
    blocked = large | {"blocked_by": frozenset({"cards"}), "trusted_by": frozenset({"vip"})}
    assert decide(**blocked).outcome is Outcome.BLOCK


def test_points_add_up_to_a_hundred_at_most_and_decide_at_their_bounds() -> None:
    def outcome(points: int) -> tuple[Outcome, int]:
        rules = RuleSet((Rule("many", "orders_1h > 0", points=points),), review_from=50, block_from=90)
        decision = decide(rules, orders_1h=1)
        return decision.outcome, decision.score

    assert outcome(49) == (Outcome.ALLOW, 49)
    assert outcome(50) == (Outcome.REVIEW, 50)
    assert outcome(89) == (Outcome.REVIEW, 89)
    assert outcome(90) == (Outcome.BLOCK, 90)
    assert outcome(400) == (Outcome.BLOCK, 100)


@pytest.mark.req("FRD-02")
def test_a_step_up_is_asked_and_a_review_is_more() -> None:
    proof = Rule("proof", "orders_1h > 0", mode=Mode.STEP_UP)
    look = Rule("look", "orders_1h > 0", mode=Mode.REVIEW)
    assert decide(RuleSet((proof,)), orders_1h=1).outcome is Outcome.STEP_UP
    assert decide(RuleSet((proof, look)), orders_1h=1).outcome is Outcome.REVIEW
    assert decide(RuleSet((proof,)), orders_1h=1, trusted_by=frozenset({"user"})).outcome is Outcome.ALLOW


@pytest.mark.req("FRD-02")
def test_what_is_monitored_tried_or_quiet_is_noted_and_does_nothing() -> None:
    loud = Rule("loud", "orders_1h > 0", version=7, points=100, mode=Mode.BLOCK)
    monitored = decide(RuleSet((replace(loud, mode=Mode.MONITOR),)), orders_1h=1)
    tried = decide(RuleSet((), shadows=(loud,)), orders_1h=1)
    quiet = evaluate(values(orders_1h=1), "KRW", RuleSet((loud,)), snoozed={"loud"})
    for decision in (monitored, tried, quiet):
        assert (decision.outcome, decision.score) == (Outcome.ALLOW, 0)
        assert [(one.rule.name, one.rule.version) for one in decision.fired] == [("loud", 7)]
    assert decide(RuleSet((loud,)), orders_1h=1).outcome is Outcome.BLOCK


@pytest.mark.req("FRD-02")
def test_a_rule_that_cannot_be_asked_says_so_and_the_others_decide() -> None:
    rules = RuleSet((Rule("model", "model_risk > 80", mode=Mode.BLOCK), Rule("many", "orders_1h > 0", points=60)))
    decision = decide(rules, model_risk=None, orders_1h=1)
    assert decision.outcome is Outcome.REVIEW
    assert [(one.rule.name, one.missing) for one in decision.unsure] == [("model", ("model_risk",))]


def test_an_amount_in_a_currency_without_threshold_is_not_judged_by_another() -> None:
    decision = decide(currency="CHF", amount=10**12, own_mean=None)
    assert decision.fired == ()
    assert ("currency",) in [one.missing for one in decision.unsure]


def test_every_shipped_rule_has_a_name_for_people() -> None:
    assert set(SHIPPED) == set(TITLES)


def test_values_come_back_as_they_were_stored() -> None:
    kept = values(amount=5, country="KR", throwaway_mail=True, blocked_by=frozenset({"ip"})) | {"hour": Decimal("2.5")}
    assert from_json(to_json(kept)) == kept
    assert from_json({"gone": 1, "amount": "x y"} | {"amount": None}) == {"amount": None}
