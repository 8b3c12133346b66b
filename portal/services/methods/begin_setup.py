"""A buyer wants a card to be kept: recorded first, carried out by a worker (PAY-14)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.gateways.base import SaveMethodRequest
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import MethodSetup, SavedMethod, User
from portal.queries.gateways import gateway_directory
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

OPEN = ("created", "requires_action")
LEASE = timedelta(seconds=15)
SETUPS_MAX = 5
SETUPS_WITHIN = timedelta(hours=1)
# Who tries numbers of cards must find another shop for it.


class MethodNotKeptHereError(PortalError):
    code = "method_not_kept_here"
    sentence = N_("Cards cannot be kept there. Load the page again.")


class TooManySetupsError(PortalError):
    code = "too_many_setups"
    status = 429
    sentence = N_("You have tried several cards just now. Try again in an hour.")


@dataclass(frozen=True, slots=True)
class SetupToRun:
    """What a worker needs: the request, or, once the gateway has it, its reference there."""

    setup_id: uuid.UUID
    gateway_account_id: int
    request: SaveMethodRequest
    gateway_ref: str | None


def begin_setup(
    session: Session,
    *,
    actor: Actor,
    gateway_account_id: int,
    source_token: str,
    return_url: str,
    locale: str,
    now: datetime,
) -> uuid.UUID:
    """Record the wish; returns its id. `return_url` has a place for it. Raises MethodNotKeptHereError and
    TooManySetupsError.
    """
    assert actor.user_id is not None
    configured = gateway_directory(session).get(gateway_account_id)
    if configured is None or not configured.account.is_on or not keeps_methods(configured.gateway):
        raise MethodNotKeptHereError
    recent = select(func.count()).where(
        MethodSetup.user_id == actor.user_id, MethodSetup.created_at > now - SETUPS_WITHIN
    )
    if session.execute(recent).scalar_one() >= SETUPS_MAX:
        raise TooManySetupsError
    setup_id = new_id()
    insert_rows(
        session,
        MethodSetup,
        [
            {
                "id": setup_id,
                "user_id": actor.user_id,
                "gateway_account_id": gateway_account_id,
                "op_key": f"set_{setup_id.hex}",
                "state": "created",
                "source": source_token,
                "return_url": return_url.format(setup_id=setup_id),
                "locale": locale,
                "created_at": now,
                "due_at": now,
            }
        ],
    )
    fact = Fact(AuditAction.METHOD_SETUP_BEGUN, f"user:{actor.user_id}", after={"setup": str(setup_id)})
    record(session, fact, actor=actor, now=now)
    payload = {"setup": str(setup_id)}
    emit(session, Event("method.setup_begun", f"user:{actor.user_id}", payload, priority="high"), now=now)
    return setup_id


def keeps_methods(gateway: object) -> bool:
    """Whether cards can be kept there, typed into fields in our page."""
    capabilities = getattr(gateway, "capabilities", None)
    element = getattr(gateway, "element", None)
    return element is not None and any(one.saves_methods for one in (capabilities.methods if capabilities else ()))


def claim_setup(session: Session, *, setup_id: uuid.UUID, now: datetime) -> SetupToRun | None:
    """Take an open one; None when it is over, or another has it."""
    setup = session.scalars(
        select(MethodSetup)
        .where(MethodSetup.id == setup_id, MethodSetup.state.in_(OPEN))
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if setup is None:
        return None
    setup.due_at = now + LEASE
    setup.calls += 1
    customer = session.scalars(
        select(SavedMethod.customer_ref)
        .where(
            SavedMethod.user_id == setup.user_id,
            SavedMethod.gateway_account_id == setup.gateway_account_id,
            # A repetition must be equal in every field, whatever was kept meanwhile.
            SavedMethod.created_at < setup.created_at,
        )
        .order_by(SavedMethod.created_at.desc())
        .limit(1)
    ).one_or_none()
    email = session.execute(select(User.email).where(User.id == setup.user_id)).scalar_one()
    request = SaveMethodRequest(
        op_key=setup.op_key,
        return_url=setup.return_url,
        source_token=setup.source,
        customer_ref=customer,
        buyer_email=email,
        locale=setup.locale,
        metadata={"setup": str(setup.id)},
    )
    return SetupToRun(setup.id, setup.gateway_account_id, request, setup.gateway_ref)


def setups_due(session: Session, *, now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Open ones that wait for somebody to ask: their hint, their notice or their page was lost."""
    due = select(MethodSetup.id).where(MethodSetup.state.in_(OPEN), MethodSetup.due_at <= now)
    return list(session.scalars(due.order_by(MethodSetup.due_at).limit(limit)))
