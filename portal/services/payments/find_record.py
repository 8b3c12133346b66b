"""What is on record of an attempt beside its row: for gateways that cannot be asked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import PaymentAttempt, ProviderEvent
from portal.services.payments.receive_webhook import DISPUTE_MARK

NOTICES_MAX = 500


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """The bodies of verified notices, oldest first, and what the buyer's browser brought back."""

    notices: tuple[bytes, ...]
    returned: Mapping[str, str]


def find_record(session: Session, *, attempt_id: uuid.UUID) -> AttemptRecord:
    """Everything that was kept about an attempt, under the gateway's reference and under our key."""
    row = session.execute(
        select(
            PaymentAttempt.gateway, PaymentAttempt.gateway_ref, PaymentAttempt.op_key, PaymentAttempt.returned
        ).where(PaymentAttempt.id == attempt_id)
    ).one()
    by_ref = ProviderEvent.gateway_ref == row.gateway_ref if row.gateway_ref else None
    by_key = ProviderEvent.note == row.op_key
    bodies = session.scalars(
        select(ProviderEvent.body)
        .where(ProviderEvent.gateway == row.gateway, ProviderEvent.signature_ok, ProviderEvent.body.is_not(None))
        .where(by_key if by_ref is None else by_key | by_ref)
        .order_by(ProviderEvent.id)
        .limit(NOTICES_MAX)
    )
    returned: Mapping[str, str] = orjson.loads(row.returned) if row.returned else {}
    return AttemptRecord(tuple(body.encode() for body in bodies if body is not None), returned)


def find_dispute_notices(session: Session, *, gateway: str, dispute_ref: str) -> tuple[bytes, ...]:
    """The bodies of verified notices of disputes about the payment that one is about, oldest first."""
    is_ours = ProviderEvent.gateway == gateway, ProviderEvent.signature_ok
    of_dispute = select(ProviderEvent.gateway_ref).where(*is_ours, ProviderEvent.note == DISPUTE_MARK + dispute_ref)
    bodies = session.scalars(
        select(ProviderEvent.body)
        .where(*is_ours, ProviderEvent.body.is_not(None), ProviderEvent.note.startswith(DISPUTE_MARK))
        .where(ProviderEvent.gateway_ref.in_(of_dispute))
        .order_by(ProviderEvent.id)
        .limit(NOTICES_MAX)
    )
    return tuple(body.encode() for body in bodies if body is not None)
