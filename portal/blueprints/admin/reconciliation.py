"""The reconciliation for administrators: the last run, and every difference with its owner and age (BAL-11)."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.reconciliation import last_run, list_breaks, load_break
from portal.rules.permissions import Permission
from portal.services.reconciliation.handle_break import explain_break, take_break


def hang(bp: Blueprint) -> None:
    path = "/reconciliation/<uuid:break_id>"
    bp.add_url_rule("/reconciliation", "reconciliation", index)
    bp.add_url_rule(path, "reconciliation_break", show)
    bp.add_url_rule(f"{path}/owner", "reconciliation_owner", take, methods=["POST"])
    bp.add_url_rule(f"{path}/explanation", "reconciliation_explanation", explain, methods=["POST"])


@requires_all(Permission.LEDGER_VIEW)
def index() -> ResponseReturnValue:
    """The open differences, or all that there ever were."""
    everything = request.args.get("view") == "all"
    with reading() as session:
        found = list_breaks(session, only_open=not everything, cursor=request.args.get("cursor"))
        run = last_run(session)
        frame = around(session, "admin.reconciliation")
    tabs = [
        {"label": _("Open"), "href": url_for("admin.reconciliation"), "current": not everything},
        {"label": _("All"), "href": url_for("admin.reconciliation", view="all"), "current": everything},
    ]
    partials = {"breaks": "admin/reconciliation/_list.html"}
    return page_or_partial(
        "admin/reconciliation/index.html", partials, found=found, run=run, tabs=tabs, now=clock.now(), **frame
    )


@requires_all(Permission.LEDGER_VIEW)
def show(break_id: uuid.UUID) -> ResponseReturnValue:
    """One: both amounts, what is known of it, and who looks after it."""
    return _page(break_id)


@requires_all(Permission.BOOKS_RECONCILE)
def take(break_id: uuid.UUID) -> ResponseReturnValue:
    """Look after it."""
    actor, now = current_actor(), clock.now()
    return _act(break_id, lambda s: take_break(s, break_id=break_id, actor=actor, now=now), _("It is yours now."))


@requires_all(Permission.BOOKS_RECONCILE)
def explain(break_id: uuid.UUID) -> ResponseReturnValue:
    """Close it with what it was."""
    actor, now, note = current_actor(), clock.now(), request.form.get("note", "")
    return _act(
        break_id,
        lambda s: explain_break(s, break_id=break_id, note=note, actor=actor, now=now),
        _("Closed. The next run opens it again if it is still there."),
    )


def _act(break_id: uuid.UUID, work: Callable[[Session], None], told: str) -> ResponseReturnValue:
    try:
        atomically(work)
    except PortalError as error:
        return _page(break_id, error)
    flash(told, "success")
    return done(location=url_for("admin.reconciliation_break", break_id=break_id))


def _page(break_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        row = load_break(session, break_id=break_id)
        if row is None:
            raise NotFoundError
        frame = around(session, "admin.reconciliation")
    page = render_template(
        "admin/reconciliation/show.html",
        row=row,
        problem=say(error) if error else None,
        may_handle=may_all(Permission.BOOKS_RECONCILE),
        is_own=row.owner_id == current_actor().user_id,
        **frame,
    )
    return page, error.status if error else 200
