"""Steps of procedures, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.remediation import STEPS_MAX, Step, StepsUnfitError, read_steps, still_open, write_steps

pytestmark = pytest.mark.req("FRD-07")


def test_a_line_is_a_step_and_one_with_a_question_mark_may_be_left_out() -> None:
    assert read_steps("Call the owner\n\n  ?  Tell the   bank \n") == (
        Step("Call the owner"),
        Step("Tell the bank", is_optional=True),
    )


@pytest.mark.parametrize(
    "typed", ["", " \n ", "?", "same\nsame", "same\n? same", "x" * 201, "\n".join(map(str, range(31)))]
)
def test_what_is_no_list_of_steps_is_refused(typed: str) -> None:
    with pytest.raises(StepsUnfitError):
        read_steps(typed)


@given(
    st.lists(st.tuples(st.text("abc xyz", min_size=1).filter(str.strip), st.booleans()), min_size=1, max_size=STEPS_MAX)
)
def test_what_was_read_is_written_back(drawn: list[tuple[str, bool]]) -> None:
    steps = {" ".join(title.split()): Step(" ".join(title.split()), optional) for title, optional in drawn}
    kept = tuple(steps.values())
    assert read_steps(write_steps(kept)) == kept


@given(st.lists(st.booleans(), min_size=1, max_size=STEPS_MAX), st.sets(st.integers(0, STEPS_MAX)))
def test_open_is_what_is_neither_ticked_nor_optional(optional: list[bool], ticked: set[int]) -> None:
    steps = [Step(str(n), is_optional=one) for n, one in enumerate(optional)]
    assert {int(step.title) for step in still_open(steps, ticked)} == {
        n for n, one in enumerate(optional) if not one and n not in ticked
    }
