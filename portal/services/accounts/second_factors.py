"""One's own second factors: set up, confirmed, renamed, removed. Each change is proved, and told by mail (IDN-04)."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError, Rejection
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import FactorKind, SecondFactor
from portal.rules.permissions import Actor
from portal.rules.step_up import StepUpAction
from portal.services.accounts.passkeys import RelyingParty, read_creation
from portal.services.accounts.step_up import CHALLENGE_BYTES, Binding, require_step_up
from portal.services.accounts.totp import counter_of, new_secret, take_code
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

FACTORS_MAX = 10
LABEL_LENGTH_MAX = 60
# How long somebody has to finish what he began.
SETUP_FOR = timedelta(minutes=15)


class FactorUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class FactorLabelError(PortalError):
    code = "factor_label_unfit"
    sentence = N_("Give it a name of 1 to 60 characters.")
    field = "label"


class TooManyFactorsError(PortalError):
    code = "too_many_factors"
    status = 409
    sentence = N_("Ten are enough. Remove one that you do not use any more.")


def begin_factor(
    session: Session, *, actor: Actor, kind: FactorKind, label: str, rp_id: str | None = None, now: datetime
) -> uuid.UUID:
    """Begin to set up an authenticator app or a passkey; returns its id. What was begun before and not finished goes.

    Raises StepUpNeededError, FactorLabelError, TooManyFactorsError.
    """
    kept = _label(label)
    own = SecondFactor.user_id == actor.user_id
    count = session.scalar(select(func.count()).where(own, SecondFactor.confirmed_at.is_not(None))) or 0
    if count >= FACTORS_MAX:
        raise TooManyFactorsError
    binding = Binding(f"add:{kind.value}", told={"kind": kind.value, "label": kept})
    require_step_up(session, actor=actor, action=StepUpAction.CHANGE_FACTOR, binding=binding, now=now)
    session.execute(delete(SecondFactor).where(own, SecondFactor.confirmed_at.is_(None)))
    is_totp = kind is FactorKind.TOTP
    row = SecondFactor(
        id=new_id(),
        user_id=actor.user_id,
        kind=kind.value,
        label=kept,
        secret=new_secret() if is_totp else None,
        rp_id=rp_id,
        challenge=None if is_totp else secrets.token_bytes(CHALLENGE_BYTES),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def confirm_totp(session: Session, *, actor: Actor, factor_id: uuid.UUID, code: str, now: datetime) -> Rejection | None:
    """Finish an authenticator app by a code of it, which is used with that. Raises FactorUnknownError."""
    row = _unfinished(session, actor, factor_id, FactorKind.TOTP, now)
    counter = counter_of(row.secret or "", code, now=now)
    if counter is None or not take_code(session, factor_id=row.id, counter=counter, now=now):
        sentence = N_("That is not the code of this moment. Look at the app, and at the clock of your device.")
        return Rejection("totp_wrong", sentence)
    _finish(session, row, actor, now)
    return None


def confirm_passkey(
    session: Session, *, actor: Actor, factor_id: uuid.UUID, credential: str, party: RelyingParty, now: datetime
) -> Rejection | None:
    """Finish a passkey by what the browser has made. Raises FactorUnknownError."""
    row = _unfinished(session, actor, factor_id, FactorKind.PASSKEY, now)
    made = read_creation(credential, party, challenge=row.challenge or b"") if row.rp_id == party.id else None
    refused = Rejection("passkey_wrong", N_("The passkey could not be made. Try again; nothing was changed."))
    if made is None:
        return refused
    try:
        # Changed within: what is pending is written before a savepoint begins.
        with session.begin_nested():
            row.credential_id, row.public_key, row.sign_count = made.credential_id, made.public_key, made.sign_count
            row.challenge = None
            session.flush()
    except IntegrityError:
        return refused
    _finish(session, row, actor, now)
    return None


def rename_factor(session: Session, *, actor: Actor, factor_id: uuid.UUID, label: str) -> None:
    """Raises FactorUnknownError, FactorLabelError."""
    kept = _label(label)
    _own(session, actor, factor_id).label = kept
    session.flush()


def remove_factor(session: Session, *, actor: Actor, factor_id: uuid.UUID, now: datetime) -> None:
    """Take a factor away; whoever has lost it proves himself by e-mail.

    Raises FactorUnknownError, StepUpNeededError.
    """
    row = _own(session, actor, factor_id)
    binding = Binding(f"remove:{row.id}", told={"kind": row.kind, "label": row.label, "removal": "1"})
    require_step_up(session, actor=actor, action=StepUpAction.CHANGE_FACTOR, binding=binding, now=now)
    _tell(session, row, AuditAction.ACCOUNT_FACTOR_REMOVED, "account.factor_removed", actor, now)
    session.delete(row)
    session.flush()


def _finish(session: Session, row: SecondFactor, actor: Actor, now: datetime) -> None:
    row.confirmed_at = now
    session.flush()
    _tell(session, row, AuditAction.ACCOUNT_FACTOR_ADDED, "account.factor_added", actor, now)


def _tell(session: Session, row: SecondFactor, action: AuditAction, event: str, actor: Actor, now: datetime) -> None:
    after = {"factor": str(row.id), "kind": row.kind}
    record(session, Fact(action, f"user:{row.user_id}", after=after), actor=actor, now=now)
    emit(session, Event(event, f"user:{row.user_id}", {"kind": row.kind}, profile_id=row.user_id), now=now)


def _unfinished(session: Session, actor: Actor, factor_id: uuid.UUID, kind: FactorKind, now: datetime) -> SecondFactor:
    row = _own(session, actor, factor_id, finished=False)
    if row.kind != kind or row.created_at <= now - SETUP_FOR:
        raise FactorUnknownError
    return row


def _own(session: Session, actor: Actor, factor_id: uuid.UUID, *, finished: bool = True) -> SecondFactor:
    row = session.execute(
        select(SecondFactor)
        .where(SecondFactor.id == factor_id, SecondFactor.user_id == actor.user_id)
        .where(SecondFactor.confirmed_at.is_not(None) if finished else SecondFactor.confirmed_at.is_(None))
        .with_for_update()
    ).scalar_one_or_none()
    if row is None:
        raise FactorUnknownError
    return row


def _label(text: str) -> str:
    kept = " ".join(text.split())
    if not 0 < len(kept) <= LABEL_LENGTH_MAX:
        raise FactorLabelError
    return kept
