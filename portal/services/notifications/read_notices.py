"""Notices are read: one that was opened, or all of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.models import Notice
from portal.services.outbox import Event, emit


def read_notices(
    session: Session, *, user_id: uuid.UUID, now: datetime, notice_ids: Collection[uuid.UUID] | None = None
) -> int:
    """Mark these notices of the person as read, or all with None. Returns how many were unread until now.

    Those of other people are left alone without a word.
    """
    statement = update(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None))
    if notice_ids is not None:
        statement = statement.where(Notice.id.in_(notice_ids))
    read = len(session.execute(statement.values(read_at=now).returning(Notice.id)).all())
    if read:
        # The bells of the person's other open pages count anew.
        emit(session, Event("notices.read", f"user:{user_id}", {"count": read}, profile_id=user_id), now=now)
    return read
