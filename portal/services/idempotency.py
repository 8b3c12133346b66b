"""A submission is done once, however often it is sent (PAY-10)."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import IdempotencyKey

KEY_LENGTH_MAX = 200


class IdempotencyKeyReusedError(PortalError):
    """The key was used for another content."""

    code = "idempotency_key_reused"
    status = 409
    sentence = N_("This form was sent before with other values. Open the page again; nothing was charged twice.")


class IdempotencyKeyMissingError(PortalError):
    """No key, or one that cannot be kept."""

    code = "idempotency_key_missing"
    status = 400
    sentence = N_("This request needs an idempotency key of 1 to 200 characters.")


# A key whose life is over is taken as if it were new.
_CLAIM = text(
    """
    INSERT INTO idempotency_key AS k (scope, key, fingerprint, subject_id, created_at, expires_at)
    VALUES (:scope, :key, :fingerprint, :subject_id, :created_at, :expires_at)
    ON CONFLICT (scope, key) DO UPDATE
       SET fingerprint = excluded.fingerprint, subject_id = excluded.subject_id, status = NULL, answer = NULL,
           created_at = excluded.created_at, expires_at = excluded.expires_at
     WHERE k.expires_at <= excluded.created_at
    RETURNING k.key
    """
)


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first answer to a submission."""

    subject_id: uuid.UUID | None
    status: int | None
    answer: dict[str, Any] | None


def fingerprint(content: Any) -> str:
    """A mark of what was asked: equal content, equal mark."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


def claim_key(
    session: Session,
    *,
    scope: str,
    key: str,
    mark: str,
    now: datetime,
    lifetime: timedelta,
    subject_id: uuid.UUID | None = None,
) -> StoredAnswer | None:
    """Take the key for this transaction, or return the answer that was given under it.

    `subject_id` is what the submission will make. Whoever comes second waits here until the first has
    committed. Raises IdempotencyKeyReusedError for other content under a key that still lives,
    IdempotencyKeyMissingError for no usable key.
    """
    if not key or len(key) > KEY_LENGTH_MAX:
        raise IdempotencyKeyMissingError
    values = {
        "scope": scope,
        "key": key,
        "fingerprint": mark,
        "subject_id": subject_id,
        "created_at": now,
        "expires_at": now + lifetime,
    }
    if session.execute(_CLAIM, values).one_or_none() is not None:
        return None
    known = session.execute(
        select(
            IdempotencyKey.fingerprint, IdempotencyKey.subject_id, IdempotencyKey.status, IdempotencyKey.answer
        ).where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
    ).one()
    if known.fingerprint != mark:
        raise IdempotencyKeyReusedError
    return StoredAnswer(known.subject_id, known.status, known.answer)


def keep_answer(
    session: Session,
    *,
    scope: str,
    key: str,
    subject_id: uuid.UUID | None = None,
    status: int | None = None,
    answer: dict[str, Any] | None = None,
) -> None:
    """Store the answer with the key, in the transaction that claimed it."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
        .values(subject_id=subject_id, status=status, answer=answer)
    )


def forget_expired_keys(session: Session, *, now: datetime, limit: int = 5000) -> int:
    """Delete keys whose lifetime is over; returns how many."""
    old = select(IdempotencyKey.scope, IdempotencyKey.key).where(IdempotencyKey.expires_at <= now).limit(limit)
    doomed = old.subquery()
    result = session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.scope == doomed.c.scope, IdempotencyKey.key == doomed.c.key)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]  # A DML result counts its rows.
