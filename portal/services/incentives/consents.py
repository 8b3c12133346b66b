"""Whether people let themselves be offered something: the one place where automations and choices ask it (INC-06)."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.orm import Session

# What is agreed to, by channel; taken back by a row without a version. Whoever was never asked does not allow it.
KIND = "offers"
_ALLOW = text(
    """
    SELECT user_id FROM (
        SELECT DISTINCT ON (user_id) user_id, version FROM consent
         WHERE user_id = ANY(:ids) AND kind = :kind ORDER BY user_id, accepted_at DESC, id DESC) latest
     WHERE version <> ''
    """
)


def kind_of(channel_id: int) -> str:
    """Under what the consent to be offered something on a channel is kept."""
    return f"{KIND}:{channel_id}"


def who_may_be_offered(session: Session, *, user_ids: Collection[uuid.UUID], channel_id: int) -> set[uuid.UUID]:
    """Those of them who allow offers that are chosen for them, and to be told of them behind the bell."""
    if not user_ids:
        return set()
    return set(session.scalars(_ALLOW, {"ids": list(user_ids), "kind": kind_of(channel_id)}))
