"""The one place where a gateway's word about a card to be kept becomes ours (PAY-14)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import orjson
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.crypto import blind_index
from portal.gateways.base import ActionNeeded, Declined, MethodSaved, SaveOutcome
from portal.kit.ids import new_id
from portal.models import MethodSetup, SavedMethod
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

# How often is asked about one that waits for its buyer, and how long.
ASK_AGAIN_AFTER = timedelta(seconds=30)
GIVE_UP_AFTER = timedelta(hours=1)


def method_index(method_ref: str) -> bytes:
    """What a kept method is found by."""
    return blind_index(f"method:{method_ref}")


def settle_setup(session: Session, *, setup_id: uuid.UUID, outcome: SaveOutcome, now: datetime) -> bool:
    """Apply what the gateway says; False when it is no news. Safe any number of times, in any order."""
    setup = session.get(MethodSetup, setup_id, with_for_update=True, populate_existing=True)
    if setup is None or setup.state == "saved":
        return False
    match outcome:
        case MethodSaved():
            _save(session, setup, outcome, now)
        case Declined():
            _end(session, setup, "declined", outcome.reason.value, now)
        case ActionNeeded():
            setup.source = None  # The card's token has done its work.
            setup.gateway_ref, setup.due_at = outcome.gateway_ref, now + ASK_AGAIN_AFTER
            if outcome.client_secret:
                setup.action = orjson.dumps({"client_secret": outcome.client_secret}).decode()
            if setup.created_at <= now - GIVE_UP_AFTER:
                _end(session, setup, "given_up", "session_expired", now)
            elif setup.state != "requires_action":
                setup.state = "requires_action"
                _tell(session, setup, now)
    session.flush()
    return True


def note_setup_waits(session: Session, *, setup_id: uuid.UUID, now: datetime) -> None:
    """The gateway did not answer: the same is sent again, or asked about, a little later; not for ever."""
    setup = session.get(MethodSetup, setup_id, with_for_update=True, populate_existing=True)
    if setup is None or setup.state not in ("created", "requires_action"):
        return
    setup.due_at = now + ASK_AGAIN_AFTER
    if setup.created_at <= now - GIVE_UP_AFTER:
        _end(session, setup, "given_up", "processing_error", now)


def note_setup_refused(session: Session, *, setup_id: uuid.UUID, now: datetime) -> None:
    """The gateway refused our request: the same would be refused again."""
    setup = session.get(MethodSetup, setup_id, with_for_update=True, populate_existing=True)
    if setup is not None and setup.state in ("created", "requires_action"):
        _end(session, setup, "declined", "processing_error", now)


def _save(session: Session, setup: MethodSetup, outcome: MethodSaved, now: datetime) -> None:
    index = method_index(outcome.method_ref)
    known = session.scalars(
        select(SavedMethod).where(
            SavedMethod.gateway_account_id == setup.gateway_account_id, SavedMethod.ref_index == index
        )
    ).one_or_none()
    if known is None:
        known = _keep(session, setup, outcome, index, now)
    setup.state, setup.saved_method_id, setup.gateway_ref = "saved", known.id, outcome.gateway_ref
    setup.source, setup.action, setup.reason = None, None, None
    session.flush()
    _tell(session, setup, now)


def _keep(session: Session, setup: MethodSetup, outcome: MethodSaved, index: bytes, now: datetime) -> SavedMethod:
    card = outcome.card
    first = not session.execute(
        select(exists().where(SavedMethod.user_id == setup.user_id, SavedMethod.removed_at.is_(None)))
    ).scalar_one()
    method = SavedMethod(
        id=new_id(),
        user_id=setup.user_id,
        gateway_account_id=setup.gateway_account_id,
        customer_ref=outcome.customer_ref,
        method_ref=outcome.method_ref,
        ref_index=index,
        brand=card.brand if card else "card",
        last4=card.last4 if card else "",
        expiry=f"{card.exp_month:02}/{card.exp_year}" if card and card.exp_month and card.exp_year else "",
        is_default=first,
        created_at=now,
    )
    session.add(method)
    session.flush()
    fact = Fact(AuditAction.METHOD_SAVED, f"user:{setup.user_id}", after={"method": str(method.id)})
    record(session, fact, actor=SYSTEM, now=now)
    return method


def _end(session: Session, setup: MethodSetup, state: str, reason: str, now: datetime) -> None:
    if setup.state == state:
        return
    setup.state, setup.reason, setup.source, setup.action = state, reason, None, None
    session.flush()
    _tell(session, setup, now)


def _tell(session: Session, setup: MethodSetup, now: datetime) -> None:
    payload = {"setup": str(setup.id), "state": setup.state}
    event = Event("method.setup_moved", f"user:{setup.user_id}", payload, profile_id=setup.user_id, priority="high")
    emit(session, event, now=now)
