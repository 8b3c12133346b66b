"""Make webhook endpoints, change them, switch them off and on; their secrets are shown once (API-02)."""

from __future__ import annotations

import base64
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import WebhookEndpoint
from portal.rules.permissions import Actor, Permission, Scope, may, scopes_of
from portal.rules.webhooks import (
    OVERLAP_HOURS,
    TEST,
    EndpointState,
    Reach,
    WebhookTerms,
    check_terms,
    tidy_kinds,
)
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.outbox import Event, emit

SECRET_BYTES = 32
ENDPOINTS_MAX = 20


class WebhookUnknownError(PortalError):
    """There is no such endpoint, or it is somebody else's."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class WebhookChangedError(PortalError):
    """Somebody else has saved it since this page was opened."""

    code = "webhook_changed"
    status = 409
    sentence = N_("Somebody has changed this webhook meanwhile. Look at it anew; nothing of yours was saved.")


class WebhooksTooManyError(PortalError):
    code = "webhooks_too_many"
    status = 409
    sentence = N_("There are %(maximum)s webhooks already. Remove one first.")


class WebhookStoppedError(PortalError):
    """Nothing is sent to an endpoint that is off."""

    code = "webhook_stopped"
    status = 409
    sentence = N_("This webhook is off. Switch it on first; nothing was sent.")


class OverlapUnfitError(PortalError):
    code = "webhook_overlap_unfit"
    sentence = N_("The old secret can go on for 0, 1, 24 or 72 hours.")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an endpoint is: a store's, a person's, or the mall's (neither); on one channel or on all."""

    store_id: int | None = None
    user_id: uuid.UUID | None = None
    channel_id: int | None = None

    @property
    def reach(self) -> Reach:
        if self.store_id is not None:
            return Reach.STORE
        return Reach.USER if self.user_id is not None else Reach.MALL


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """The secret is here once."""

    id: uuid.UUID
    secret: str


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def may_manage(actor: Actor, owner: Owner) -> bool:
    """Whether the actor may make and change endpoints of this owner."""
    if owner.store_id is None and owner.user_id is None:
        return Scope.ALL in scopes_of(actor, Permission.WEBHOOK_MANAGE)
    return may(actor, Permission.WEBHOOK_MANAGE, owner_id=owner.user_id, store_id=owner.store_id)


def make_endpoint(
    session: Session, *, owner: Owner, terms: WebhookTerms, client_id: uuid.UUID | None, actor: Actor, now: datetime
) -> NewEndpoint:
    """Make an endpoint that hears from now on.

    Raises WebhookUnknownError where the actor may not, WebhookUnfitError, WebhooksTooManyError.
    """
    if not may_manage(actor, owner):
        raise WebhookUnknownError
    check_terms(terms, owner.reach)
    alike = (
        WebhookEndpoint.store_id.is_not_distinct_from(owner.store_id),
        WebhookEndpoint.user_id.is_not_distinct_from(owner.user_id),
        WebhookEndpoint.client_id.is_not_distinct_from(client_id),
        WebhookEndpoint.state != EndpointState.REMOVED,
    )
    if (session.scalar(select(func.count()).where(*alike)) or 0) >= ENDPOINTS_MAX:
        raise WebhooksTooManyError(maximum=ENDPOINTS_MAX)
    endpoint_id, secret = new_id(), new_secret()
    session.add(
        WebhookEndpoint(
            id=endpoint_id,
            name=terms.name,
            url=terms.url,
            channel_id=owner.channel_id,
            store_id=owner.store_id,
            user_id=owner.user_id,
            client_id=client_id,
            kinds=list(tidy_kinds(terms.kinds)),
            state=EndpointState.ON,
            secret=secret,
            secret_made_at=now,
            busy_until=now,
            created_by=label(actor),
            created_at=now,
        )
    )
    session.flush()
    after = {"url": terms.url, "kinds": list(terms.kinds), "store": owner.store_id, "channel": owner.channel_id}
    record(session, Fact(AuditAction.WEBHOOK_SAVED, f"webhook:{endpoint_id}", after=after), actor=actor, now=now)
    return NewEndpoint(endpoint_id, secret)


