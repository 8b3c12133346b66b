"""How changes come through, as programs of the mall and of channels' managers read it (CHN-08)."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field

from portal.blueprints.api.schemas import BIGINT_MAX, In, Instant, Number, Out

Id = Annotated[int, Field(ge=1, le=BIGINT_MAX)]


class StatusQuery(In):
    """Which channel."""

    channel_id: Annotated[Number, Field(ge=1, le=BIGINT_MAX)] | None = Field(
        default=None, description="Left out: all together, for who runs the whole mall."
    )


class RetryIn(In):
    """What is handled again."""

    channel_id: Id | None = Field(default=None, description="Left out: of every channel, for who runs the whole mall.")
    event_id: Id | None = Field(default=None, description="Left out: every event that failed.")


class LagOut(Out):
    """How changes of the last 15 minutes came to open pages. What was not told yet counts up to now."""

    events: int
    late: int = Field(description="So many took more than two seconds.")
    untold: int = Field(description="So many of them are not told yet.")
    p50_ms: int
    p99_ms: int
    worst_ms: int


class TargetOut(Out):
    """Who is told, and how far behind he is."""

    kind: Literal["pages", "workers", "webhook"]
    webhook_id: uuid.UUID | None
    name: str
    state: str = Field(examples=["on"])
    done: int
    waiting: int
    failing: int
    dead: int
    p50_ms: int | None
    p99_ms: int | None


class EventOut(Out):
    """A change, and how far it has come."""

    id: int
    kind: str = Field(examples=["order.paid"])
    subject: str
    channel_id: int | None
    attempts: int
    created_at: Instant
    told_ms: int | None = Field(description="After how long open pages were told.")
    handled_ms: int | None = Field(description="After how long a worker had handled it.")
    due_at: Instant = Field(description="When it is tried next.")
    error: str | None


class IncidentOut(Out):
    """A time in which changes were late."""

    channel_id: int | None
    cause: Literal["redis", "relay", "load"]
    late: int
    worst_ms: int
    opened_at: Instant
    closed_at: Instant | None


class Status(Out):
    """How changes come through."""

    channel_id: int | None
    pace: Literal["quiet", "fine", "late"]
    lag: LagOut | None = Field(description="Null where nothing has changed.")
    targets: list[TargetOut]
    failures: list[EventOut] = Field(description="What a worker could not handle, the next due first.")
    recent: list[EventOut] = Field(description="The latest events.")
    incidents: list[IncidentOut]


class Retried(Out):
    """How many events are handled again."""

    events: int


class ReconciledOut(Out):
    """What was found: lists that differed from what they are derived from, and what waited."""

    listings: int
    events: int
    messages: int
