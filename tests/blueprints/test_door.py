"""Requests are worked on one after the other, who pays first; what is slow does not hold up the rest."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.blueprints import door
from portal.blueprints.door import Door, Line, Turn

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATIENCE_S = 60.0


def arrived(line: Line, *, placing: bool = False) -> Turn:
    turn = Turn(is_placing=placing)
    line.arrive(turn)
    return turn


def inside(*turns: Turn) -> list[bool]:
    return [turn.let_in.is_set() for turn in turns]


def test_who_comes_first_is_first() -> None:
    line = Line(4)
    one, two, three = arrived(line), arrived(line), arrived(line)
    assert inside(one, two, three) == [True, False, False]
    line.leave(one)
    assert inside(two, three) == [True, False]


def test_an_order_passes_all_who_wait_but_not_the_order_before_it() -> None:
    line = Line(4)
    page, waiting = arrived(line), arrived(line)
    order, second = arrived(line, placing=True), arrived(line, placing=True)
    line.leave(page)
    assert inside(waiting, order, second) == [False, True, False]
    line.leave(order)
    assert inside(waiting, second) == [False, True]
    line.leave(second)
    assert inside(waiting) == [True]


def test_one_at_a_time_comes_in_beside_what_is_slow() -> None:
    line = Line(4)
    slow, late, last = arrived(line), arrived(line), arrived(line)
    line.be_late(late)
    assert inside(late, last) == [True, False]
    line.leave(late)
    assert inside(last) == [True]
    line.leave(last)
    new, second = arrived(line), arrived(line)
    assert inside(new, second) == [True, False]
    line.leave(slow)
    assert inside(second) == [False]


def test_who_was_let_in_meanwhile_is_not_late() -> None:
    line = Line(4)
    page, waiting = arrived(line), arrived(line)
    line.be_late(page)
    assert inside(waiting) == [False]


def test_who_is_late_waits_while_all_places_are_taken() -> None:
    line = Line(2)
    slow, late, last = arrived(line), arrived(line), arrived(line)
    line.be_late(late)
    line.be_late(last)
    assert inside(late, last) == [True, False]
    line.leave(slow)
    assert inside(last) == [True]


def test_a_flood_of_orders_does_not_keep_a_page_out() -> None:
    line = Line(1)
    slow, page, before = arrived(line), arrived(line), arrived(line, placing=True)
    line.be_late(page)
    flood = [arrived(line, placing=True) for _ in range(20)]
    line.be_late(page)
    line.leave(slow)
    assert inside(page, before) == [False, True]
    line.leave(before)
    assert inside(page) == [True]
    assert not any(inside(*flood))


@given(st.lists(st.tuples(st.sampled_from(["page", "order", "late", "leave"]), st.integers(0, 9)), max_size=60))
def test_all_come_in_in_the_end_and_never_more_than_there_is_room(steps: list[tuple[str, int]]) -> None:
    line = Line(3)
    there: list[Turn] = []
    for step, which in steps:
        within = [turn for turn in there if turn.let_in.is_set()]
        waiting = [turn for turn in there if not turn.let_in.is_set()]
        if step in {"page", "order"}:
            there.append(arrived(line, placing=step == "order"))
        elif step == "late" and waiting:
            line.be_late(waiting[which % len(waiting)])
        elif step == "leave" and within:
            there.remove(gone := within[which % len(within)])
            line.leave(gone)
        assert sum(inside(*there)) <= 3
    while there:
        within = [turn for turn in there if turn.let_in.is_set()]
        assert within
        there.remove(within[0])
        line.leave(within[0])


class House:
    """What is behind the door: a slow page stays until it is sent away."""

    def __init__(self) -> None:
        self.slow_is_in = threading.Event()
        self.way_out = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/slow":
            self.slow_is_in.set()
            assert self.way_out.wait(60)
        if path == "/broken":
            raise ValueError(path)
        return [path.encode()]


def ask(of: Door, path: str, method: str = "GET") -> list[bytes]:
    return list(of({"REQUEST_METHOD": method, "PATH_INFO": path}, lambda *_: lambda _: None))


def test_a_page_gets_in_beside_one_that_does_not_end() -> None:
    house = House()
    at = Door(house, 2)
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(ask, at, "/slow")
        assert house.slow_is_in.wait(60)
        assert ask(at, "/list") == [b"/list"]
        house.way_out.set()
        assert slow.result(60) == [b"/slow"]


def test_a_page_that_breaks_leaves_its_place_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PATIENCE_S", PATIENCE_S)
    at = Door(House(), 1)
    for _ in range(3):
        with pytest.raises(ValueError, match="/broken"):
            ask(at, "/broken")
    assert ask(at, "/list") == [b"/list"]


@pytest.mark.parametrize(
    ("method", "path", "is_first"),
    [
        ("POST", "/checkout/orders", True),
        ("POST", "/us/checkout/orders", True),
        ("POST", "/kr/api/v1/orders", True),
        ("GET", "/checkout/orders", False),
        ("POST", "/checkout/choices", False),
    ],
)
def test_an_order_is_known_by_its_address_on_each_channel(
    monkeypatch: pytest.MonkeyPatch, method: str, path: str, is_first: bool
) -> None:
    arrivals: list[bool] = []
    arrive = Line.arrive

    def told(line: Line, turn: Turn) -> None:
        arrivals.append(turn.is_placing)
        arrive(line, turn)

    monkeypatch.setattr(Line, "arrive", told)
    ask(Door(House(), 1), path, method)
    assert arrivals == [is_first]
