"""Views of lists on both desks: tabs above a list, and the forms that keep, change and remove them (S03, S04).

A list says what it is by an Inbox; everything else is here. A view is nothing but an address, so that each one works as
a link, and whoever has none loses nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import list_address
from portal.blueprints.identity import current_actor
from portal.db import atomically
from portal.htmx import done, is_htmx
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.paging import Page
from portal.queries.saved_views import ViewRow, views_of
from portal.rules.permissions import Permission, Scope, scopes_of
from portal.rules.saved_views import query_of
from portal.services.saved_views import ViewUnknownError, change_view, choose_default, remove_view, save_view

# In the address of the list as it comes, so that it does not open with somebody's own view.
PLAIN = "plain"
HIDE = "hide"


@dataclass(frozen=True)
class Inbox:
    """A list or a board that has views. `count` loads a list's first page by what the address says, for the number on
    the tab.
    """

    endpoint: str
    permission: Permission
    scope: Scope
    arguments: tuple[str, ...]
    count: Callable[[Session, int | None], Page[Any]] | None = None

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.arguments, HIDE)


@dataclass(frozen=True)
class Tab:
    """One view above a list."""

    view: ViewRow
    href: str
    is_current: bool
    count: int | None
    is_capped: bool


@dataclass(frozen=True)
class Views:
    """What the template draws above a list."""

    inbox: Inbox
    store_id: int | None
    query: str
    plain_href: str
    tabs: Sequence[Tab]

    @property
    def current(self) -> Tab | None:
        return next((tab for tab in self.tabs if tab.is_current), None)


INBOXES: dict[str, Inbox] = {}


def offer(inbox: Inbox) -> Inbox:
    """Make a list known to the forms."""
    INBOXES[inbox.endpoint] = inbox
    return inbox


def views_for(session: Session, inbox: Inbox, *, store_id: int | None = None) -> Views:
    """The tabs of the list that is being opened, each with the number of its rows."""
    user_id = current_actor().user_id
    assert user_id is not None
    query = query_of(request.args.items(multi=True), inbox.known)
    tabs = []
    for view in views_of(session, list_name=inbox.endpoint, store_id=store_id, user_id=user_id):
        page = None
        if inbox.count is not None:
            with list_address(view.query):
                page = inbox.count(session, store_id)
        total, is_capped = (page.total, page.total_is_capped) if page else (None, False)
        tabs.append(Tab(view, _href(inbox, view.query), view.query == query, total, is_capped))
    return Views(inbox, store_id, query, _href(inbox, ""), tabs)


def opens_with(views: Views) -> ResponseReturnValue | None:
    """Where somebody goes who opens the list by its bare address and has chosen a view for that."""
    if is_htmx() or any(name not in {"store", "lang"} for name in request.args):
        return None
    default = next((tab for tab in views.tabs if tab.view.is_default), None)
    return redirect(default.href, code=303) if default else None


def _href(inbox: Inbox, query: str) -> str:
    values: dict[str, Any] = {}
    for name, value in parse_qsl(query):
        values.setdefault(name, []).append(value)
    store = request.args.get("store")
    if store and "store" not in inbox.arguments:
        values["store"] = store
    if not query:
        values[PLAIN] = "1"
    return url_for(inbox.endpoint, **values)


@dataclass(frozen=True)
class Desk:
    """A desk whose lists have views. `store_of` says for which store somebody acts, None for the whole mall."""

    name: str
    store_of: Callable[[], int | None]


def hang(bp: Blueprint, guard: Callable[..., Any], store_of: Callable[[], int | None]) -> None:
    """Give a desk the forms about views."""
    desk = Desk(bp.name, store_of)

    @guard
    def views() -> ResponseReturnValue:
        return _keep(desk)

    @guard
    def view(view_id: uuid.UUID) -> ResponseReturnValue:
        return _change(desk, view_id)

    bp.add_url_rule("/views", "views", views, methods=["POST"])
    bp.add_url_rule("/views/<uuid:view_id>", "view", view, methods=["POST"])


def _chosen(desk: Desk) -> tuple[Inbox, uuid.UUID, str]:
    """The list that a form is about, who sends it, and the list's address then. Raises NotFoundError."""
    actor, form = current_actor(), request.form
    inbox = INBOXES.get(form.get("list", ""))
    if inbox is None or not inbox.endpoint.startswith(f"{desk.name}.") or actor.user_id is None:
        raise NotFoundError
    if inbox.scope not in scopes_of(actor, inbox.permission):
        raise NotFoundError
    return inbox, actor.user_id, query_of(parse_qsl(form.get("query", "")), inbox.known)


def _keep(desk: Desk) -> ResponseReturnValue:
    """Save the list as it is shown under a name."""
    inbox, user_id, query = _chosen(desk)
    facts: Mapping[str, Any] = {
        "user_id": user_id,
        "list_name": inbox.endpoint,
        "store_id": desk.store_of(),
        "name": request.form.get("name", ""),
        "query": query,
        "is_shared": request.form.get("shared") == "1",
        "now": clock.now(),
    }
    return _said(lambda s: save_view(s, **facts), _("The view is saved."), _href(inbox, query))


def _change(desk: Desk, view_id: uuid.UUID) -> ResponseReturnValue:
    """Rename, share, remove a view, or let the list open with it."""
    inbox, user_id, query = _chosen(desk)
    form, store_id = request.form, desk.store_of()
    act = form.get("act", "")

    def work(session: Session) -> None:
        if act == "remove":
            remove_view(session, user_id=user_id, view_id=view_id)
        elif act in {"default", "plain"}:
            which = view_id if act == "default" else None
            choose_default(session, user_id=user_id, list_name=inbox.endpoint, store_id=store_id, view_id=which)
        else:
            shared = form.get("shared") == "1"
            change_view(session, user_id=user_id, view_id=view_id, name=form.get("name", ""), is_shared=shared)

    return _said(work, _("The view is removed.") if act == "remove" else _("Saved."), _href(inbox, query))


def _said(work: Callable[[Session], object], said: str, location: str) -> ResponseReturnValue:
    try:
        atomically(work)
    except ViewUnknownError:
        raise
    except PortalError as error:
        flash(say(error), "error")
    else:
        flash(said, "success")
    return done(location=location)
