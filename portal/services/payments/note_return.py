"""What the buyer brings back from a gateway's page is kept before anybody works with it (PAY-07)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import orjson
from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.models import PaymentAttempt

NAMES_MAX = 10
NAME_LENGTH_MAX = 40
VALUE_LENGTH_MAX = 8_000


def note_return(session: Session, *, attempt_id: uuid.UUID, returned: Mapping[str, str]) -> bool:
    """Keep what came with the buyer, so that a worker that dies can be followed by another. Proves nothing.

    False when the attempt does not wait for the buyer, or what came cannot be a gateway's.
    """
    fits = all(len(name) <= NAME_LENGTH_MAX and len(value) <= VALUE_LENGTH_MAX for name, value in returned.items())
    if not returned or len(returned) > NAMES_MAX or not fits:
        return False
    found = session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id == attempt_id, PaymentAttempt.state.in_(("requires_action", "pending", "unknown")))
        .values(returned=orjson.dumps(dict(returned)).decode())
        .returning(PaymentAttempt.id)
    ).one_or_none()
    return found is not None
