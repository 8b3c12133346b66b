"""How far apart places of the earth are. Angles and kilometres are approximate; nothing here is money."""

from __future__ import annotations

import math
from dataclasses import dataclass

EARTH_RADIUS_KM = 6371


@dataclass(frozen=True, slots=True)
class Point:
    """A point in hundredths of a degree: about a kilometre, and no closer to anybody's door. Raises ValueError."""

    latitude: int
    longitude: int

    def __post_init__(self) -> None:
        if not (-9000 <= self.latitude <= 9000 and -18000 <= self.longitude <= 18000):
            raise ValueError("no point of the earth")


def point(latitude: float | str, longitude: float | str) -> Point:
    """The point at these degrees. Raises ValueError."""
    return Point(round(float(latitude) * 100), round(float(longitude) * 100))


def distance_km(one: Point, other: Point) -> int:
    """The way over the ground in whole kilometres, by the formula of haversines."""
    lat_one, lat_other = (math.radians(place.latitude / 100) for place in (one, other))
    by_longitude = math.radians((other.longitude - one.longitude) / 100)
    half = math.sin((lat_other - lat_one) / 2) ** 2
    half += math.cos(lat_one) * math.cos(lat_other) * math.sin(by_longitude / 2) ** 2
    return round(2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half))))
