"""Bounds that are watched, and alerts that were raised, as their page shows them (ANA-05)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from portal.kit.paging import Page, fingerprint
from portal.models import FigureAlert, FigureBound, User
from portal.queries.keyset import Sorting, fetch_page
from portal.rules.bounds import Bound, Direction


@dataclass(frozen=True, slots=True)
class BoundRow:
    """A bound that is watched, who set it, and whether its figure is out of it now."""

    id: uuid.UUID
    bound: Bound
    is_shared: bool
    made_by: str
    made_at: datetime
    is_out: bool


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert: which bound, by how much, until when, and who has seen it."""

    id: uuid.UUID
    bound: Bound
    subject: str
    value: int
    before: int | None
    raised_at: datetime
    ended_at: datetime | None
    seen_at: datetime | None
    seen_by: str | None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


_BOUND = (
    FigureBound.measure,
    FigureBound.direction,
    FigureBound.limit_value,
    FigureBound.days,
    FigureBound.currency,
    FigureBound.channel_id,
    FigureBound.store_id,
)


def list_bounds(session: Session) -> Sequence[BoundRow]:
    """Every bound that is watched, the newest first."""
    is_out = (
        select(FigureAlert.id).where(FigureAlert.bound_id == FigureBound.id, FigureAlert.ended_at.is_(None)).exists()
    )
    rows = session.execute(
        select(
            *_BOUND,
            FigureBound.id,
            FigureBound.is_shared,
            User.name.label("made_by"),
            FigureBound.made_at,
            is_out.label("is_out"),
        )
        .join(User, User.id == FigureBound.made_by)
        .where(FigureBound.ended_at.is_(None))
        .order_by(FigureBound.id.desc())
    )
    return [BoundRow(row.id, _bound(row), row.is_shared, row.made_by, row.made_at, row.is_out) for row in rows]


def list_alerts(session: Session, *, only_unseen: bool, cursor: str | None) -> Page[AlertRow]:
    """One page of alerts, the newest first. Raises CursorInvalidError."""
    seer = aliased(User)
    statement = (
        select(
            *_BOUND,
            FigureAlert.id,
            FigureAlert.subject,
            FigureAlert.value,
            FigureAlert.before_value,
            FigureAlert.raised_at,
            FigureAlert.ended_at,
            FigureAlert.seen_at,
            seer.name.label("seen_by"),
        )
        .join(FigureBound, FigureBound.id == FigureAlert.bound_id)
        .outerjoin(seer, seer.id == FigureAlert.seen_by)
    )
    if only_unseen:
        statement = statement.where(FigureAlert.seen_at.is_(None))
    return fetch_page(
        session,
        statement,
        Sorting((FigureAlert.raised_at, FigureAlert.id), (datetime, uuid.UUID)),
        make=lambda row: AlertRow(
            row.id,
            _bound(row),
            row.subject,
            row.value,
            row.before_value,
            row.raised_at,
            row.ended_at,
            row.seen_at,
            row.seen_by,
        ),
        key=lambda row: (row.raised_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("alerts", only_unseen),
    )


def _bound(row: Any) -> Bound:
    return Bound(
        row.measure,
        Direction(row.direction),
        row.limit_value,
        row.days,
        row.currency,
        row.channel_id,
        row.store_id,
    )
