"""Webhook endpoints and what became of their messages, for desks and programs. Secrets are never among it (API-02)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import ApiClient, Store, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from portal.queries.keyset import PAGE_ROWS, Sorting, count_up_to, fetch_page

DELIVERIES = Sorting((WebhookDelivery.id,), (int,))
ENDPOINTS_SHOWN_MAX = 500
ATTEMPTS_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint: whose it is, what it hears, how it stands. `waiting` and `dead` count its messages."""

    id: uuid.UUID
    name: str
    url: str
    kinds: tuple[str, ...]
    state: str
    channel_id: int | None
    store_id: int | None
    store_name: Mapping[str, str] | None
    user_id: uuid.UUID | None
    client_id: uuid.UUID | None
    client_name: str | None
    failures: int
    failing_since: datetime | None
    secret_made_at: datetime
    previous_until: datetime | None
    created_at: datetime
    stopped_at: datetime | None
    version: int
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message and how far it came. `event_id` is the sequence that its body names."""

    id: int
    message_id: uuid.UUID
    event_id: int
    kind: str
    subject: str
    facts: Mapping[str, Any]
    occurred_at: datetime
    state: str
    attempts: int
    due_at: datetime
    last_at: datetime | None
    delivered_at: datetime | None
    status_code: int | None
    latency_ms: int | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try."""

    at: datetime
    latency_ms: int
    status_code: int | None
    problem: str | None
    excerpt: str


def _counted(state: str) -> Any:
    return (
        select(func.count())
        .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, WebhookDelivery.state == state)
        .correlate(WebhookEndpoint)
        .scalar_subquery()
    )


def _endpoints() -> Select[Any]:
    return (
        select(
            WebhookEndpoint.id,
            WebhookEndpoint.name,
            WebhookEndpoint.url,
            WebhookEndpoint.kinds,
            WebhookEndpoint.state,
            WebhookEndpoint.channel_id,
            WebhookEndpoint.store_id,
            Store.name.label("store_name"),
            WebhookEndpoint.user_id,
            WebhookEndpoint.client_id,
            ApiClient.name.label("client_name"),
            WebhookEndpoint.failures,
            WebhookEndpoint.failing_since,
            WebhookEndpoint.secret_made_at,
            WebhookEndpoint.previous_until,
            WebhookEndpoint.created_at,
            WebhookEndpoint.stopped_at,
            WebhookEndpoint.version,
            _counted("waiting").label("waiting"),
            _counted("dead").label("dead"),
        )
        .outerjoin(Store, Store.id == WebhookEndpoint.store_id)
        .outerjoin(ApiClient, ApiClient.id == WebhookEndpoint.client_id)
        .where(WebhookEndpoint.state != "removed")
    )


def _endpoint(row: Any) -> EndpointRow:
    values = {name: getattr(row, name) for name in EndpointRow.__slots__}
    return EndpointRow(**{**values, "kinds": tuple(values["kinds"])})


def list_endpoints(
    session: Session, *, store_id: int | None = None, client_id: uuid.UUID | None = None
) -> Sequence[EndpointRow]:
    """The endpoints of a store or of a client; of everybody without either. Those that need a look come first."""
    statement = _endpoints()
    if store_id is not None:
        statement = statement.where(WebhookEndpoint.store_id == store_id)
    if client_id is not None:
        statement = statement.where(WebhookEndpoint.client_id == client_id)
    ordered = statement.order_by(WebhookEndpoint.failures.desc(), WebhookEndpoint.created_at.desc(), WebhookEndpoint.id)
    return [_endpoint(row) for row in session.execute(ordered.limit(ENDPOINTS_SHOWN_MAX))]


def load_endpoint(session: Session, *, endpoint_id: uuid.UUID) -> EndpointRow | None:
    """One endpoint, unless it was removed."""
    row = session.execute(_endpoints().where(WebhookEndpoint.id == endpoint_id)).one_or_none()
    return None if row is None else _endpoint(row)


_COLUMNS = (
    WebhookDelivery.id,
    WebhookDelivery.message_id,
    WebhookDelivery.event_id,
    WebhookDelivery.kind,
    WebhookDelivery.subject,
    WebhookDelivery.facts,
    WebhookDelivery.occurred_at,
    WebhookDelivery.state,
    WebhookDelivery.attempts,
    WebhookDelivery.due_at,
    WebhookDelivery.last_at,
    WebhookDelivery.delivered_at,
    WebhookDelivery.status_code,
    WebhookDelivery.latency_ms,
    WebhookDelivery.problem,
)


def list_deliveries(
    session: Session, *, endpoint_id: uuid.UUID, state: str | None, cursor: str | None, limit: int = PAGE_ROWS
) -> Page[DeliveryRow]:
    """One page of an endpoint's messages, the latest first. Raises CursorInvalidError."""
    statement = select(*_COLUMNS).where(WebhookDelivery.endpoint_id == endpoint_id)
    if state:
        statement = statement.where(WebhookDelivery.state == state)
    return fetch_page(
        session,
        statement,
        DELIVERIES,
        make=lambda row: DeliveryRow(*row),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("webhook", endpoint_id, state),
        rows_max=limit,
        total=count_up_to(session, statement.with_only_columns(WebhookDelivery.id)),
    )


def load_delivery(
    session: Session, *, endpoint_id: uuid.UUID, message_id: uuid.UUID
) -> tuple[DeliveryRow, Sequence[AttemptRow]] | None:
    """One message with its tries, the latest first."""
    row = session.execute(
        select(*_COLUMNS).where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.message_id == message_id)
    ).one_or_none()
    if row is None:
        return None
    tries = session.execute(
        select(
            WebhookAttempt.at,
            WebhookAttempt.latency_ms,
            WebhookAttempt.status_code,
            WebhookAttempt.problem,
            WebhookAttempt.excerpt,
        )
        .where(WebhookAttempt.delivery_id == row.id)
        .order_by(WebhookAttempt.id.desc())
        .limit(ATTEMPTS_SHOWN_MAX)
    )
    return DeliveryRow(*row), [AttemptRow(*one) for one in tries]
