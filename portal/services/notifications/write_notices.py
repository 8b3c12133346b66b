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
from portal.queries.notice_wishes import load_notice_wishes
from portal.rules.notice_topics import TOPIC_OF_KIND
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
    """Tell people of `kind`, except who does not want to hear of its topic; the words are chosen when they read it."""
    people, topic = list(user_ids), TOPIC_OF_KIND.get(kind)
    if topic is not None and people:
        wishes = load_notice_wishes(session, people)
        people = [one for one in people if one not in wishes or wishes[one].of(topic).keeps_notices]
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
        for user_id in people
    ]
    insert_rows(session, Notice, rows, once=("user_id", "dedup_key"))
