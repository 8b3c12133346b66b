"""Top-ups looked back at: how much counts against the limits, and the latest ones of a person."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from portal.models import Payment
from portal.rules.purposes import PaymentPurpose

LATEST = 10


@dataclass(frozen=True, slots=True)
class TopUpRow:
    """One top-up; the amount in minor units of `currency`."""

    id: uuid.UUID
    created_at: datetime
    method: str
    currency: str
    amount_minor: int
    status: str


def topped_up_since(session: Session, *, user_id: uuid.UUID, currency: str, since: datetime) -> int:
    """What was topped up or is still waited for: who waits counts as well, or two tabs would pass together."""
    total = select(cast(func.coalesce(func.sum(Payment.amount_minor), 0), BigInteger)).where(
        Payment.user_id == user_id,
        Payment.purpose == PaymentPurpose.TOP_UP,
        Payment.currency == currency,
        Payment.created_at > since,
        Payment.status.not_in(("failed", "cancelled", "expired")),
    )
    return session.execute(total).scalar_one()


def latest_top_ups(session: Session, *, user_id: uuid.UUID) -> Sequence[TopUpRow]:
    """A person's latest top-ups, the newest first; all of them are among his payments."""
    rows = session.execute(
        select(Payment.id, Payment.created_at, Payment.method, Payment.currency, Payment.amount_minor, Payment.status)
        .where(Payment.user_id == user_id, Payment.purpose == PaymentPurpose.TOP_UP)
        .order_by(Payment.created_at.desc())
        .limit(LATEST)
    )
    return [TopUpRow(*row) for row in rows]
