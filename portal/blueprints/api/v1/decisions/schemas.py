"""Refunds that wait for an answer, as stores and administrators see them (REF-09)."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import PRINTABLE, SAID, Amount, In, Instant, Out, PageOf, Paging, Text

Why = Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)]


class RefundQueueQuery(Paging):
    """Which refunds; the newest come first."""

    queue: Literal["waiting", "failed", "under_way", "bank", "late", "all"] = "waiting"
    store: Text = Field(default="", description="The store's address name; an administrator sees all without it.")


class QueuedRefund(Out):
    """A refund in a queue."""

    id: uuid.UUID
    order_number: str
    status: str
    reason: str
    origin: str
    total: Amount
    requested_at: Instant
    due_at: Instant | None


class RefundQueuePage(PageOf[QueuedRefund]):
    """A page of refunds."""


class RefundApproval(In):
    """Agreed."""

    reason: Why = Field(default="", description="Kept in the record.")


class RefundRefusal(In):
    """Refused."""

    reason: Annotated[str, StringConstraints(max_length=200, pattern=SAID)] = Field(description="The buyer reads it.")
