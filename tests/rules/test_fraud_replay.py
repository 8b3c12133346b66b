"""A rule tried on past decisions: by the features of then, with what became of them (FRD-02)."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from portal.kit.money import Money
from portal.rules.fraud import Outcome, Rule
from portal.rules.fraud_replay import PastDecision, amounts, replay

pytestmark = pytest.mark.req("FRD-02")


def past(amount: int | None, label: bool | None = None, *fired: str, outcome: Outcome = Outcome.ALLOW) -> PastDecision:
    values = {"amount": None if amount is None else Decimal(amount)}
    at = datetime(2026, 5, 1, tzinfo=UTC)
    return PastDecision(uuid4(), at, "order", None, "KRW", values, outcome, frozenset(fired), label)


def test_hits_are_counted_by_what_they_turned_out_to_be() -> None:
    made = replay(
        Rule("large", "amount > 100 KRW"),
        [
            past(500, True, "other"),
            past(400, False, "large", "other"),
            past(300, outcome=Outcome.BLOCK),
            past(50, True),
            past(None),
        ],
    )
    assert (made.asked, made.hits, made.frauds, made.false_alarms, made.unknown) == (5, 3, 1, 1, 1)
    assert (made.passed, made.missed_frauds, made.unsure, made.precision_percent) == (2, 1, 1, 50)
    assert amounts(made.hit_minor) == [Money(1200, "KRW")]
    assert amounts(made.fraud_minor) == [Money(500, "KRW")]
    assert dict(made.overlaps) == {"other": 2}
    assert dict(made.missing) == {"amount": 1}
    assert made.is_too_many
    assert not made.is_everything


def test_a_rule_that_fires_on_everything_or_on_nothing_is_told() -> None:
    assert replay(Rule("all", "true"), [past(1), past(2)]).is_everything
    nothing = replay(Rule("none", "false"), [past(1)])
    assert (nothing.hits, nothing.is_too_many, nothing.precision_percent) == (0, False, None)
    assert not replay(Rule("all", "true"), []).is_everything
