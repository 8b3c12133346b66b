"""Places by name, and how far two of them are apart (FRD-10). What is not known has no distance, and never none at all.

The table knows the larger cities of the world and about the middle of each country; tables/README.md names its source.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from portal.kit.geography import Point, distance_km, point

# What Korean and English add to the name of a city, and Japanese to that of a district.
_ADDED = re.compile(
    r"(?<=\w\w)(?:특별자치시|특별시|광역시|시|군)$|(?<=\w\w\w) (?:si|shi|city|gun)$|(?<=\w\w)[市区都府]$"
)
# The first word of a Korean address is a province, or a city that is one.
_PROVINCE = re.compile(r"도$|^(?:경기|강원|충북|충남|전북|전남|경북|경남|제주)$")


@dataclass(frozen=True, slots=True)
class Place:
    """A city, or where `city` is empty somewhere in a country. `country` is of two capital letters."""

    country: str
    city: str
    at: Point

    def to_json(self) -> dict[str, Any]:
        return {"country": self.country, "city": self.city, "at": [self.at.latitude, self.at.longitude]}


def from_json(kept: Mapping[str, Any] | None) -> Place | None:
    """A place as it was kept."""
    return None if kept is None else Place(kept["country"], kept["city"], Point(*kept["at"]))


def place_named(country: str, city: str = "", region: str = "") -> Place | None:
    """The place of this name; the middle of its country where nobody knows the city, None where not even that."""
    code = country.strip().upper()
    cities, countries = _tables()
    shown = city.strip()
    for key in ((code, region.strip().casefold(), _plain(shown)), (code, "", _plain(shown))):
        if shown and (found := cities.get(key)) is not None:
            return Place(code, shown, found)
    middle = countries.get(code)
    return None if middle is None else Place(code, "", middle)


def place_of_address(address: Mapping[str, str] | None) -> Place | None:
    """Where goods go. A Korean address names its city in its first words, others in a field of its own."""
    told = address or {}
    country, city = told.get("country", ""), told.get("city", "")
    if country == "KR" and not city:
        words = told.get("line1", "").split()[:2]
        city = words[-1] if len(words) == 2 and _PROVINCE.search(words[0]) else "".join(words[:1])
        return place_named(country, city)
    return place_named(country, city, told.get("region", "")) if country else None


def kilometres(one: Place | None, other: Place | None) -> int | None:
    """How far they are apart. Within one country that is known only of cities."""
    if one is None or other is None:
        return None
    if one.country == other.country and not (one.city and other.city):
        return None
    return distance_km(one.at, other.at)


def _plain(name: str) -> str:
    bare = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    words = unicodedata.normalize("NFC", " ".join(re.sub(r"[^\w]+", " ", bare.casefold()).split()))
    return _ADDED.sub("", words)


@cache
def _tables() -> tuple[Mapping[tuple[str, str, str], Point], Mapping[str, Point]]:
    cities: dict[tuple[str, str, str], Point] = {}
    countries: dict[str, Point] = {}
    for line in files("portal.rules").joinpath("tables", "places.tsv").read_text("utf-8").splitlines():
        country, region, latitude, longitude, names = line.split("\t")
        where = point(latitude, longitude)
        if not names:
            countries[country] = where
        for name in filter(None, names.split("|")):
            cities.setdefault((country, region, _ADDED.sub("", name)), where)
    return cities, countries
