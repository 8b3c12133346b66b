"""A submission of a program that is done once: the key is claimed in the transaction that does the work (PAY-10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from portal.blueprints.api.keys import own_key
from portal.blueprints.api.schemas import In
from portal.config import Settings
from portal.db import atomically
from portal.kit import clock
from portal.services.idempotency import (
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    StoredAnswer,
    claim_key,
    fingerprint,
    keep_answer,
)

REFUSALS = (IdempotencyKeyMissingError, IdempotencyKeyReusedError)
HEADERS = {"Idempotent-Replayed": "`true` if an earlier request with the same key has done it."}


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


def make_once(
    key: str, *, scope: str, about: Sequence[Any] = (), body: In, make: Callable[[Session], int]
) -> tuple[int, dict[str, str]]:
    """The number that `make` returns, of this request or of the first one under this key, and the headers to answer
    with. Raises IdempotencyKeyReusedError, and what `make` raises: then the key is free again."""

    def work(session: Session) -> tuple[int, dict[str, str]]:
        known = claim(session, key, scope=scope, about=about, body=body)
        if known is not None:
            return int((known.answer or {})[scope]), {"Idempotent-Replayed": "true"}
        made = make(session)
        keep_answer(session, scope=scope, key=own_key(key), status=201, answer={scope: made})
        return made, {}

    return atomically(work)
