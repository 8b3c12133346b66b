"""Put a table of IP addresses in the place of the one before it (FRD-10)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import IpRange, IpTable
from portal.rules.ip_tables import IpPlaceRange
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record

BATCH = 5000


def keep_ip_table(
    session: Session, *, kind: str, ranges: Iterable[IpPlaceRange], source: str, sha256: str, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Write all ranges, none of which overlaps another, and forget those before; returns how many there are.

    Events that are scored meanwhile see the table before, as a whole. `kind` is place or datacenter.
    """
    session.execute(delete(IpRange).where(IpRange.kind == kind))
    count = 0
    left = iter(ranges)
    while batch := list(islice(left, BATCH)):
        insert_rows(session, IpRange, [_row(kind, one) for one in batch])
        count += len(batch)
    told: dict[str, Any] = {"source": source, "sha256": sha256, "ranges": count, "loaded_at": now}
    session.execute(insert(IpTable).values(kind=kind, **told).on_conflict_do_update(index_elements=["kind"], set_=told))
    after = {"source": source, "sha256": sha256, "ranges": count}
    record(session, Fact(AuditAction.IP_TABLE_LOADED, f"ip-table:{kind}", after=after), actor=actor, now=now)
    return count


def _row(kind: str, one: IpPlaceRange) -> dict[str, Any]:
    place = one.place
    return {
        "kind": kind,
        "first_ip": str(one.first),
        "last_ip": str(one.last),
        "country": place.country if place else None,
        "city": place.city if place else None,
        "latitude": place.at.latitude if place else None,
        "longitude": place.at.longitude if place else None,
    }
