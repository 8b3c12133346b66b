"""Past decisions made anew by other rules: what moves, what stays, and that nobody is lost (PAY-04)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.money import Money
from portal.rules.health import Health
from portal.rules.replay import SAMPLE_MAX, PastAttempt, PastCandidate, Shift
from portal.rules.replay import replay as replay_past
from portal.rules.route_rules import RouteRule, RuleSet, share_of

pytestmark = pytest.mark.req("PAY-04")

ONE, TWO, THREE = (PastCandidate(n, n * 10, is_kept=True) for n in (1, 2, 3))
PAST = PastAttempt(
    payment_id=uuid.UUID(int=1),
    at=datetime(2026, 11, 28, tzinfo=UTC),
    account_id=1,
    channel_id=1,
    method="credit_card",
    amount=Money(1_000, "KRW"),
    country="KR",
    locale="ko",
    buyer="bea",
    candidates=(ONE, TWO, THREE),
)
TO_TWO = RuleSet(7, (RouteRule((2,)),))


def goes_to(rules: RuleSet = TO_TWO, **changes: Any) -> int | None:
    past = replace(PAST, **changes)
    made = replay_past([past], rules)
    return made.sample[0].account_id if made.sample else past.account_id


def test_what_goes_elsewhere_is_counted_by_accounts_with_sums_by_currency() -> None:
    rules = RuleSet(7, (RouteRule((2,), currency="USD"), RouteRule((3,), minimum_minor=1_001, currency="KRW")))
    amounts = [Money(500, "USD"), Money(700, "USD"), Money(1_000, "KRW"), Money(1_001, "KRW")]
    made = replay_past([replace(PAST, amount=one) for one in amounts], rules)
    assert made.shifts == (
        Shift(1, 2, 2, (Money(1_200, "USD"),)),
        Shift(1, 3, 1, (Money(1_001, "KRW"),)),
    )
    assert (made.asked, made.same, made.moved, made.nowhere) == (4, 1, 3, 0)
    assert made.by_rule == {1: 2, None: 1, 2: 1}
    assert [(one.account_id, one.rule) for one in made.sample] == [(2, 1), (2, 1), (3, 2)]


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (RouteRule((2,), channel_ids=frozenset({1})), True),
        (RouteRule((2,), channel_ids=frozenset({2})), False),
        (RouteRule((2,), methods=frozenset({"credit_card"})), True),
        (RouteRule((2,), methods=frozenset({"wallet"})), False),
        (RouteRule((2,), countries=frozenset({"KR"})), True),
        (RouteRule((2,), countries=frozenset({"US"})), False),
        (RouteRule((2,), locales=frozenset({"ko"})), True),
        (RouteRule((2,), locales=frozenset({"en"})), False),
        (RouteRule((2,), currency="KRW", maximum_minor=1_000), True),
        (RouteRule((2,), currency="KRW", maximum_minor=999), False),
    ],
)
def test_every_fact_of_the_decision_counts(rule: RouteRule, fits: bool) -> None:
    assert goes_to(RuleSet(1, (rule,))) == (2 if fits else 1)


def test_health_is_as_it_was() -> None:
    assert goes_to(candidates=(ONE, replace(TWO, score=10), THREE)) == 1
    trial = replace(TWO, health=Health.HALF_OPEN)
    assert goes_to(candidates=(ONE, trial, THREE)) == 1
    assert goes_to(candidates=(ONE, trial, THREE), explores=True) == 2
    assert goes_to(candidates=(ONE, replace(TWO, is_kept=False), THREE)) == 1
    assert goes_to(unable=frozenset({2})) == 1


def test_buyers_are_divided_as_the_version_would() -> None:
    rules = RuleSet(9, (RouteRule((1, 2), (50, 50)),))
    for buyer in ("bea", "max", "sam", "ada"):
        assert goes_to(rules, buyer=buyer) == (1 if share_of(9, buyer) < 50 else 2)


def test_what_no_account_could_take_is_counted_first() -> None:
    made = replay_past([PAST, replace(PAST, unable=frozenset({1, 2, 3}))], TO_TWO)
    assert (made.nowhere, made.moved, made.shifts[0].to_id) == (1, 1, None)


def test_the_sample_is_bounded_and_the_newest() -> None:
    past = [replace(PAST, payment_id=uuid.UUID(int=n)) for n in range(SAMPLE_MAX + 5)]
    made = replay_past(past, TO_TWO)
    assert (made.moved, [one.past for one in made.sample]) == (SAMPLE_MAX + 5, past[:SAMPLE_MAX])


facts_ = st.tuples(st.integers(1, 5_000), st.sampled_from(["KRW", "USD"]), st.sampled_from([None, "KR", "US"]))


@given(st.lists(facts_, max_size=10), st.permutations([1, 2, 3]))
def test_every_attempt_is_counted_once_and_none_is_left_without_an_account(
    facts: list[tuple[int, str, str | None]], order: list[int]
) -> None:
    past = [replace(PAST, amount=Money(minor, currency), country=country) for minor, currency, country in facts]
    made = replay_past(past, RuleSet(1, (RouteRule(tuple(order), countries=frozenset({"KR"})),)))
    assert made.asked == len(past) == made.same + made.moved == sum(made.by_rule.values())
    assert made.nowhere == 0
    for shift in made.shifts:
        assert shift.from_id != shift.to_id
    moved = [one.amount for one in past if one.country == "KR" and order[0] != 1]
    sums = {one.currency: one.minor for shift in made.shifts for one in shift.amounts}
    assert sums == {
        currency: sum(one.minor for one in moved if one.currency == currency)
        for currency in {one.currency for one in moved}
    }
