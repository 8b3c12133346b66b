"""What pages show of second factors, and of the proofs that are asked for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.models import SecondFactor, StepUp, User
from portal.rules.permissions import Actor


@dataclass(frozen=True, slots=True)
class FactorView:
    """A factor as its owner sees it. `secret` and `challenge` are only there while it is being set up."""

    id: uuid.UUID
    kind: str
    label: str
    rp_id: str | None
    created_at: datetime
    last_used_at: datetime | None
    secret: str | None = field(default=None, repr=False)
    challenge: bytes = b""


@dataclass(frozen=True, slots=True)
class StepUpView:
    """A proof as its page shows it. `form` are the fields that were sent, None where nothing goes on by itself."""

    id: uuid.UUID
    action: str
    told: Mapping[str, Any]
    path: str | None
    form: str | None = field(repr=False)
    is_for_client: bool
    is_mailed: bool
    attempts: int
    challenge: bytes = field(repr=False)
    expires_at: datetime
    passed_at: datetime | None
    used_at: datetime | None


def list_factors(session: Session, *, user_id: uuid.UUID) -> list[FactorView]:
    """The factors that count, the oldest first."""
    rows = session.scalars(
        select(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
        .order_by(SecondFactor.confirmed_at, SecondFactor.id)
    )
    return [FactorView(row.id, row.kind, row.label, row.rp_id, row.created_at, row.last_used_at) for row in rows]


def load_unfinished(
    session: Session, *, user_id: uuid.UUID, factor_id: uuid.UUID, since: datetime
) -> FactorView | None:
    """One that is being set up since no earlier than `since`, with what its owner needs for that."""
    row = session.scalars(
        select(SecondFactor).where(
            SecondFactor.id == factor_id,
            SecondFactor.user_id == user_id,
            SecondFactor.confirmed_at.is_(None),
            SecondFactor.created_at > since,
        )
    ).one_or_none()
    if row is None:
        return None
    return FactorView(row.id, row.kind, row.label, row.rp_id, row.created_at, None, row.secret, row.challenge or b"")


def passkeys_of(session: Session, *, user_id: uuid.UUID, rp_id: str) -> list[bytes]:
    """The credential ids of a person's passkeys under a name."""
    query = select(SecondFactor.credential_id).where(
        SecondFactor.user_id == user_id, SecondFactor.rp_id == rp_id, SecondFactor.confirmed_at.is_not(None)
    )
    return [bytes(one) for one in session.scalars(query) if one is not None]


def load_step_up(session: Session, *, step_up_id: uuid.UUID, actor: Actor) -> StepUpView | None:
    """A proof that this session has asked for, or any API client of the person."""
    row = session.scalars(
        select(StepUp).where(
            StepUp.id == step_up_id,
            StepUp.user_id == actor.user_id,
            or_(StepUp.session_id == actor.session_id, StepUp.client_id.is_not(None)),
        )
    ).one_or_none()
    if row is None:
        return None
    return StepUpView(
        id=row.id,
        action=row.action,
        told=orjson.loads(row.told),
        path=row.path,
        form=row.form,
        is_for_client=row.client_id is not None,
        is_mailed=row.code_hash is not None,
        attempts=row.attempts,
        challenge=row.challenge or b"",
        expires_at=row.expires_at,
        passed_at=row.passed_at,
        used_at=row.used_at,
    )


def email_of(session: Session, *, user_id: uuid.UUID) -> str:
    return session.scalars(select(User.email).where(User.id == user_id)).one()
