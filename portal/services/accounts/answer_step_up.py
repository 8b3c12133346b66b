"""Prove oneself: by an authenticator app's code, a passkey, or a code that is sent by e-mail (IDN-04)."""

from __future__ import annotations

import hmac
import secrets
import uuid
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.crypto import blind_index
from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_
from portal.models import FactorKind, SecondFactor, StepUp
from portal.rules.permissions import Actor
from portal.services.accounts.passkeys import RelyingParty, credential_id_of, read_assertion
from portal.services.accounts.step_up import LIFETIME
from portal.services.accounts.totp import counter_of, normalise, take_code
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

ATTEMPTS_MAX = 5
CODE_DIGITS = 6


class StepUpUnknownError(PortalError):
    """There is none, or it is somebody else's, or another session's."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class StepUpOverError(PortalError):
    """Too late, used, or answered wrongly too often: only a new one helps."""

    code = "step_up_over"
    status = 410
    sentence = N_("This confirmation is over. Nothing was done; begin it again.")


def send_step_up_code(
    session: Session, *, actor: Actor, step_up_id: uuid.UUID, locale: str | None, now: datetime
) -> None:
    """Have a code sent to the person's e-mail; time begins anew with it. Raises StepUpUnknownError, StepUpOverError."""
    row = _open(session, actor, step_up_id, now)
    row.expires_at = now + LIFETIME
    session.flush()
    event = Event(
        "step_up.code_wanted", f"step-up:{row.id}", {"locale": locale}, profile_id=row.user_id, priority="high"
    )
    emit(session, event, now=now)


def make_step_up_code(session: Session, *, step_up_id: uuid.UUID, now: datetime) -> str | None:
    """A new code, which replaces the one before; None when it is not needed any more. For the sender of the mail."""
    row = session.execute(select(StepUp).where(StepUp.id == step_up_id).with_for_update()).scalar_one_or_none()
    if row is None or row.passed_at is not None or row.expires_at <= now:
        return None
    code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
    row.code_hash = _code_hash(row.id, code)
    session.flush()
    return code


def answer_by_code(
    session: Session, *, actor: Actor, step_up_id: uuid.UUID, code: str, now: datetime
) -> Rejection | None:
    """Pass by the code of the mail. A wrong one is returned as a rejection, so that its try is counted.

    Raises StepUpUnknownError, StepUpOverError.
    """
    row = _open(session, actor, step_up_id, now)
    expected = row.code_hash or b""
    if not hmac.compare_digest(expected, _code_hash(row.id, normalise(code))):
        return _wrong(session, row, "email", actor, now)
    _pass(session, row, "email", actor, now)
    return None


def answer_by_totp(
    session: Session, *, actor: Actor, step_up_id: uuid.UUID, code: str, now: datetime
) -> Rejection | None:
    """Pass by a code of one of the person's authenticator apps. As answer_by_code()."""
    row = _open(session, actor, step_up_id, now)
    for factor in _factors(session, row.user_id, FactorKind.TOTP):
        counter = counter_of(factor.secret or "", code, now=now)
        if counter is not None and take_code(session, factor_id=factor.id, counter=counter, now=now):
            _pass(session, row, FactorKind.TOTP, actor, now)
            return None
    return _wrong(session, row, FactorKind.TOTP, actor, now)


def answer_by_passkey(
    session: Session, *, actor: Actor, step_up_id: uuid.UUID, credential: str, party: RelyingParty, now: datetime
) -> Rejection | None:
    """Pass by what a passkey has signed. As answer_by_code()."""
    row = _open(session, actor, step_up_id, now)
    credential_id = credential_id_of(credential)
    for factor in _factors(session, row.user_id, FactorKind.PASSKEY):
        if factor.credential_id != credential_id or factor.rp_id != party.id:
            continue
        count = read_assertion(
            credential,
            party,
            challenge=row.challenge or b"",
            public_key=factor.public_key or b"",
            sign_count=factor.sign_count,
        )
        if count is not None:
            factor.sign_count, factor.last_used_at = count, now
            _pass(session, row, FactorKind.PASSKEY, actor, now)
            return None
    return _wrong(session, row, FactorKind.PASSKEY, actor, now)


def _open(session: Session, actor: Actor, step_up_id: uuid.UUID, now: datetime) -> StepUp:
    """The actor's own proof, locked: in the session that has asked, or in any of his where his API client has."""
    if actor.client_id is not None or actor.session_id is None:
        raise StepUpUnknownError
    own = or_(StepUp.session_id == actor.session_id, StepUp.client_id.is_not(None))
    row = session.execute(
        select(StepUp)
        .where(StepUp.id == step_up_id, StepUp.user_id == actor.user_id, own)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise StepUpUnknownError
    if row.passed_at is not None or row.expires_at <= now or row.attempts >= ATTEMPTS_MAX:
        raise StepUpOverError
    return row


def _factors(session: Session, user_id: uuid.UUID, kind: FactorKind) -> list[SecondFactor]:
    query = select(SecondFactor).where(
        SecondFactor.user_id == user_id, SecondFactor.kind == kind, SecondFactor.confirmed_at.is_not(None)
    )
    return list(session.scalars(query.order_by(SecondFactor.id).with_for_update()))


def _pass(session: Session, row: StepUp, method: str, actor: Actor, now: datetime) -> None:
    # From here on it is the time to use it: a program is told that it has all of it.
    row.passed_at, row.method, row.code_hash, row.expires_at = now, method, None, now + LIFETIME
    session.flush()
    _record(session, AuditAction.ACCOUNT_STEP_UP_PASSED, row, method, actor, now)


def _wrong(session: Session, row: StepUp, method: str, actor: Actor, now: datetime) -> Rejection:
    row.attempts += 1
    session.flush()
    _record(session, AuditAction.ACCOUNT_STEP_UP_FAILED, row, method, actor, now)
    left = ATTEMPTS_MAX - row.attempts
    if not left:
        return Rejection("step_up_over", StepUpOverError.sentence)
    if method == FactorKind.PASSKEY:
        return Rejection("passkey_wrong", N_("That passkey could not be checked. Try again, or choose another way."))
    sentence = N_("That code is not right, or was used before. Tries left: %(left)s.")
    return Rejection("step_up_code_wrong", sentence, {"left": left})


def _code_hash(step_up_id: uuid.UUID, code: str) -> bytes:
    """Keyed: six digits could be found from a bare hash at once."""
    return blind_index(f"step-up-code:{step_up_id}:{code}")


def _record(session: Session, action: AuditAction, row: StepUp, method: str, actor: Actor, now: datetime) -> None:
    after = {"step_up": str(row.id), "action": row.action, "method": str(method)}
    record(session, Fact(action, f"user:{row.user_id}", after=after), actor=actor, now=now)
