"""What stands on the lists of risk."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from portal.kit.paging import Page, fingerprint
from portal.models import RiskListEntry, User
from portal.queries.keyset import Sorting, count_up_to, fetch_page

SORTING = Sorting((RiskListEntry.created_at, RiskListEntry.id), (datetime, uuid.UUID))


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry. `value` is None for one that was written before values were kept."""

    id: uuid.UUID
    kind: str
    mode: str
    value: str | None
    reason: str
    owner: str
    created_at: datetime
    expires_at: datetime | None


def _entry(row: Any) -> EntryRow:
    return EntryRow(row.id, row.kind, row.mode, row.value, row.reason, row.name or "", row.created_at, row.expires_at)


def list_entries(
    session: Session, *, kind: str | None, mode: str | None, index: bytes | None, now: datetime, cursor: str | None
) -> Page[EntryRow]:
    """One page of what counts now, the newest first; `index` finds one value. Raises CursorInvalidError."""
    owner = aliased(User)
    statement: Any = (
        select(
            RiskListEntry.id,
            RiskListEntry.kind,
            RiskListEntry.mode,
            RiskListEntry.value,
            RiskListEntry.reason,
            owner.name,
            RiskListEntry.created_at,
            RiskListEntry.expires_at,
        )
        .outerjoin(owner, RiskListEntry.owner == "user:" + owner.id.cast(RiskListEntry.owner.type))
        .where(
            RiskListEntry.removed_at.is_(None), or_(RiskListEntry.expires_at.is_(None), RiskListEntry.expires_at > now)
        )
    )
    if kind:
        statement = statement.where(RiskListEntry.kind == kind)
    if mode:
        statement = statement.where(RiskListEntry.mode == mode)
    if index is not None:
        statement = statement.where(RiskListEntry.value_index == index)
    return fetch_page(
        session,
        statement,
        SORTING,
        make=_entry,
        key=lambda row: (row.created_at, row.id),
        cursor_text=cursor,
        mark=fingerprint([kind, mode, index.hex() if index else None]),
        total=count_up_to(session, statement.with_only_columns(RiskListEntry.id)),
    )
