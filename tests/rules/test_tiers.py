"""Tiers: up at once, down when the period ends, never in between (BAL-08)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.tiers import Ladder, Standing, Tier, decide, from_json, ladder_faults, to_json
from tests.rules.carts import NOON

pytestmark = pytest.mark.req("BAL-08")

DAY = timedelta(days=1)


def tier(code: str, from_minor: int, multiplier: str = "1") -> Tier:
    return Tier(code, {"en": code.title(), "ko": code}, from_minor, Decimal(multiplier))


LADDER = Ladder(3, (tier("bronze", 0), tier("silver", 300_000, "1.2"), tier("gold", 1_000_000, "1.5")), period_days=365)


@pytest.mark.parametrize(
    ("spend", "code"),
    [(0, "bronze"), (299_999, "bronze"), (300_000, "silver"), (999_999, "silver"), (1_000_000, "gold")],
)
def test_a_tier_is_reached_with_its_amount(spend: int, code: str) -> None:
    decision = decide(LADDER, None, spend_minor=spend, now=NOON)
    assert decision.standing == Standing(code, NOON, NOON + 365 * DAY)
    assert decision.reason == (None if code == "bronze" else "spend")


def test_up_at_once_and_down_when_the_period_ends() -> None:
    silver = Standing("silver", NOON - 100 * DAY, NOON + 265 * DAY)
    up = decide(LADDER, silver, spend_minor=1_000_000, now=NOON)
    assert (up.standing, up.reason) == (Standing("gold", NOON, NOON + 365 * DAY), "spend")
    assert decide(LADDER, silver, spend_minor=0, now=silver.until - DAY).standing == silver
    down = decide(LADDER, silver, spend_minor=0, now=silver.until)
    assert (down.standing.code, down.reason) == ("bronze", "period_end")
    kept = decide(LADDER, silver, spend_minor=300_000, now=silver.until)
    assert kept.reason is None
    assert kept.standing == Standing("silver", silver.since, silver.until + 365 * DAY)


def test_who_stands_in_a_tier_that_is_gone_is_placed_anew() -> None:
    platinum = Standing("platinum", NOON - DAY, NOON + DAY)
    decision = decide(LADDER, platinum, spend_minor=400_000, now=NOON)
    assert (decision.standing.code, decision.reason) == ("silver", "changed")


@given(st.integers(0, 2_000_000), st.sampled_from(["bronze", "silver", "gold"]), st.integers(-400, 400))
def test_deciding_twice_is_deciding_once(spend: int, code: str, days: int) -> None:
    standing = Standing(code, NOON - 400 * DAY, NOON + days * DAY)
    once = decide(LADDER, standing, spend_minor=spend, now=NOON)
    twice = decide(LADDER, once.standing, spend_minor=spend, now=NOON)
    assert twice.standing == once.standing
    assert twice.reason is None
    codes = [one.code for one in LADDER.tiers]
    if days > 0:
        assert codes.index(once.standing.code) >= codes.index(code)


def test_a_ladder_survives_its_storage() -> None:
    assert from_json(3, to_json(LADDER)) == LADDER


def test_what_is_wrong_with_a_ladder_is_said_by_its_field() -> None:
    assert ladder_faults(LADDER, campaigns=()) == {}
    bronze, silver, gold = LADDER.tiers
    wrong = [
        (replace(LADDER, tiers=()), (0, "tiers")),
        (replace(LADDER, tiers=tuple(tier(f"t{n}", n) for n in range(9))), (0, "tiers")),
        (replace(LADDER, period_days=0), (0, "period_days")),
        (replace(LADDER, period_days=1_096), (0, "period_days")),
        (replace(LADDER, tiers=(bronze, replace(silver, code="bronze"))), (2, "code")),
        (replace(LADDER, tiers=(replace(bronze, code="Bronze!"),)), (1, "code")),
        (replace(LADDER, tiers=(replace(bronze, names={"en": "x"}),)), (1, "names")),
        (replace(LADDER, tiers=(replace(bronze, from_minor=1),)), (1, "from_minor")),
        (replace(LADDER, tiers=(bronze, gold, silver)), (3, "from_minor")),
        (replace(LADDER, tiers=(bronze, replace(silver, multiplier=Decimal(0)))), (2, "multiplier")),
        (replace(LADDER, tiers=(bronze, replace(silver, multiplier=Decimal("NaN")))), (2, "multiplier")),
        (replace(LADDER, tiers=(bronze, replace(silver, multiplier=Decimal("10.1")))), (2, "multiplier")),
        (replace(LADDER, tiers=(replace(bronze, welcome=(7,)),)), (1, "welcome")),
        (replace(LADDER, tiers=(bronze, replace(silver, welcome=(8,)))), (2, "welcome")),
        (replace(LADDER, tiers=(bronze, replace(silver, welcome=tuple(range(6))))), (2, "welcome")),
    ]
    for ladder, place in wrong:
        assert list(ladder_faults(ladder, campaigns=range(8))) == [place]
    welcoming = replace(LADDER, tiers=(bronze, replace(silver, welcome=(1, 7))))
    assert ladder_faults(welcoming, campaigns=range(8)) == {}
    assert from_json(1, to_json(welcoming)).tiers == welcoming.tiers


def test_tiers_on_the_way_up_are_reached_and_none_on_the_way_down() -> None:
    assert [one.code for one in LADDER.reached("bronze", "gold")] == ["silver", "gold"]
    assert [one.code for one in LADDER.reached(None, "silver")] == ["silver"]
    assert [one.code for one in LADDER.reached("gone", "gold")] == ["silver", "gold"]
    for before, code in (("gold", "silver"), ("gold", "gold"), ("silver", "gone")):
        assert LADDER.reached(before, code) == ()
