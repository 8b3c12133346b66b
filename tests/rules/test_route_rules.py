"""Rules that name the accounts that come first: whom they fit, and that they lose nobody (PAY-04)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.money import Money
from portal.rules.health import Health
from portal.rules.route_rules import RouteRule, RuleSet, from_json, rule_faults, share_of, to_json
from portal.rules.routing import GatewayAccount, MethodRange, RouteRequest, route

pytestmark = pytest.mark.req("PAY-04")

RANGES = (MethodRange("card", "KRW", 100, 1_000_000), MethodRange("card", "USD"), MethodRange("wallet", "KRW"))
ONE, TWO, THREE = (GatewayAccount(n, f"account {n}", "paylink", RANGES, priority=n) for n in (1, 2, 3))
ALL = (ONE, TWO, THREE)
ASKED = RouteRequest(1, "card", Money(5_000, "KRW"), "KR", locale="ko", buyer="bea")
EVERY = RouteRule(
    (3, 2), (), frozenset({1}), frozenset({"KR"}), frozenset({"ko"}), frozenset({"card"}), "KRW", 100, 5_000
)


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"channel_id": 2}, False),
        ({"country": "US"}, False),
        ({"country": None}, False),
        ({"locale": "en"}, False),
        ({"locale": None}, False),
        ({"method": "wallet"}, False),
        ({"amount": Money(5_000, "USD")}, False),
        ({"amount": Money(100, "KRW")}, True),
        ({"amount": Money(99, "KRW")}, False),
        ({"amount": Money(5_001, "KRW")}, False),
    ],
)
def test_a_rule_fits_when_every_condition_is_met(changes: dict[str, Any], fits: bool) -> None:
    made = route(replace(ASKED, **changes), ALL, RuleSet(7, (EVERY,)))
    assert made.rule == (1 if fits else None)
    assert made.version == 7
    kept = made.account_ids
    assert kept == ((3, 2, 1) if fits else tuple(one.id for one in ALL if one.id in kept))


def test_the_first_rule_that_fits_decides() -> None:
    rules = RuleSet(1, (replace(EVERY, countries=frozenset({"US"})), RouteRule((2,)), RouteRule((3,))))
    made = route(ASKED, ALL, rules)
    assert (made.rule, made.account_ids) == (2, (2, 1, 3))


def test_one_that_works_badly_comes_after_the_others_even_if_named() -> None:
    weak = replace(THREE, score=10)
    assert route(ASKED, (ONE, TWO, weak), RuleSet(1, (EVERY,))).account_ids == (2, 1, 3)
    down = route(ASKED, (ONE, TWO, replace(THREE, health=Health.OPEN)), RuleSet(1, (EVERY,)))
    assert down.account_ids == (2, 1)
    assert [(one.account_id, one.health) for one in down.considered if not one.is_kept] == [(3, Health.OPEN)]


def test_shares_divide_buyers_and_stay_with_each() -> None:
    rules = RuleSet(4, (RouteRule((1, 2), (70, 30)),))
    firsts = [route(replace(ASKED, buyer=f"buyer {n}"), ALL, rules).first for n in range(2_000)]
    assert 1_300 < firsts.count(1) < 1_500
    assert firsts.count(1) + firsts.count(2) == 2_000
    made = route(ASKED, ALL, rules)
    assert made == route(ASKED, ALL, rules)
    assert made.share == share_of(4, "bea")
    assert {share_of(version, "bea") for version in range(50)} > {share_of(4, "bea")}


@pytest.mark.parametrize(("share", "order"), [(0, (1, 2)), (69, (1, 2)), (70, (2, 1)), (99, (2, 1))])
def test_both_sides_of_a_share(share: int, order: tuple[int, ...]) -> None:
    assert RouteRule((1, 2), (70, 30)).order(share) == order


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (RouteRule((1,)), None),
        (RouteRule(()), "targets"),
        (RouteRule((1, 1)), "targets"),
        (RouteRule((9,)), "targets"),
        (RouteRule((1, 2), (60, 40)), None),
        (RouteRule((1, 2), (60, 39)), "targets"),
        (RouteRule((1, 2), (60, 41)), "targets"),
        (RouteRule((1, 2), (100, 0)), "targets"),
        (RouteRule((1, 2), (100,)), "targets"),
        (RouteRule((1,), channel_ids=frozenset({9})), "channels"),
        (RouteRule((1,), countries=frozenset({"KOR"})), "countries"),
        (RouteRule((1,), countries=frozenset({"kr"})), "countries"),
        (RouteRule((1,), currency="WON"), "currency"),
        (RouteRule((1,), minimum_minor=5), "amounts"),
        (RouteRule((1,), currency="KRW", minimum_minor=5, maximum_minor=5), None),
        (RouteRule((1,), currency="KRW", minimum_minor=6, maximum_minor=5), "amounts"),
        (RouteRule((1,), currency="KRW", minimum_minor=0), "amounts"),
        (RouteRule((1,), currency="KRW", maximum_minor=2**53 + 1), "amounts"),
    ],
)
def test_what_cannot_be_is_said_by_its_field(rule: RouteRule, field: str | None) -> None:
    assert list(rule_faults(rule, account_ids={1, 2}, channel_ids={1})) == ([field] if field else [])


some = st.frozensets
rules_ = st.builds(
    RouteRule,
    targets=st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True).map(tuple),
    shares=st.just(()),
    channel_ids=some(st.integers(1, 2), max_size=1),
    countries=some(st.sampled_from(["KR", "US"]), max_size=1),
    locales=some(st.sampled_from(["ko", "en"]), max_size=1),
    methods=some(st.sampled_from(["card", "wallet"]), max_size=1),
    currency=st.sampled_from([None, "KRW", "USD"]),
    minimum_minor=st.none() | st.integers(1, 9_000),
    maximum_minor=st.none() | st.integers(1, 9_000),
)
accounts_ = st.tuples(
    *(
        st.builds(
            replace,
            st.just(one),
            is_on=st.booleans(),
            health=st.sampled_from(Health),
            score=st.none() | st.integers(0, 100),
            channel_ids=some(st.integers(1, 2), max_size=1),
            countries=some(st.sampled_from(["KR", "US"]), max_size=1),
        )
        for one in ALL
    )
)
requests_ = st.builds(
    RouteRequest,
    st.integers(1, 2),
    st.sampled_from(["card", "wallet"]),
    st.builds(Money, st.integers(1, 10_000), st.sampled_from(["KRW", "USD"])),
    st.sampled_from([None, "KR", "US"]),
    some(st.integers(1, 3)),
    st.booleans(),
    st.sampled_from([None, "ko", "en"]),
    st.sampled_from(["bea", "max"]),
)


@given(requests_, accounts_, st.lists(rules_, max_size=4))
def test_rules_reorder_and_neither_lose_nor_let_in_anybody(
    request_: RouteRequest, accounts: tuple[GatewayAccount, ...], rules: list[RouteRule]
) -> None:
    made = route(request_, accounts, RuleSet(1, tuple(rules)))
    plain = route(request_, accounts)
    assert sorted(made.account_ids) == sorted(plain.account_ids)
    assert sorted(one.account_id for one in made.considered) == [1, 2, 3]
    for one in made.considered:
        assert one.is_kept is (one.account_id in made.account_ids)
        assert one.is_kept or one.dropped is not None
    assert bool(made.account_ids) is (made.refusal is None)


@given(st.lists(rules_, max_size=4))
def test_rules_are_read_back_as_they_were_written(rules: list[RouteRule]) -> None:
    assert from_json(to_json(rules)) == tuple(rules)
