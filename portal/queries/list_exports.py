"""Lists that were asked for as files, as their pages show them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import ListExport, ReportPlan, User
from portal.queries.keyset import PAGE_ROWS, Sorting, fetch_page
from portal.rules.figures import Sight


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One file: what of, how far, how large, and who wanted it."""

    id: uuid.UUID
    listing: str
    format: str
    name: str
    state: str
    total: int | None
    done: int
    size: int | None
    asked_at: datetime
    expires_at: datetime | None
    made_by: str


def list_exports(
    session: Session, *, listings: Sequence[str], cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[ExportRow]:
    """One page of the files of these lists, the newest first. Raises CursorInvalidError."""
    statement = (
        select(
            ListExport.id,
            ListExport.listing,
            ListExport.format,
            ListExport.name,
            ListExport.state,
            ListExport.total,
            ListExport.done,
            ListExport.size,
            ListExport.asked_at,
            ListExport.expires_at,
            User.name.label("made_by"),
        )
        .join(User, User.id == ListExport.made_by)
        .where(ListExport.listing.in_(listings))
    )
    return fetch_page(
        session,
        statement,
        Sorting((ListExport.asked_at, ListExport.id), (datetime, uuid.UUID)),
        make=lambda row: ExportRow(*row),
        key=lambda row: (row.asked_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("list_exports", sorted(listings)),
        rows_max=rows_max,
    )


def list_plans(session: Session, *, user_id: uuid.UUID | None) -> Sequence[ReportPlan]:
    """The reports that this person gets regularly, the next one first."""
    return session.scalars(
        select(ReportPlan)
        .where(ReportPlan.made_by == user_id, ReportPlan.ended_at.is_(None))
        .order_by(ReportPlan.next_at, ReportPlan.id)
    ).all()


def find_figures_plan(session: Session, *, user_id: uuid.UUID | None, sight: Sight) -> ReportPlan | None:
    """By what plan somebody gets these figures; None where he does not."""
    return session.scalars(
        select(ReportPlan).where(
            ReportPlan.made_by == user_id,
            ReportPlan.ended_at.is_(None),
            ReportPlan.board == sight.board,
            ReportPlan.currency == sight.currency,
            ReportPlan.channel_id.is_not_distinct_from(sight.channel_id),
            ReportPlan.store_id.is_not_distinct_from(sight.store_id),
        )
    ).one_or_none()
