"""What of a dispute is booked, and who bears a loss, for any course of amounts (STR-05)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.disputes import booked_hold, share_loss

pytestmark = pytest.mark.req("STR-05")

AMOUNTS = st.integers(0, 10**9)
BROUGHT = st.dictionaries(st.sampled_from(["1", "2", "3"]), st.integers(1, 10**6))


@given(AMOUNTS, AMOUNTS, st.integers(-(10**6), 10**9))
def test_no_more_is_booked_than_is_told_and_free_and_nothing_is_given_back_that_the_bank_keeps(
    told: int, booked: int, free: int
) -> None:
    held = booked_hold(told_minor=told, booked_minor=booked, free_minor=free)
    assert 0 <= held <= told
    assert held <= max(free, booked, 0)
    assert held >= min(told, booked)
    if free >= told:
        assert held == told


@given(st.lists(st.tuples(st.integers(0, 10**6), BROUGHT), max_size=8))
def test_a_loss_that_is_undone_leaves_everybody_with_what_he_had(course: list[tuple[int, dict[str, int]]]) -> None:
    """The loss goes up and down while the sales of the stores change between: each gets back what was taken of him."""
    borne: dict[str, int] = {}
    for target, brought in [*course, (0, {"1": 7, "2": 5})]:
        change = target - sum(borne.values())
        parts = share_loss(change_minor=change, borne_by=borne, brought=brought)
        assert sum(parts.values()) == change
        for who, part in parts.items():
            borne[who] = borne.get(who, 0) + part
            assert borne[who] >= 0
    assert not any(borne.values())
