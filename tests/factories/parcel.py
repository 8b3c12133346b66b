"""Parcels for tests, sent as a store sends them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from itertools import count

from portal.db import transaction
from portal.kit import clock
from portal.services.fulfilment.ship_part import Parcel, Shipped, Source, ship_part
from tests.factories.account import Person

_numbers = count(580_000_000_000)


def new_tracking_number() -> str:
    """A number of `cj` that no other parcel has."""
    return str(next(_numbers))


def send(
    part_id: uuid.UUID,
    seller: Person,
    units: Mapping[uuid.UUID, int] | None = None,
    *,
    carrier: str = "cj",
    number: str | None = None,
    version: int | None = None,
    source: Source = "page",
    now: datetime | None = None,
) -> Shipped:
    """A committed parcel of all that is left, or of these units."""
    with transaction() as session:
        return ship_part(
            session,
            part_id=part_id,
            parcel=Parcel(carrier, number or new_tracking_number(), units),
            source=source,
            actor=seller.actor,
            now=now or clock.now(),
            version=version,
        )
