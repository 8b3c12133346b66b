"""Put lines behind people's bells, each once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import Notice
from portal.rules.notices import NoticeKind


def write_notices(
    session: Session,
    *,
    user_ids: Iterable[uuid.UUID],
    kind: NoticeKind,
    params: Mapping[str, Any],
    path: str,
    dedup_key: str,
    now: datetime,
) -> None:
    """Tell people of `kind`; the words are chosen when they read it, in their language."""
    rows = [
        {
            "id": new_id(),
            "user_id": user_id,
            "kind": kind.value,
            "params": dict(params),
            "path": path,
            "dedup_key": dedup_key,
            "created_at": now,
        }
        for user_id in user_ids
    ]
    insert_rows(session, Notice, rows, once=("user_id", "dedup_key"))
