"""What people chose of their notices."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.notice_topics import NoticeWishes, read_choices

_OF = text(
    """
    SELECT user_id, choices, quiet_from, quiet_until, time_zone FROM notice_preference
     WHERE user_id = ANY(CAST(:user_ids AS uuid[]))
    """
)


def load_notice_wishes(session: Session, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, NoticeWishes]:
    """By person; whoever chose nothing is not in it."""
    rows = session.execute(_OF, {"user_ids": list(user_ids)})
    return {
        row.user_id: NoticeWishes(
            read_choices(row.choices),
            (row.quiet_from, row.quiet_until) if row.quiet_from is not None else None,
            row.time_zone,
        )
        for row in rows
    }


def notice_wishes_of(session: Session, user_id: uuid.UUID) -> NoticeWishes:
    """Of one person; the usual ones where he chose nothing."""
    return load_notice_wishes(session, [user_id]).get(user_id, NoticeWishes())
