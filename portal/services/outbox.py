"""Telling others after commit: events are rows of the same transaction, so that nothing is told that did not happen."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.broker import broker
from portal.db import after_commit, insert_rows
from portal.models import OutboxEvent

# The name under which the relay waits.
WAKE = "relay"


@dataclass(frozen=True, slots=True)
class Event:
    """A fact for others. `subject` is `noun:ID`; `profile_id` is the person whose open pages must hear of it.

    `priority` is "high" where somebody waits for it in front of a page: the relay is woken.
    """

    kind: str
    subject: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    channel_id: int | None = None
    profile_id: uuid.UUID | None = None
    dedup_key: str | None = None
    priority: str = "normal"


def emit(session: Session, *events: Event, now: datetime) -> None:
    """Write events to be handled after commit. An event whose `dedup_key` is known already makes the insert fail."""
    insert_rows(
        session,
        OutboxEvent,
        [
            {
                "kind": event.kind,
                "subject": event.subject,
                "payload": dict(event.payload),
                "channel_id": event.channel_id,
                "profile_id": event.profile_id,
                "dedup_key": event.dedup_key,
                "priority": event.priority,
                "created_at": now,
                "due_at": now,
            }
            for event in events
        ],
    )
    if any(event.priority == "high" for event in events):
        after_commit(session, wake_relay)


def wake_relay() -> None:
    """Let the relay look at once."""
    broker.wake(WAKE)
