"""Codes of authenticator apps (RFC 6238): six digits, thirty seconds, one step of tolerance, none taken twice."""

from __future__ import annotations

import hmac
import uuid
from datetime import datetime

import pyotp
from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from portal.models import SecondFactor

STEP_S = 30
DRIFT = 1


def new_secret() -> str:
    return pyotp.random_base32()


def provisioning_uri(secret: str, *, account: str, issuer: str) -> str:
    """What the QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def normalise(code: str) -> str:
    """The digits that were typed, without the spaces that apps show between them."""
    return "".join(code.split())[:16]


def counter_of(secret: str, code: str, *, now: datetime) -> int | None:
    """The step of time whose code this is; None for a code of none."""
    typed, current, found = normalise(code), int(now.timestamp()) // STEP_S, None
    for counter in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(pyotp.HOTP(secret).at(counter).encode(), typed.encode()):
            found = counter
    return found


def take_code(session: Session, *, factor_id: uuid.UUID, counter: int, now: datetime) -> bool:
    """Use the code of this step; False when it, or a later one, was used before."""
    taken = session.execute(
        update(SecondFactor)
        .where(
            SecondFactor.id == factor_id,
            or_(SecondFactor.last_counter.is_(None), SecondFactor.last_counter < counter),
        )
        .values(last_counter=counter, last_used_at=now)
        .returning(SecondFactor.id)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None
