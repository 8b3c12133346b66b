"""Webhooks as programs make and read them (API-01, API-02)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from portal.blueprints.api.schemas import PRINTABLE, In, Instant, Out, PageOf, Paging, instant_of
from portal.rules.webhooks import EVENT_TYPES, NAME_MAX, URL_MAX

EventType = Annotated[str, StringConstraints(max_length=60), Field(json_schema_extra={"enum": list(EVENT_TYPES)})]
Reach = Literal["mall", "store", "user"]
State = Literal["on", "off", "failed", "gone"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_MAX, pattern=PRINTABLE)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=URL_MAX, pattern=PRINTABLE)]
Events = Annotated[list[EventType], Field(min_length=1, max_length=len(EVENT_TYPES), description="What it hears of.")]


class Webhook(Out):
    """An address that is told of events."""

    id: uuid.UUID
    name: str
    url: str
    events: list[str]
    reach: Reach = Field(description="Whose things it hears of: the whole mall's, one store's, or the person's own.")
    state: State = Field(description="`failed` and `gone` were switched off by us: change it to `on` when mended.")
    failures: int = Field(description="How often in a row it did not take a message.")
    waiting: int = Field(description="Messages that are still to be brought.")
    given_up: int = Field(description="Messages that were tried for a day in vain.")
    secret_made_at: Instant
    previous_secret_until: Instant | None = Field(description="So long messages are signed with the old secret, too.")
    created_at: Instant
    version: int


class WebhookList(Out):
    """The webhooks that this key has made, and what can be heard."""

    items: list[Webhook]
    event_types: list[str] = Field(description="Every kind of event; which of them depends on the reach.")


class WebhookSecret(Out):
    """A webhook with its secret, which is shown this once."""

    webhook: Webhook
    secret: str = Field(description="For HMAC-SHA256 as Standard Webhooks says it. Keep it secret.")


class WebhookRequest(In):
    """A new webhook."""

    name: Name
    url: Url = Field(description="A public https address. Redirects are not followed.")
    events: Events
    reach: Reach = Field(default="user", description="`mall` and `store` need a person who has that say.")
    store: Annotated[str, StringConstraints(max_length=60, pattern=PRINTABLE)] = Field(
        default="", description="The store's address name, where the person works for several."
    )


class WebhookChange(In):
    """What is to change; what is left out stays."""

    version: int = Field(ge=1, le=2**31 - 1, description="The version that was read: who comes second is refused.")
    name: Name | None = None
    url: Url | None = None
    events: Events | None = None
    state: Literal["on", "off"] | None = None


class Rotation(In):
    """How long the old secret goes on beside the new one."""

    overlap_hours: Literal[0, 1, 24, 72] = 24


class Replay(In):
    """From when on what was not heard is to be sent again."""

    since: Annotated[datetime, BeforeValidator(instant_of)] = Field(description="At most 7 days ago, ISO 8601.")


class Replayed(Out):
    """How many messages wait for the webhook by now."""

    messages: int


class DeliveryQuery(Paging):
    """Which messages; the latest come first."""

    state: Literal["waiting", "delivered", "dead", "all"] = "all"


class Delivery(Out):
    """A message and what became of it."""

    id: uuid.UUID = Field(description="The same at every try; `webhook-id` is `msg_` and this without hyphens.")
    event: str
    sequence: int = Field(description="Grows with each event: of one thing, the higher is the later.")
    data: dict[str, Any]
    state: Literal["waiting", "delivered", "dead"]
    tries: int
    due_at: Instant | None = Field(description="When it is tried next; null when it is not.")
    delivered_at: Instant | None
    status_code: int | None = Field(description="What the receiver answered last.")
    latency_ms: int | None
    problem: str | None
    occurred_at: Instant


class DeliveryPage(PageOf[Delivery]):
    """A page of messages."""
