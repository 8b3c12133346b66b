"""Places by name and by table, and how far they are apart (FRD-10)."""

from __future__ import annotations

import ipaddress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.geography import Point, distance_km
from portal.rules.ip_tables import (
    IpPlaceRange,
    RangeError,
    columns_of,
    in_order,
    merged,
    read_place,
    read_range,
)
from portal.rules.places import Place, from_json, kilometres, place_named, place_of_address
from tests.factories.account import ADDRESS_KR, ADDRESS_US

pytestmark = pytest.mark.req("FRD-10")

POINTS = st.builds(Point, st.integers(-9000, 9000), st.integers(-18000, 18000))
HALF_ROUND = 20_016


@given(POINTS, POINTS, POINTS)
def test_a_distance_is_the_same_both_ways_and_never_more_than_half_the_globe(
    one: Point, two: Point, via: Point
) -> None:
    there = distance_km(one, two)
    assert there == distance_km(two, one)
    assert 0 <= there <= HALF_ROUND
    assert there <= distance_km(one, via) + distance_km(via, two) + 2
    assert distance_km(one, one) == 0


@pytest.mark.parametrize(
    ("address", "country", "city"),
    [
        (ADDRESS_KR, "KR", "서울특별시"),
        ({"country": "KR", "line1": "경기도 성남시 분당구 판교로 1"}, "KR", "성남시"),
        ({"country": "KR", "line1": "강원특별자치도 춘천시 중앙로 1"}, "KR", "춘천시"),
        ({"country": "KR", "line1": "부산광역시 해운대구 우동 1"}, "KR", "부산광역시"),
        ({"country": "KR", "line1": "어딘가 2"}, "KR", ""),
        (ADDRESS_US, "US", "New York"),
        ({"country": "JP", "city": "大阪市"}, "JP", "大阪市"),
        ({"country": "DE", "city": "MÜNCHEN"}, "DE", "MÜNCHEN"),
        ({"country": "DE", "city": "Kleinkleckersdorf"}, "DE", ""),
    ],
)
def test_an_address_lies_in_its_city_or_somewhere_in_its_country(
    address: dict[str, str], country: str, city: str
) -> None:
    found = place_of_address(address)
    assert found is not None
    assert (found.country, found.city) == (country, city)


def test_what_nobody_knows_has_no_place_and_no_distance() -> None:
    seoul = place_named("KR", "Seoul")
    assert place_of_address(None) is None
    assert place_named("XQ", "Seoul") is None
    assert kilometres(seoul, None) is None
    assert kilometres(None, None) is None
    # Somewhere in the same country may be next door or at its other end.
    assert kilometres(seoul, place_named("KR", "nowhere at all")) is None
    assert kilometres(seoul, seoul) == 0


def test_cities_of_one_name_are_told_apart_by_their_state() -> None:
    east, west = place_named("US", "Kansas City", "mo"), place_named("US", "Springfield", "IL")
    assert east is not None
    assert west is not None
    assert 300 < (kilometres(east, west) or 0) < 500
    assert 10_900 < (kilometres(place_named("KR", "서울"), place_named("US", "New York City", "NY")) or 0) < 11_200


def test_a_place_comes_back_as_it_was_kept() -> None:
    seoul = place_named("KR", "Seoul")
    assert seoul is not None
    assert from_json(seoul.to_json()) == seoul
    assert from_json(None) is None


def test_ranges_are_read_as_makers_write_them() -> None:
    by_network = columns_of(["network", "geoname_id", "latitude", "longitude"])
    cells = {"network": "203.0.113.0/24", "geoname_id": "7", "latitude": "37.566", "longitude": "126.978"}
    places = {"7": {"country_iso_code": "KR", "city_name": "Seoul", "subdivision_1_iso_code": ""}}
    assert list(map(str, read_range(cells, by_network))) == ["203.0.113.0", "203.0.113.255"]
    assert read_place(cells, by_network, places) == Place("KR", "Seoul", Point(3757, 12698))

    by_ends = columns_of(["ip_from", "ip_to", "country_code", "country_name"])
    numbers = {"ip_from": "3405803776", "ip_to": "3405804031", "country_code": "US", "country_name": "x"}
    assert list(map(str, read_range(numbers, by_ends))) == ["203.0.113.0", "203.0.113.255"]
    found = read_place(numbers, by_ends, {})
    assert found is not None
    assert (found.country, found.city) == ("US", "")
    assert read_place({"country_code": "-"}, by_ends, {}) is None


@pytest.mark.parametrize(
    "cells",
    [
        {"first_ip": "203.0.113.9", "last_ip": "203.0.113.1", "country": "KR"},
        {"first_ip": "203.0.113.1", "last_ip": "2001:db8::1", "country": "KR"},
        {"first_ip": "", "last_ip": "", "country": "KR"},
        {"first_ip": "203.0.113.1", "last_ip": "999.0.0.1", "country": "KR"},
        {"first_ip": "203.0.113.1", "last_ip": "203.0.113.2", "country": "Korea"},
        {"first_ip": "203.0.113.1", "last_ip": "203.0.113.2", "country": "XQ"},
        {"first_ip": "203.0.113.1", "last_ip": "203.0.113.2", "country": "KR", "latitude": "91", "longitude": "0"},
        {"first_ip": "203.0.113.1", "last_ip": "203.0.113.2", "country": "KR", "latitude": "nan", "longitude": "0"},
        {"first_ip": "203.0.113.1", "last_ip": "203.0.113.2", "country": "KR", "latitude": "inf", "longitude": "0"},
    ],
)
def test_a_line_that_is_no_range_is_refused(cells: dict[str, str]) -> None:
    columns = columns_of(["first_ip", "last_ip", "country", "latitude", "longitude"])

    def read() -> None:
        read_place(cells, columns, {})
        read_range(cells, columns)

    with pytest.raises(RangeError):
        read()


def test_a_file_without_addresses_is_no_table() -> None:
    with pytest.raises(RangeError, match="no column for the addresses"):
        columns_of(["country", "city"])


def test_what_overlaps_the_range_before_it_is_left_out_and_named() -> None:
    told: list[int] = []
    ends = [("203.0.113.0", "203.0.113.9"), ("203.0.113.9", "203.0.113.20"), ("203.0.113.10", "203.0.113.10")]
    lines = [(n, _range(*both)) for n, both in enumerate(ends, 2)]
    kept = list(in_order(lines, lambda line, _reason: told.append(line)))
    assert [str(one.first) for one in kept] == ["203.0.113.0", "203.0.113.10"]
    assert told == [3]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 30)), max_size=20))
def test_merged_ranges_hold_the_same_addresses_and_do_not_touch(spans: list[tuple[int, int]]) -> None:
    base = int(ipaddress.IPv4Address("198.51.100.0"))
    given_ones = {base + begin + n for begin, length in spans for n in range(length + 1)}
    found = list(
        merged(
            (ipaddress.IPv4Address(base + begin), ipaddress.IPv4Address(base + begin + length))
            for begin, length in spans
        )
    )
    assert {n for one in found for n in range(int(one.first), int(one.last) + 1)} == given_ones
    assert all(int(b.first) > int(a.last) + 1 for a, b in pairwise(found))


def _range(first: str, last: str) -> IpPlaceRange:
    return IpPlaceRange(ipaddress.ip_address(first), ipaddress.ip_address(last))
