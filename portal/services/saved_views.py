"""Views of lists: kept, renamed, shared, made the one a list opens with, removed (S03)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import DefaultView, SavedView
from portal.rules.saved_views import QUERY_LENGTH_MAX, VIEWS_MAX, name_of


class ViewUnknownError(PortalError):
    """There is none, or it is somebody else's and not shared with him."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class ViewNameError(PortalError):
    code = "view_name_unfit"
    sentence = N_("Give the view a name.")
    field = "name"


class ViewNameTakenError(PortalError):
    code = "view_name_taken"
    status = 409
    sentence = N_("You have another view of this name.")
    field = "name"


class TooManyViewsError(PortalError):
    code = "too_many_views"
    status = 409
    sentence = N_("Twenty views of a list are enough. Remove one that you do not use.")


def save_view(
    session: Session,
    *,
    user_id: uuid.UUID,
    list_name: str,
    store_id: int | None,
    name: str,
    query: str,
    is_shared: bool,
    now: datetime,
) -> uuid.UUID:
    """Keep a list's address under a name; one's own view of that name is replaced. Returns its id.

    Raises ViewNameError, TooManyViewsError.
    """
    kept = name_of(name)
    if not kept or len(query) > QUERY_LENGTH_MAX:
        raise ViewNameError
    same = (SavedView.owner_id == user_id, SavedView.list_name == list_name)
    own = session.execute(select(SavedView.id, SavedView.name, SavedView.store_id).where(*same)).all()
    in_store = [one for one in own if one.store_id == store_id]
    if len(in_store) >= VIEWS_MAX and all(one.name.lower() != kept.lower() for one in in_store):
        raise TooManyViewsError
    statement = insert(SavedView).values(
        id=new_id(),
        list_name=list_name,
        store_id=store_id,
        owner_id=user_id,
        name=kept,
        query=query,
        is_shared=is_shared,
        made_at=now,
    )
    key: list[Any] = [SavedView.owner_id, SavedView.list_name, text("coalesce(store_id, 0)"), text("lower(name)")]
    replaced = {"name": kept, "query": query, "is_shared": is_shared}
    view_id: uuid.UUID = session.execute(
        statement.on_conflict_do_update(index_elements=key, set_=replaced).returning(SavedView.id)
    ).scalar_one()
    return view_id


def change_view(session: Session, *, user_id: uuid.UUID, view_id: uuid.UUID, name: str, is_shared: bool) -> None:
    """Rename one's own view, share it or share it no more.

    Raises ViewUnknownError, ViewNameError, ViewNameTakenError.
    """
    kept = name_of(name)
    if not kept:
        raise ViewNameError
    own = (SavedView.id == view_id, SavedView.owner_id == user_id)
    try:
        with session.begin_nested():
            changed = session.execute(
                update(SavedView).where(*own).values(name=kept, is_shared=is_shared).returning(SavedView.id)
            ).first()
    except IntegrityError as error:
        raise ViewNameTakenError from error
    if changed is None:
        raise ViewUnknownError


def remove_view(session: Session, *, user_id: uuid.UUID, view_id: uuid.UUID) -> None:
    """Take one's own view away; whose list opened with it sees the list as it comes. Raises ViewUnknownError."""
    own = (SavedView.id == view_id, SavedView.owner_id == user_id)
    if session.execute(delete(SavedView).where(*own).returning(SavedView.id)).first() is None:
        raise ViewUnknownError


def choose_default(
    session: Session, *, user_id: uuid.UUID, list_name: str, store_id: int | None, view_id: uuid.UUID | None
) -> None:
    """Let the list open with this view for this person; None for the list as it comes. Raises ViewUnknownError."""
    mine = (DefaultView.user_id == user_id, DefaultView.list_name == list_name)
    if view_id is None:
        session.execute(delete(DefaultView).where(*mine))
        return
    seen = session.execute(
        select(SavedView.owner_id, SavedView.is_shared, SavedView.store_id, SavedView.list_name).where(
            SavedView.id == view_id
        )
    ).one_or_none()
    if (
        seen is None
        or (seen.list_name, seen.store_id) != (list_name, store_id)
        or not (seen.is_shared or seen.owner_id == user_id)
    ):
        raise ViewUnknownError
    statement = insert(DefaultView).values(user_id=user_id, list_name=list_name, view_id=view_id)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[DefaultView.user_id, DefaultView.list_name], set_={"view_id": view_id}
        )
    )
