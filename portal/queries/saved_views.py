"""The views of a list that somebody sees: his own and shared ones."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from portal.models import DefaultView, SavedView
from portal.rules.saved_views import VIEWS_MAX


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view as one of its readers sees it."""

    id: uuid.UUID
    name: str
    query: str
    is_shared: bool
    is_own: bool
    is_default: bool


def views_of(session: Session, *, list_name: str, store_id: int | None, user_id: uuid.UUID) -> Sequence[ViewRow]:
    """His own first, then those that others share, each by name."""
    is_own = SavedView.owner_id == user_id
    same_store = SavedView.store_id.is_(None) if store_id is None else SavedView.store_id == store_id
    rows = session.execute(
        select(
            SavedView.id,
            SavedView.name,
            SavedView.query,
            SavedView.is_shared,
            is_own.label("is_own"),
            DefaultView.view_id.is_not(None).label("is_default"),
        )
        .outerjoin(DefaultView, and_(DefaultView.view_id == SavedView.id, DefaultView.user_id == user_id))
        .where(SavedView.list_name == list_name, same_store, or_(is_own, SavedView.is_shared))
        .order_by(is_own.desc(), func.lower(SavedView.name), SavedView.id)
        .limit(2 * VIEWS_MAX)
    )
    return [ViewRow(*row) for row in rows]
