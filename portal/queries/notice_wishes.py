"""What people chose of their notices."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import NoticePreference as Kept
from portal.rules.notice_topics import NoticeWishes, read_choices


def load_notice_wishes(session: Session, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, NoticeWishes]:
    """By person; whoever chose nothing is not in it."""
    statement = select(Kept.user_id, Kept.choices, Kept.quiet_from, Kept.quiet_until, Kept.time_zone)
    rows = session.execute(statement.where(Kept.user_id.in_(user_ids)))
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
