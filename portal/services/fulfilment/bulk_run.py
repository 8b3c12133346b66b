"""Many parts taken a step on, a batch at a time: what was done and how far one is are written together (S11)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.models import BulkRun
from portal.rules.permissions import Actor, Permission, Role, may
from portal.services.fulfilment.move_part import move_parts
from portal.services.fulfilment.ship_part import Parcel, ship_part
from portal.services.fulfilment.want_label import want_label
from portal.services.orders.part_holds import PartUnknownError

BATCH = 25
# So few are done while one waits for the page.
AT_ONCE_MAX = 50
STALE_AFTER = timedelta(seconds=20)
ITEMS_MAX = 5_000

_LOCK_ORDERS = text(
    """
    SELECT o.id FROM orders o
     WHERE o.id IN (SELECT p.order_id FROM order_part p WHERE p.id = ANY(:parts)) ORDER BY o.id FOR UPDATE
    """
)
_DUE = text("SELECT id FROM bulk_run WHERE done < total AND worked_at < :stale ORDER BY worked_at LIMIT 20")


@dataclass(frozen=True, slots=True)
class RunItem:
    """One part of a run. `number` is its order's, for the report; a parcel has carrier, tracking number and units."""

    part_id: uuid.UUID
    number: str
    carrier: str = ""
    tracking_number: str = ""
    units: Mapping[uuid.UUID, int] | None = None
    row: int = 0


def begin_run(
    session: Session, *, store_id: int, kind: str, items: Sequence[RunItem], actor: Actor, now: datetime
) -> uuid.UUID:
    """Write down what is to be done; nothing is done yet. Raises PartUnknownError."""
    if actor.user_id is None or not may(actor, Permission.STORE_ORDER_FULFIL, store_id=store_id):
        raise PartUnknownError
    run_id = new_id()
    session.add(
        BulkRun(
            id=run_id,
            store_id=store_id,
            kind=kind,
            made_by=actor.user_id,
            items=[_kept(one) for one in items[:ITEMS_MAX]],
            total=min(len(items), ITEMS_MAX),
            created_at=now,
            worked_at=now,
        )
    )
    session.flush()
    return run_id


def work_run(session: Session, *, run_id: uuid.UUID, now: datetime) -> bool:
    """Do the next batch; True while something is left. Whoever comes meanwhile finds it taken and leaves.

    What cannot be done stays as it was and stands in the report with its reason.
    """
    run = session.scalars(
        select(BulkRun).where(BulkRun.id == run_id, BulkRun.done < BulkRun.total).with_for_update(skip_locked=True)
    ).one_or_none()
    if run is None:
        return False
    items = run.items[run.done : run.done + BATCH]
    actor = Actor(user_id=run.made_by, roles=frozenset({Role.SELLER}), store_ids=frozenset({run.store_id}))
    session.execute(_LOCK_ORDERS, {"parts": [uuid.UUID(item["part"]) for item in items]})
    if run.kind == "accept":
        failed = _accept(session, items, actor, now)
    elif run.kind == "ship":
        failed = _each(items, lambda item: _ship(session, item, actor, now))
    else:
        failed = _each(items, lambda item: _label(session, run.id, item, actor, now))
    run.failed = [*run.failed, *failed]
    run.done += len(items)
    run.worked_at = now
    session.flush()
    return run.done < run.total


def runs_due(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Runs that nobody works on."""
    return list(session.scalars(_DUE, {"stale": now - STALE_AFTER}))


def _accept(session: Session, items: Sequence[Mapping[str, Any]], actor: Actor, now: datetime) -> list[dict[str, Any]]:
    ids = [uuid.UUID(item["part"]) for item in items]
    stayed = {
        one.part_id: one.error for one in move_parts(session, part_ids=ids, step="accepted", actor=actor, now=now)
    }
    return [_failure(item, stayed[uuid.UUID(item["part"])]) for item in items if uuid.UUID(item["part"]) in stayed]


def _each(items: Sequence[Mapping[str, Any]], work: Callable[[Mapping[str, Any]], object]) -> list[dict[str, Any]]:
    failed = []
    for item in items:
        try:
            work(item)
        except PortalError as error:
            failed.append(_failure(item, error))
    return failed


def _ship(session: Session, item: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    units = item["units"]
    wanted = None if units is None else {uuid.UUID(line): int(count) for line, count in units.items()}
    parcel = Parcel(item["carrier"], item["tracking_number"], wanted)
    ship_part(session, part_id=uuid.UUID(item["part"]), parcel=parcel, source="csv", actor=actor, now=now)


def _label(session: Session, run_id: uuid.UUID, item: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    want_label(
        session,
        label_id=new_id(),
        part_id=uuid.UUID(item["part"]),
        carrier=item["carrier"],
        units=None,
        actor=actor,
        now=now,
        run_id=run_id,
    )


def _failure(item: Mapping[str, Any], error: PortalError) -> dict[str, Any]:
    params = {name: str(value) for name, value in error.params.items()}
    return {
        "part": item["part"],
        "number": item["number"],
        "row": item["row"],
        "code": error.code,
        "sentence": error.sentence,
        "params": params,
    }


def _kept(item: RunItem) -> dict[str, Any]:
    return {
        "part": str(item.part_id),
        "number": item.number,
        "carrier": item.carrier,
        "tracking_number": item.tracking_number,
        "units": None if item.units is None else {str(line): count for line, count in item.units.items()},
        "row": item.row,
    }
