"""What columns of numbers say together: balances that do not add up, places that are far apart (FRD-10).

Trees cut along single columns. A sum that does not come out, or a distance, they would find with difficulty only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from portal.learning.windows import HOUR_S, Floats, Ints

# Only in so many columns sums are looked for: their pairs grow as the square.
COLUMNS_MAX = 24
SAMPLE = 20_000
# A sum that comes out for as many events is one that is meant.
MEANT_FROM = 0.02
EXACT = 0.005
EARTH_KM = 6371.0
_LATITUDES = ("lat", "latitude")
_LONGITUDES = ("long", "lon", "lng", "longitude")


@dataclass(frozen=True, slots=True)
class Relations:
    """Sums that are meant, as (plus, minus, sign of the amount); and columns of places, as (latitude, longitude)."""

    sums: tuple[tuple[str, str, int], ...] = ()
    places: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, list[list[str | int]]]:
        """Plain values, for the database."""
        return {"sums": [list(one) for one in self.sums], "places": [list(one) for one in self.places]}

    def columns(
        self, amount: Floats, numbers: Mapping[str, Floats], at_s: Floats, customer: Ints | None
    ) -> dict[str, Floats]:
        """The features. A column that is not here is not known."""
        empty = np.full(amount.size, np.nan)
        found: dict[str, Floats] = {}
        for plus, minus, sign in self.sums:
            rest = numbers.get(plus, empty) + sign * amount
            found[f"r_{plus}_{minus}_{sign}"] = rest - numbers.get(minus, empty) if minus else rest
        points = [(numbers.get(lat, empty), numbers.get(lon, empty)) for lat, lon in self.places]
        for (n, one), (m, other) in combinations(enumerate(points), 2):
            found[f"km_{n}_{m}"] = distance_km(*one, *other)
        for n, point in enumerate(points) if customer is not None else ():
            found |= _moved(n, *point, at_s, customer) if customer is not None else {}
        return found


def from_json(kept: Mapping[str, list[list[str | int]]] | None) -> Relations:
    """Read relations back; models of before had none."""
    if kept is None:
        return Relations()
    return Relations(
        tuple((str(plus), str(minus), int(sign)) for plus, minus, sign in kept["sums"]),
        tuple((str(lat), str(lon)) for lat, lon in kept["places"]),
    )


def find_relations(amount: Floats, numbers: Mapping[str, Floats]) -> Relations:
    """Look for them in a sample of the events that may be learned from."""
    step = max(1, amount.size // SAMPLE)
    some = {name: values[::step] for name, values in numbers.items()}
    sums: list[tuple[str, str, int]] = []
    if not np.isnan(amount).all():
        paid = amount[::step]
        asked = [name for name, values in some.items() if _may_add_up(values)][:COLUMNS_MAX]
        sums += [(name, "", -1) for name in asked if _is_meant(some[name], paid, paid != 0)]
        for one, other in combinations(asked, 2):
            differs = (some[one] != some[other]) & (paid != 0)
            sums += [(one, other, sign) for sign in (1, -1) if _is_meant(some[one] + sign * paid, some[other], differs)]
    return Relations(tuple(sums), _places(tuple(numbers)))


def _may_add_up(values: Floats) -> bool:
    known = values[~np.isnan(values)]
    return known.size > 0 and np.unique(known).size > known.size // 20


def _is_meant(left: Floats, right: Floats, asked: npt.NDArray[np.bool_]) -> bool:
    """Whether so many come out that no chance does it."""
    if not asked.any():
        return False
    return bool((np.abs(left - right)[asked] < EXACT).mean() > MEANT_FROM)


def _places(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = []
    for name in names:
        for lat, lon in ((lat, lon) for lat in _LATITUDES for lon in _LONGITUDES):
            head, word, tail = name.rpartition(lat)
            if word and (not head or head.endswith("_")) and (not tail or tail.startswith("_")):
                other = f"{head}{lon}{tail}"
                if other in names and (name, other) not in found:
                    found.append((name, other))
    return tuple(found[:3])


def distance_km(lat: Floats, lon: Floats, other_lat: Floats, other_lon: Floats) -> Floats:
    """Over the earth's surface."""
    a, b = np.radians(lat), np.radians(other_lat)
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(other_lon - lon) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))), dtype=np.float64)


def _moved(n: int, lat: Floats, lon: Floats, at_s: Floats, customer: Ints) -> dict[str, Floats]:
    """How far and how fast it is from the customer's event before."""
    order = np.lexsort((at_s, customer))
    before = np.full(at_s.size, -1)
    same = customer[order][1:] == customer[order][:-1]
    before[order[1:][same]] = order[:-1][same]
    known = before >= 0
    far = np.full(at_s.size, np.nan)
    far[known] = distance_km(lat[before[known]], lon[before[known]], lat[known], lon[known])
    hours = np.full(at_s.size, np.nan)
    hours[known] = np.maximum((at_s[known] - at_s[before[known]]) / HOUR_S, 1 / 60)
    return {f"km_since_last_{n}": far, f"km_h_since_last_{n}": far / hours}
