"""A submission of a program that is done once: the key is claimed in the transaction that does the work (PAY-10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from portal.blueprints.api.keys import own_key
from portal.blueprints.api.schemas import In
from portal.config import Settings
from portal.kit import clock
from portal.services.idempotency import StoredAnswer, claim_key, fingerprint


def claim(session: Session, key: str, *, scope: str, about: Sequence[Any], body: In) -> StoredAnswer | None:
    """Take the key of this client for this transaction; what was kept under it where it was sent before.

    `about` is what of the address belongs to the submission. Raises IdempotencyKeyReusedError for other content.
    """
    settings: Settings = current_app.config["PORTAL"]
    return claim_key(
        session,
        scope=scope,
        key=own_key(key),
        mark=fingerprint([*about, body.model_dump(mode="json")]),
        now=clock.now(),
        lifetime=timedelta(hours=settings.idempotency_hours),
    )
