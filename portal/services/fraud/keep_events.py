"""Keep the labelled events of a file for training (FRD-09)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.learning.columns import Columns, EventRow
from portal.models import TrainingEvent, TrainingFile, TrainingSet
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record

BATCH = 5000


class ColumnsDifferError(PortalError):
    code = "training_columns_differ"
    status = 409
    sentence = N_("The training set %(name)s has other columns than this file: give the file a set of its own.")


def open_set(session: Session, *, name: str, columns: Columns, now: datetime) -> int:
    """The training set of this name, made if need be and locked; returns its id. Raises ColumnsDifferError."""
    told = {"numbers": list(columns.numbers), "words": list(columns.words)}
    session.execute(insert(TrainingSet).values(name=name, columns=told, created_at=now).on_conflict_do_nothing())
    found = session.execute(
        select(TrainingSet.id, TrainingSet.columns).where(TrainingSet.name == name).with_for_update()
    ).one()
    if found.columns != told:
        raise ColumnsDifferError(name=name)
    return int(found.id)


def is_taken(session: Session, *, set_id: int, sha256: str) -> bool:
    """Whether a file with this content is in the set already."""
    same = TrainingFile.training_set_id == set_id, TrainingFile.sha256 == sha256
    return session.scalar(select(TrainingFile.id).where(*same)) is not None


def keep_events(
    session: Session, *, set_id: int, events: Iterable[EventRow], file: str, sha256: str, actor: Actor, now: datetime
) -> TrainingFile:
    """Write a whole file's events and note that it was taken; returns the note, whose `refused` the caller may set."""
    count = 0
    for rows in _batches(events):
        insert_rows(session, TrainingEvent, [_row(row, set_id) for row in rows])
        count += len(rows)
    note = TrainingFile(training_set_id=set_id, name=file, sha256=sha256, events=count, refused=0, taken_at=now)
    session.add(note)
    fact = Fact(AuditAction.TRAINING_EVENTS_KEPT, f"training-set:{set_id}", after={"file": file, "events": count})
    record(session, fact, actor=actor, now=now)
    return note


def _row(event: EventRow, set_id: int) -> dict[str, Any]:
    return {
        "training_set_id": set_id,
        "at": event.at,
        "customer": event.customer,
        "terminal": event.terminal,
        "amount": event.amount,
        "label": event.label,
        "numbers": event.numbers,
        "words": event.words,
    }


def _batches(events: Iterable[EventRow]) -> Iterator[list[EventRow]]:
    left = iter(events)
    while rows := list(islice(left, BATCH)):
        yield rows
