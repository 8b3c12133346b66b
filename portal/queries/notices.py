"""What stands behind somebody's bell."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from portal.kit.paging import Page, decode_cursor, fingerprint, page_of
from portal.models import Notice

_QUERY = fingerprint("notices", "-created_at")


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice. `kind` and `params` are put into words by the page; `path` is where it leads, without a channel."""

    id: uuid.UUID
    kind: str
    params: Mapping[str, Any]
    path: str
    created_at: datetime
    read_at: datetime | None


def list_notices(
    session: Session, *, user_id: uuid.UUID, cursor: str | None = None, limit: int = 20
) -> Page[NoticeView]:
    """A page of a person's notices, the newest first. Raises CursorInvalidError."""
    place = decode_cursor(cursor, query=_QUERY, kinds=(datetime, uuid.UUID))
    statement = select(Notice.id, Notice.kind, Notice.params, Notice.path, Notice.created_at, Notice.read_at).where(
        Notice.user_id == user_id
    )
    key = tuple_(Notice.created_at, Notice.id)
    if place is None:
        statement = statement.order_by(Notice.created_at.desc(), Notice.id.desc())
    elif place.backwards:
        statement = statement.where(key > place.values).order_by(Notice.created_at, Notice.id)
    else:
        statement = statement.where(key < place.values).order_by(Notice.created_at.desc(), Notice.id.desc())
    rows = [NoticeView(**row) for row in session.execute(statement.limit(limit + 1)).mappings()]
    return page_of(rows, limit=limit, cursor=place, key=lambda row: (row.created_at, row.id), query=_QUERY)


def load_notice(session: Session, *, user_id: uuid.UUID, notice_id: uuid.UUID) -> NoticeView | None:
    """One notice of this person; None for anybody else's."""
    statement = select(Notice.id, Notice.kind, Notice.params, Notice.path, Notice.created_at, Notice.read_at).where(
        Notice.id == notice_id, Notice.user_id == user_id
    )
    row = session.execute(statement).mappings().one_or_none()
    return NoticeView(**row) if row else None


def count_unread(session: Session, *, user_id: uuid.UUID) -> int:
    statement = select(func.count()).where(Notice.user_id == user_id, Notice.read_at.is_(None))
    return session.execute(statement).scalar_one()
