"""When a mail is tried again, and which may go out twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit import clock
from portal.rules.mailing import PAUSE_MAX, TRIES_MAX, is_refused_for_good, may_go_again, next_try

pytestmark = pytest.mark.req("NOT-01")
NOW = clock.now()


@given(st.integers(0, TRIES_MAX - 1))
def test_pauses_grow_to_an_hour(attempts: int) -> None:
    later, after = next_try(NOW, attempts), next_try(NOW, attempts + 1)
    assert later is not None
    assert NOW < later <= NOW + PAUSE_MAX
    assert after is None or after >= later


def test_it_is_tried_for_nearly_five_days_and_then_given_up() -> None:
    at, tries = NOW, 1
    while (later := next_try(at, tries)) is not None:
        at, tries = later, tries + 1
    assert timedelta(days=4, hours=12) < at - NOW < timedelta(days=5)
    assert next_try(NOW, 10**9) is None


def test_only_an_answer_of_5_hundred_is_the_last_word() -> None:
    assert [code for code in (250, 421, 450, 452, 499, 500, 550, 599, 600) if is_refused_for_good(code)] == [
        500,
        550,
        599,
    ]


def test_what_lets_somebody_in_or_advertises_goes_out_once() -> None:
    assert may_go_again("receipt", is_sent=True)
    assert not may_go_again("password_reset", is_sent=True)
    assert not may_go_again("offer", is_sent=True)
    assert may_go_again("password_reset", is_sent=False)