def change_endpoint(
    session: Session, *, endpoint_id: uuid.UUID, version: int | None, terms: WebhookTerms, actor: Actor, now: datetime
) -> None:
    """Change name, address and events. Raises WebhookUnknownError, WebhookChangedError, WebhookUnfitError."""
    row = lock_endpoint(session, endpoint_id, actor=actor, version=version)
    check_terms(terms, owner_of(row).reach)
    before = {"url": row.url, "kinds": list(row.kinds)}
    row.name, row.url, row.kinds = terms.name, terms.url, list(tidy_kinds(terms.kinds))
    row.version += 1
    session.flush()
    after = {"url": row.url, "kinds": list(row.kinds)}
    record(session, Fact(AuditAction.WEBHOOK_SAVED, f"webhook:{row.id}", before, after), actor=actor, now=now)


def switch_endpoint(
    session: Session,
    *,
    endpoint_id: uuid.UUID,
    new: EndpointState,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> None:
    """Switch it on, off, or remove it for good; what waits is sent when it is on again.

    Raises WebhookUnknownError, WebhookChangedError.
    """
    row = lock_endpoint(session, endpoint_id, actor=actor, version=version)
    old = row.state
    if old == new:
        return
    row.state = new
    row.failures, row.failing_since = 0, None
    row.stopped_at = None if new is EndpointState.ON else now
    row.version += 1
    if row.lease is None:
        row.busy_until = now
    session.flush()
    fact = Fact(AuditAction.WEBHOOK_SWITCHED, f"webhook:{row.id}", {"state": old}, {"state": new})
    record(session, fact, actor=actor, now=now)


def rotate_secret(
    session: Session,
    *,
    endpoint_id: uuid.UUID,
    overlap_hours: int,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> str:
    """Sign with a new secret, and for some hours with the one before, too; returns the new one, this once.

    Raises WebhookUnknownError, WebhookChangedError, OverlapUnfitError.
    """
    if overlap_hours not in OVERLAP_HOURS:
        raise OverlapUnfitError
    row = lock_endpoint(session, endpoint_id, actor=actor, version=version)
    secret = new_secret()
    row.previous_secret = row.secret if overlap_hours else None
    row.previous_until = now + timedelta(hours=overlap_hours) if overlap_hours else None
    row.secret, row.secret_made_at = secret, now
    row.version += 1
    session.flush()
    fact = Fact(AuditAction.WEBHOOK_SECRET_ROTATED, f"webhook:{row.id}", after={"overlap_hours": overlap_hours})
    record(session, fact, actor=actor, now=now)
    return secret


def send_test(session: Session, *, endpoint_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Let the endpoint hear a message of no meaning, by the way of all others. Raises as send_again."""
    row = lock_endpoint(session, endpoint_id, actor=actor)
    check_is_on(row)
    payload = {"endpoint": str(row.id)}
    emit(session, Event(TEST, f"webhook:{row.id}", payload, priority="high"), now=now)


def lock_endpoint(
    session: Session, endpoint_id: uuid.UUID, *, actor: Actor, version: int | None = None
) -> WebhookEndpoint:
    """The endpoint, kept from others; in the version that was shown, where one is named.

    Raises WebhookUnknownError for one that is gone or somebody else's, WebhookChangedError.
    """
    row = session.execute(
        select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    ).scalar_one_or_none()
    if row is None or row.state == EndpointState.REMOVED or not may_manage(actor, owner_of(row)):
        raise WebhookUnknownError
    if actor.client_id is not None and row.client_id != actor.client_id:
        # A program changes what it has made, and nothing of another.
        raise WebhookUnknownError
    if version is not None and row.version != version:
        raise WebhookChangedError
    return row


def check_is_on(row: WebhookEndpoint) -> None:
    """Raises WebhookStoppedError."""
    if row.state != EndpointState.ON:
        raise WebhookStoppedError


def owner_of(row: WebhookEndpoint) -> Owner:
    return Owner(row.store_id, row.user_id, row.channel_id)
