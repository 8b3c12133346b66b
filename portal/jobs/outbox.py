"""Outbox events into effects: rows are done in one transaction with the mark that they were handled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import cast

import structlog
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.db import after_commit, transaction
from portal.jobs.handlers import handlers_of
from portal.jobs.live import fact_of, publish
from portal.jobs.queue import enqueue_mails, enqueue_webhooks
from portal.kit import clock
from portal.models import OutboxEvent
from portal.services.notifications.write_mail import mails_written
from portal.services.webhooks.fan_out import fan_out

log = structlog.get_logger()

LATEST_RETRY = timedelta(hours=1)

# The mark that they are handled is committed with what their handlers write, or not at all.
_TAKE = text(
    """
    UPDATE outbox_event SET handled_at = :now, last_error = NULL
     WHERE id IN (SELECT id FROM outbox_event WHERE id = ANY(CAST(:ids AS bigint[])) AND handled_at IS NULL
                   ORDER BY id FOR UPDATE SKIP LOCKED)
    RETURNING *
    """
)


def handle_events(event_ids: Sequence[int]) -> None:
    """Handle a batch in one transaction; if one of it fails, each by itself. A second run finds them handled."""
    try:
        with transaction() as session:
            heard = _handle(session, event_ids, clock.now())
    except Exception:  # noqa: BLE001  # Whatever it was, it is found again, logged and kept with its own event below.
        for event_id in event_ids:
            _handle_alone(event_id)
    else:
        _tell(heard)
        if not mails_written(session):
            return
    enqueue_mails()


def _handle_alone(event_id: int) -> None:
    try:
        with transaction() as session:
            heard = _handle(session, [event_id], clock.now())
        _tell(heard)
    except Exception as error:
        log.exception("event_failed", event_id=event_id)
        with transaction() as session:
            _note_failure(session, event_id, repr(error)[:500], clock.now())


def _handle(session: Session, event_ids: Sequence[int], now: datetime) -> list[tuple[str, OutboxEvent]]:
    # Handlers only read what an event says, and a row says the same.
    events = cast("Sequence[OutboxEvent]", session.execute(_TAKE, {"ids": list(event_ids), "now": now}).all())
    topics: dict[int, set[str]] = {event.id: set() for event in events}
    for event in sorted(events, key=lambda event: event.id):
        for handler in handlers_of(event.kind):
            topics[event.id].update(handler(session, event, now))
    for endpoint_id in fan_out(session, event_ids=[event.id for event in events], now=now):
        after_commit(session, partial(enqueue_webhooks, endpoint_id))
    return [(topic, event) for event in events for topic in topics[event.id]]


def _tell(heard: list[tuple[str, OutboxEvent]]) -> None:
    publish((topic, *fact_of(event.subject, event.kind)) for topic, event in heard)


def _note_failure(session: Session, event_id: int, error: str, now: datetime) -> None:
    attempts = session.execute(select(OutboxEvent.attempts).where(OutboxEvent.id == event_id)).scalar_one()
    delay = min(timedelta(seconds=2 ** min(attempts, 12)), LATEST_RETRY)
    session.execute(update(OutboxEvent).where(OutboxEvent.id == event_id).values(last_error=error, due_at=now + delay))
