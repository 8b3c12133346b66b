"""Causes that buyers can donate points to: added, closed and opened again (BAL-06)."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.mileage import list_causes
from portal.rules.permissions import Permission
from portal.services.mileage.save_cause import LOCALES, add_cause, open_cause

FIELD_LENGTH_MAX = 1_000


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/causes", "causes", index, methods=["GET", "POST"])
    bp.add_url_rule("/causes/<int:cause_id>/state", "cause_state", change, methods=["POST"])


@requires_all(Permission.MILEAGE_CONFIGURE)
def index() -> ResponseReturnValue:
    """All causes, and the form of a new one."""
    error: PortalError | None = None
    if request.method == "POST":
        actor, now = current_actor(), clock.now()
        names = {one: _text(f"name_{one}") for one in LOCALES}
        descriptions = {one: _text(f"description_{one}") for one in LOCALES}
        try:
            atomically(lambda s: add_cause(s, names=names, descriptions=descriptions, actor=actor, now=now))
        except PortalError as refused:
            error = refused
        else:
            flash(_("The cause is saved."), "success")
            return done(location=url_for("admin.causes"))
    with reading() as session:
        causes = list_causes(session, only_open=False)
        frame = around(session, "admin.causes")
    page = render_template(
        "admin/causes.html",
        causes=causes,
        given=request.form,
        error=say(error) if error else None,
        field=getattr(error, "field", None),
        has_errors=error is not None,
        **frame,
    )
    return page, error.status if error else 200


@requires_all(Permission.MILEAGE_CONFIGURE)
def change(cause_id: int) -> ResponseReturnValue:
    """Close a cause, or open it again."""
    actor, now, is_open = current_actor(), clock.now(), request.form.get("open") == "1"
    atomically(lambda s: open_cause(s, cause_id=cause_id, is_open=is_open, actor=actor, now=now))
    flash(_("The cause is saved."), "success")
    return done(location=url_for("admin.causes"))


def _text(name: str) -> str:
    return request.form.get(name, "").replace("\0", "")[:FIELD_LENGTH_MAX]
