"""The outbox: what others still have to be told, and what failed."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.desk import text_arg
from portal.db import reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.queries.audit_log import list_events, outbox_state
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/outbox", "outbox", index)


@requires_all(Permission.EVENT_VIEW)
def index() -> ResponseReturnValue:
    """What waits, the next due first; or everything, the latest first."""
    waiting = request.args.get("view") != "all"
    kind = text_arg("q")
    with reading() as session:
        found = list_events(session, waiting=waiting, kind=kind or None, cursor=request.args.get("cursor"))
        state = outbox_state(session)
        frame = around(session, "admin.outbox")
    tabs = [
        {"label": _("Waiting"), "href": url_for("admin.outbox"), "current": waiting, "count": state.waiting},
        {"label": _("All"), "href": url_for("admin.outbox", view="all"), "current": not waiting},
    ]
    view = None if waiting else "all"
    return page_or_partial(
        "admin/outbox/index.html",
        {"events": "admin/outbox/_list.html"},
        found=found,
        state=state,
        tabs=tabs,
        waiting=waiting,
        kind=kind,
        chips=[(_("Kind: %(name)s", name=kind), url_for("admin.outbox", view=view))] if kind else [],
        clear_href=url_for("admin.outbox", view=view),
        now=clock.now(),
        **frame,
    )
