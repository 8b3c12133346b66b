"""How messages move a ticket, and until when an answer is due (ORD-08)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.states import Machine, may_move, states
from portal.rules.tickets import (
    WAITING,
    AboutUnknownError,
    MessageEmptyError,
    MessageTooLongError,
    Side,
    TicketClosedError,
    due_after,
    read_about,
    read_message,
    state_after,
)

STATES = [state for state in states(Machine.TICKET) if state != "closed"]
NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)  # A Friday.


@pytest.mark.req("ORD-08", "ORD-12")
@given(st.sampled_from(STATES), st.sampled_from(Side), st.booleans())
def test_a_message_moves_a_ticket_as_its_machine_allows(state: str, side: Side, solves: bool) -> None:
    after = state_after(state, side, solves=solves and side is not Side.BUYER)
    assert after == state or may_move(Machine.TICKET, state, after)
    if side is Side.BUYER:
        assert after in WAITING  # Whoever writes waits for an answer.
    else:
        assert after not in WAITING  # Whoever answers owes none.
        assert not solves or after == "solved"


def test_nothing_is_said_in_a_closed_one() -> None:
    for side in Side:
        with pytest.raises(TicketClosedError):
            state_after("closed", side)


@pytest.mark.req("ORD-08")
def test_an_answer_is_due_a_working_day_after_the_first_word_and_not_later_for_the_second() -> None:
    first = due_after("open", None, now=NOW)
    assert first == NOW + timedelta(days=3)
    assert due_after("waiting_store", first, now=NOW + timedelta(days=1)) == first
    assert due_after("waiting_buyer", first, now=NOW) is None


def test_words_are_read_as_they_are_kept() -> None:
    assert read_message("  a\r\nb\0 ") == "a\nb"
    with pytest.raises(MessageEmptyError):
        read_message(" \r\n\0")
    with pytest.raises(MessageTooLongError):
        read_message("x" * 5_001)
    assert read_about("") is None
    for text in ("order", "order:1", "refund:0192f000-0000-7000-8000-000000000000", ":"):
        with pytest.raises(AboutUnknownError):
            read_about(text)
