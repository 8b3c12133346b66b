"""Outgoing webhooks: who wants to hear of what, every message, and every try to bring it (API-02)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class WebhookEndpoint(Base):
    """An address that is told of events: of a store, of a person, or of the whole mall; on one channel or on all.

    `client_id` is the API client that made it and with which it ends. Whoever sends holds `lease` until `busy_until`;
    without a lease, `busy_until` is how long the endpoint rests after a failure.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint("state IN ('on', 'off', 'failed', 'gone', 'removed')", name="state"),
        CheckConstraint("num_nonnulls(store_id, user_id) <= 1", name="reach"),
        CheckConstraint("(previous_secret IS NULL) = (previous_until IS NULL)", name="previous"),
        CheckConstraint("(failures > 0) = (failing_since IS NOT NULL)", name="failing"),
        Index("ix_webhook_endpoint_kinds", "kinds", postgresql_using="gin", postgresql_where=text("state = 'on'")),
        Index("ix_webhook_endpoint_store_id", "store_id"),
        Index("ix_webhook_endpoint_client_id", "client_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    client_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_client.id"))
    kinds: Mapped[list[str]]
    state: Mapped[str] = mapped_column(server_default="on")
    secret: Mapped[str] = mapped_column(EncryptedText("webhook_endpoint.secret"))
    secret_made_at: Mapped[datetime]
    previous_secret: Mapped[str | None] = mapped_column(EncryptedText("webhook_endpoint.previous_secret"))
    previous_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failing_since: Mapped[datetime | None]
    lease: Mapped[uuid.UUID | None]
    busy_until: Mapped[datetime]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))


class WebhookDelivery(Base):
    """One message for one endpoint. `message_id` is the same at every try, and when it is sent again by hand."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name="state"),
        CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
        UniqueConstraint("endpoint_id", "event_id"),
        UniqueConstraint("message_id"),
        Index("ix_webhook_delivery_list", "endpoint_id", text("id DESC")),
        Index("ix_webhook_delivery_waiting", "endpoint_id", "event_id", postgresql_where=text("state = 'waiting'")),
        Index("ix_webhook_delivery_due", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_webhook_delivery_created_at", "created_at"),
        Index("ix_webhook_delivery_event_id", "event_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    message_id: Mapped[uuid.UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    endpoint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook_endpoint.id"))
    event_id: Mapped[int]
    kind: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    last_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    status_code: Mapped[int | None] = mapped_column(Integer)
    latency_ms: Mapped[int | None] = mapped_column(Integer)
    problem: Mapped[str | None]


class WebhookAttempt(Base):
    """One try: what came back, and how long it took."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (Index("ix_webhook_attempt_delivery_id", "delivery_id", "id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("webhook_delivery.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    latency_ms: Mapped[int] = mapped_column(Integer)
    status_code: Mapped[int | None] = mapped_column(Integer)
    problem: Mapped[str | None]
    excerpt: Mapped[str]
