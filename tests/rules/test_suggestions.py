"""What measured results suggest: only what is surely so, and never of few people (INC-05)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.suggestions import (
    GROUP_MIN,
    Evidence,
    Kind,
    Measured,
    Range,
    Silence,
    as_json,
    from_json,
    is_news,
    suggest,
    why_silent,
)

pytestmark = pytest.mark.req("INC-05")


def evidence(low: int, high: int, *, people: int = 4_000, control: int = 1_000, gain: int = 1) -> Evidence:
    middle = (low + high) // 2
    return Evidence(people, control, Range(gain * middle, gain * low, gain * high), 10_000, Range(middle, low, high))


def measured(low: int, high: int, *, state: str = "running", made: int = 900, most: int = 1_000) -> Measured:
    return Measured(state, made, most, evidence(low, high), {})


@pytest.mark.parametrize(
    ("found", "bound", "kind", "people_max"),
    [
        (measured(100, 9_000), -5_000, Kind.RAISE, 1_500),
        (measured(100, 9_000, state="ended", made=10), -5_000, Kind.RAISE, 1_500),
        (measured(100, 9_000, made=799), -5_000, None, None),  # There is budget left: more of it changes nothing.
        (measured(0, 9_000), -5_000, None, None),  # It may have gained nothing.
        (measured(-4_000, 9_000), -5_000, None, None),
        (measured(-4_000, -1, made=300), -5_000, Kind.LOWER, 500),
        (measured(-4_000, -1, made=700), -5_000, Kind.LOWER, 700),  # Never below what is offered already.
        (measured(-4_000, -1, made=1_000), -5_000, None, None),
        (measured(-9_000, -5_001), -5_000, Kind.STOP, None),
        (measured(-9_000, -5_000), -5_000, Kind.LOWER, 900),
        (measured(-9_000, -5_001, state="ended"), -5_000, None, None),
        (measured(500, 1_500, made=300), 2_000, Kind.LOWER, 500),  # It gains, and surely less than is wanted.
        (measured(-900, -1), 2_000, Kind.STOP, None),
        (measured(1_500, 2_500), 2_000, None, None),
    ],
)
def test_the_surer_end_of_the_range_decides(
    found: Measured, bound: int, kind: Kind | None, people_max: int | None
) -> None:
    said = suggest(found, bound_bp=bound)
    assert (said.kind, said.people_max) == (kind, people_max) if said else kind is None


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"is_as_planned": False, "is_priced": False}, Silence.UNPLANNED),
        ({"is_priced": False, "roii": None}, Silence.UNPRICED),
        ({"roii": None}, Silence.FEW),
        ({"control": GROUP_MIN - 1}, Silence.FEW),
        ({"control": GROUP_MIN - 1, "state": "ended"}, Silence.OVER),
        ({"state": "ended"}, Silence.OVER),
        ({}, Silence.UNSURE),
        ({"roii": Range(5_000, 1, 9_000)}, Silence.ENOUGH),
        ({"roii": Range(5_000, 1, 9_000), "state": "ended"}, Silence.DECIDED),
        ({"roii": Range(-5_000, -9_000, -1)}, Silence.DECIDED),
    ],
)
def test_where_nothing_is_suggested_it_is_known_why(changed: dict[str, Any], why: Silence) -> None:
    usual: dict[str, Any] = {"state": "running", "is_as_planned": True, "is_priced": True, "people": 4_000,
                             "control": GROUP_MIN, "roii": Range(0, -4_000, 9_000), "bound_bp": -5_000}  # fmt: skip
    assert why_silent(**(usual | changed)) is why


def test_it_is_narrowed_to_where_it_gains_only_while_all_others_surely_lose() -> None:
    inside, better, outside = evidence(100, 900), evidence(200, 900, gain=3), evidence(-900, -1)
    both = replace(measured(-300, 300), segments={"a": (inside, outside), "b": (better, outside)})
    said = suggest(both, bound_bp=-5_000)
    assert said is not None
    assert (said.kind, said.segment, said.evidence) == (Kind.NARROW, "b", (better, outside))
    for unsure in ((evidence(0, 900), outside), (inside, evidence(-900, 0)), (inside, evidence(-9, -1, control=99))):
        assert suggest(replace(both, segments={"a": unsure}), bound_bp=-5_000) is None


@given(st.integers(-20_000, 20_000), st.integers(0, 20_000), st.integers(-5_000, 5_000), st.booleans())
def test_few_people_and_ranges_around_the_bounds_suggest_nothing(
    low: int, width: int, bound: int, in_control: bool
) -> None:
    found = measured(low, low + width)
    few = GROUP_MIN - 1
    whole = replace(found.whole, control=few) if in_control else replace(found.whole, people=few)
    assert suggest(replace(found, whole=whole), bound_bp=bound) is None
    said = suggest(found, bound_bp=bound)
    if low <= min(0, bound) and low + width >= max(0, bound):
        assert said is None
    assert said is None or said.people_max is None or said.people_max >= 1


def test_what_was_dismissed_comes_again_with_half_as_many_people_more() -> None:
    assert [is_news(people, 1_000) for people in (1_000, 1_499, 1_500)] == [False, False, True]
    assert is_news(1, None)
    assert from_json(as_json(evidence(-1, 5))) == evidence(-1, 5)
