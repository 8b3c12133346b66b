"""What a score says in words, and why (INC-01)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from portal.rules.scores import Facts, Level, churn_level, churn_reasons

pytestmark = pytest.mark.req("INC-01")
TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("purchases", "first", "last", "said"),
    [
        (1, 40, 40, "once only"),
        (4, 100, 10, "rule: 30. Since the last one: 10, which is usual"),
        (4, 190, 100, "rule: 30. Since the last one: 100, which is long"),
        (3, 0, 0, "rule: 1."),
    ],
)
def test_the_reason_is_the_rhythm(purchases: int, first: int, last: int, said: str) -> None:
    facts = Facts(purchases, TODAY - timedelta(first), TODAY - timedelta(last), TODAY)
    reasons = [one.sentence % one.params for one in churn_reasons(facts)]
    assert said in reasons[0]


def test_a_day_ahead_elsewhere_is_today() -> None:
    assert Facts(1, TODAY, TODAY + timedelta(1), TODAY).since_days == 0


@pytest.mark.parametrize(("bp", "level"), [(0, "low"), (3999, "low"), (4000, "middle"), (7000, "high")])
def test_a_risk_has_a_name(bp: int, level: str) -> None:
    assert churn_level(bp) is Level(level)
