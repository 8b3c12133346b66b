"""Where a case's events were and where its goods go: points on a map, and the same in words (A04)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import orjson
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.blueprints.desk_words import word
from portal.formatting import decimal
from portal.queries.cases import AnyRow, CaseDetail
from portal.rules.places import Place, from_json, kilometres, place_of_address

# What the map shows: all longitudes, and latitudes from here down, two degrees to a unit.
TOP, LEFT, DEGREES = 80, -180, 2
SHOWN = 12
# Half of the square that stands for a delivery.
HALF = 1.4


@dataclass(frozen=True, slots=True)
class Spot:
    """A place with its number on the map, what was there, and how far that is from where its order goes or came from.

    `corner` is that of the square of a delivery, `text` where the number stands.
    """

    number: int
    is_delivery: bool
    what: str
    at: datetime
    where: str
    far: str
    x: str
    y: str
    corner: tuple[str, str]
    text: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Way:
    """A line on the map, from where an order came to where it goes."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class CaseMap:
    """What is drawn, and the rows of the table beside it; `unknown` counts events from nobody knows where."""

    spots: Sequence[Spot]
    ways: Sequence[Way]
    unknown: int


def map_of(detail: CaseDetail) -> CaseMap:
    """The newest events of a case, each with the delivery of its order, the same place twice only once."""
    addresses = {order.id: orjson.loads(order.address or "{}") for order in detail.orders}
    spots: list[Spot] = []
    ways: list[Way] = []
    seen: set[tuple[Place, bool]] = set()
    known = 0
    for decision in detail.decisions:
        here = from_json(decision.place)
        known += here is not None
        there = place_of_address(addresses.get(decision.order_id))
        if here is not None and there is not None and (here, False) not in seen:
            ways.append(Way(*_xy(here), *_xy(there)))
        for place, is_delivery, other in ((here, False, there), (there, True, here)):
            if place is None or (place, is_delivery) in seen or len(spots) >= SHOWN:
                continue
            seen.add((place, is_delivery))
            spots.append(_spot(len(spots) + 1, decision, place, other, is_delivery=is_delivery))
    return CaseMap(spots, ways, len(detail.decisions) - known)


def in_words(place: Place) -> str:
    """A place as people say it."""
    locale = get_locale()
    country = str(locale.territories.get(place.country, place.country)) if locale else place.country
    return f"{place.city}, {country}" if place.city else country


def _spot(number: int, decision: AnyRow, place: Place, other: Place | None, *, is_delivery: bool) -> Spot:
    far = kilometres(place, other)
    x, y = place.at.longitude / 100, place.at.latitude / 100
    x, y = (x - LEFT) / DEGREES, (TOP - y) / DEGREES
    return Spot(
        number,
        is_delivery,
        _("Delivery") if is_delivery else word("risk_event", decision.event),
        decision.decided_at,
        in_words(place),
        _("not known") if far is None else _("%(distance)s km", distance=decimal(Decimal(far))),
        f"{x:.1f}",
        f"{y:.1f}",
        (f"{x - HALF:.1f}", f"{y - HALF:.1f}"),
        # Numbers of places that lie together stand beside each other.
        (f"{x + 2 + 4 * ((number - 1) % 3):.1f}", f"{y - HALF:.1f}"),
    )


def _xy(place: Place) -> tuple[str, str]:
    return (
        f"{(place.at.longitude / 100 - LEFT) / DEGREES:.1f}",
        f"{(TOP - place.at.latitude / 100) / DEGREES:.1f}",
    )
