"""Tables of IP addresses as their makers give them away: one line, one range (FRD-10). Nothing is guessed."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from portal.kit.geography import Point, point
from portal.rules.places import Place, place_named

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# What columns are called in the tables that are about: a range by its ends or by its network, then its place.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "network": ("network", "cidr", "prefix", "ip_prefix"),
    "first": ("first_ip", "start_ip", "ip_start", "ip_from", "ip_range_start", "range_start", "start"),
    "last": ("last_ip", "end_ip", "ip_end", "ip_to", "ip_range_end", "range_end", "end"),
    "country": ("country", "country_code", "country_iso_code"),
    "city": ("city", "city_name"),
    "region": ("region", "region_name", "stateprov", "subdivision_1_iso_code"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng"),
    "id": ("geoname_id",),
}
# What makers write where an address is nobody's.
NOWHERE = frozenset({"", "-", "ZZ", "XX"})


class RangeError(ValueError):
    """Why a line is no range; its text says it to the operator."""


@dataclass(frozen=True, slots=True)
class IpPlaceRange:
    """Addresses from the first to the last, and where they are; a data centre is nowhere."""

    first: Address
    last: Address
    place: Place | None = None


def columns_of(header: Iterable[str]) -> Mapping[str, str]:
    """Which column is what. Raises RangeError where nothing says which addresses are meant."""
    names = set(header)
    found = {role: name for role, known in COLUMNS.items() if (name := next((n for n in known if n in names), None))}
    if "network" not in found and not {"first", "last"} <= set(found):
        raise RangeError("no column for the addresses: network, or first_ip and last_ip")
    return found


def read_range(cells: Mapping[str, str], columns: Mapping[str, str]) -> tuple[Address, Address]:
    """The first and the last address of a line. Raises RangeError."""
    try:
        if "network" in columns:
            network = ipaddress.ip_network(cells.get(columns["network"], ""), strict=False)
            return network.network_address, network.broadcast_address
        first, last = (_address(cells.get(columns[end], "")) for end in ("first", "last"))
    except ValueError as error:
        raise RangeError(str(error)) from None
    if first.version != last.version or int(first) > int(last):
        raise RangeError("the range ends before it begins")
    return first, last


def read_place(
    cells: Mapping[str, str], columns: Mapping[str, str], places: Mapping[str, Mapping[str, str]]
) -> Place | None:
    """Where a line's addresses are; None where they are nobody's. `places` are those that it names by an id.

    Without degrees the place is looked up by its name. Raises RangeError.
    """
    told = {**cells, **places.get(cells.get(columns.get("id", ""), ""), {})}
    # Places that lines name by their id bring columns of their own.
    named = {**COLUMNS_OF_PLACES, **columns} if places else columns
    country, city, region, latitude, longitude = (
        told.get(named.get(role, ""), "") for role in ("country", "city", "region", "latitude", "longitude")
    )
    code = country.upper()
    if code in NOWHERE:
        return None
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        raise RangeError(f"{country!r} is no country of two letters")
    try:
        at: Point | None = point(latitude, longitude) if latitude and longitude else None
    except (ValueError, OverflowError):
        raise RangeError("no such latitude and longitude") from None
    if at is None:
        found = place_named(code, city, region)
        if found is None:
            raise RangeError(f"the place of {code} is not known, and the line does not say it")
        return found
    return Place(code, "" if city in NOWHERE else city, at)


COLUMNS_OF_PLACES: Mapping[str, str] = {
    "country": "country_iso_code", "city": "city_name", "region": "subdivision_1_iso_code",
}  # fmt: skip


def in_order(ranges: Iterable[tuple[int, IpPlaceRange]], refuse: Callable[[int, str], None]) -> Iterator[IpPlaceRange]:
    """Ranges of which none overlaps the one before it; `refuse` is told the line and the reason of the others."""
    before: IpPlaceRange | None = None
    for line, one in ranges:
        if before is not None and (one.first.version, int(one.first)) <= (before.last.version, int(before.last)):
            refuse(line, "it does not begin after the range before it: sort the file by address")
            continue
        before = one
        yield one


def merged(ranges: Iterable[tuple[Address, Address]]) -> Iterator[IpPlaceRange]:
    """Ranges in their order, those that touch or overlap as one: lists of data centres name many twice."""
    first = last = None
    for begin, end in sorted(ranges, key=lambda one: (one[0].version, int(one[0]))):
        if first is None or last is None:
            first, last = begin, end
        elif begin.version == last.version and int(begin) <= int(last) + 1:
            last = max(last, end, key=int)
        else:
            yield IpPlaceRange(first, last)
            first, last = begin, end
    if first is not None and last is not None:
        yield IpPlaceRange(first, last)


def _address(text: str) -> Address:
    """An address as text or, as some makers do, as a number."""
    if text.isdigit():
        return ipaddress.ip_address(int(text))
    return ipaddress.ip_address(text)
