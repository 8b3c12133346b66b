"""Tracking numbers by the form of their carriers, and what becomes of a parcel whatever the order of its news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.tracking import TrackedKind
from portal.rules.carriers import (
    CARRIERS,
    CarrierMissingError,
    CarrierUnknownError,
    TrackingNumberError,
    TrackingNumberMissingError,
    find_carrier,
    read_number,
)
from portal.rules.deadlines import Step, deadlines_from, next_step
from portal.rules.states import Machine, may_move, states
from portal.rules.tracking import Tracked, delivered_at, state_of

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVENTS = st.lists(
    st.builds(
        Tracked,
        kind=st.sampled_from(TrackedKind),
        at=st.integers(0, 10_000).map(lambda minutes: BEGIN + timedelta(minutes=minutes)),
    ),
    max_size=6,
)


@pytest.mark.req("ORD-003")
@pytest.mark.parametrize(
    ("carrier", "typed", "kept"),
    [
        ("cj", " 5812-3456-7890 ", "581234567890"),
        ("CJ대한통운", "５８１２３４５６７８９０", "581234567890"),
        ("epost", "60123 4567 8901", "6012345678901"),
        ("ems", "rb123456785gb", "RB123456785GB"),
        ("ups", "1Z 999 AA1 01 2345 6784", "1Z999AA10123456784"),
        ("fedex", "9865 7878 8855", "986578788855"),
        ("dhl", "33 1881 0025", "3318810025"),
        ("own", "od-1042", "OD1042"),
    ],
)
def test_numbers_are_kept_as_their_carriers_write_them(carrier: str, typed: str, kept: str) -> None:
    assert read_number(find_carrier(carrier), typed) == kept


@pytest.mark.req("ORD-003")
@pytest.mark.parametrize(
    ("carrier", "typed"),
    [
        ("cj", "58123456789"),
        ("cj", "5812345678AB"),
        ("ems", "RB123456784GB"),
        ("ups", "1Z999AA10123456785"),
        ("fedex", "986578788854"),
        ("dhl", "3318810026"),
        ("logen", "9141234567\0"),
        ("own", "가나다"),
        ("own", "A" * 41),
        ("ems", "EE000000005KR"),
        ("ups", "1Z0000000000000000"),
    ],
)
def test_a_number_that_is_not_its_carriers_is_refused_with_an_example(carrier: str, typed: str) -> None:
    with pytest.raises(TrackingNumberError) as refused:
        read_number(find_carrier(carrier), typed)
    assert CARRIERS[carrier].example in str(refused.value)


@pytest.mark.req("ORD-003")
@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("length", range(15))
def test_zeros_are_no_number_of_anybody(carrier: str, length: int) -> None:
    with pytest.raises(TrackingNumberMissingError, match="Enter the tracking number"):
        read_number(find_carrier(carrier), "0" * length)


def test_every_carriers_example_is_a_number_of_its_own() -> None:
    assert all(read_number(carrier, carrier.example) for carrier in CARRIERS.values())
    with pytest.raises(CarrierUnknownError, match="cj, hanjin"):
        find_carrier("pigeon")
    with pytest.raises(CarrierMissingError, match="Choose the carrier"):
        find_carrier(" ")


@pytest.mark.req("ORD-07")
@given(EVENTS)
def test_the_order_in_which_news_come_in_changes_nothing(events: list[Tracked]) -> None:
    ways = {state_of(way) for way in permutations(events)}
    assert ways == {state_of(events)}
    assert (state_of(events) is TrackedKind.DELIVERED) == (delivered_at(events) is not None)


@pytest.mark.req("ORD-12", "ORD-07")
@given(EVENTS)
def test_each_piece_of_news_is_a_move_of_the_machine(events: list[Tracked]) -> None:
    before = TrackedKind.SENT
    for count in range(1, len(events) + 1):
        after = state_of(events[:count])
        assert after is before or may_move(Machine.SHIPMENT, before, after)
        before = after
    assert set(states(Machine.SHIPMENT)) == set(TrackedKind)


@pytest.mark.req("ORD-11")
def test_a_seller_has_working_days() -> None:
    friday = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)
    until = deadlines_from(friday)
    assert until.accept_by == datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
    assert until.ship_by == datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
    steps = [next_step(status) for status in ("held", "released", "packed", "shipped", "closed")]
    assert steps == [None, Step.ACCEPT, Step.SHIP, Step.DELIVER, None]
