"""Procedures of remediation as administrators define them, and their steps ticked off on an account (FRD-07)."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.desk_words import words
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.remediation import list_procedures, load_procedure
from portal.rules.permissions import Permission
from portal.rules.remediation import NAME_LENGTH_MAX, NOTE_LENGTH_MAX, from_json, write_steps
from portal.services.restrictions.procedures import move_procedure, save_procedure
from portal.services.restrictions.remediate import tick_step

MENU = "admin.procedures"
# So many digits of a version are one.
VERSION_DIGITS = 9


def hang(bp: Blueprint) -> None:
    path = "/procedures/<uuid:procedure_id>"
    bp.add_url_rule("/procedures", "procedures", index)
    bp.add_url_rule("/procedures/new", "procedure_new", new, methods=["GET", "POST"])
    bp.add_url_rule(path, "procedure", edit, methods=["GET", "POST"])
    bp.add_url_rule(f"{path}/state", "procedure_state", move, methods=["POST"])
    bp.add_url_rule("/remediations/<uuid:remediation_id>/steps/<int:n>", "remediation_step", tick, methods=["POST"])


@requires_all(Permission.FRAUD_VIEW)
def index() -> ResponseReturnValue:
    """Every procedure with its steps, and for which freezes it begins."""
    with reading() as session:
        rows = [(row, from_json(row.steps)) for row in list_procedures(session)]
        frame = around(session, MENU)
    return render_template("admin/procedures/index.html", rows=rows, **frame)


@requires_all(Permission.FRAUD_CONFIGURE)
def new() -> ResponseReturnValue:
    """Write one."""
    return _edit(None)


@requires_all(Permission.FRAUD_CONFIGURE)
def edit(procedure_id: uuid.UUID) -> ResponseReturnValue:
    """Write another version of one."""
    return _edit(procedure_id)


@requires_all(Permission.FRAUD_CONFIGURE)
def move(procedure_id: uuid.UUID) -> ResponseReturnValue:
    """Let it begin no more, or again."""
    state = request.form.get("state", "")
    try:
        atomically(
            lambda s: move_procedure(
                s, procedure_id=procedure_id, state=state, version=_version(), actor=current_actor(), now=clock.now()
            )
        )
    except PortalError as error:
        return _page(procedure_id, error)
    flash(_("Saved"), "toast")
    return done(location=url_for(MENU))


@requires_all(Permission.USER_RESTRICT)
def tick(remediation_id: uuid.UUID, n: int) -> ResponseReturnValue:
    """Tick a step off, or say that it is not done after all."""
    is_done, note = request.form.get("done") == "y", request.form.get("note", "")[:NOTE_LENGTH_MAX]
    user_id = atomically(
        lambda s: tick_step(
            s,
            remediation_id=remediation_id,
            n=n,
            is_done=is_done,
            note=note,
            actor=current_actor(),
            now=clock.now(),
        )
    )
    case_id = _case()
    if case_id is not None:
        return done(location=url_for("admin.case", case_id=case_id, _anchor="remediation"))
    return done(location=url_for("admin.user", user_id=user_id, _anchor="remediation"))


def _case() -> uuid.UUID | None:
    """The case from whose page it is ticked off."""
    try:
        return uuid.UUID(request.form.get("case", ""))
    except ValueError:
        return None


def _edit(procedure_id: uuid.UUID | None) -> ResponseReturnValue:
    if request.method == "GET":
        return _page(procedure_id)
    typed = request.form
    try:
        atomically(
            lambda s: save_procedure(
                s,
                procedure_id=procedure_id,
                name=typed.get("name", ""),
                reasons=typed.getlist("reasons"),
                steps=typed.get("steps", ""),
                version=_version(),
                actor=current_actor(),
                now=clock.now(),
            )
        )
    except PortalError as error:
        return _page(procedure_id, error)
    flash(_("The procedure is saved. It begins with the next freeze."), "success")
    return done(location=url_for(MENU))


def _version() -> int | None:
    given = request.form.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= VERSION_DIGITS else None


def _page(procedure_id: uuid.UUID | None, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        row = load_procedure(session, procedure_id=procedure_id) if procedure_id else None
        frame = around(session, MENU)
    if procedure_id is not None and row is None:
        raise NotFoundError
    was_typed = request.method == "POST" and "steps" in request.form
    page = render_template(
        "admin/procedures/edit.html",
        row=row,
        name=request.form.get("name", "") if was_typed else row.name if row else "",
        chosen=request.form.getlist("reasons") if was_typed else row.reasons if row else [],
        steps=request.form.get("steps", "") if was_typed else write_steps(from_json(row.steps)) if row else "",
        reasons=words("freeze_reason"),
        name_max=NAME_LENGTH_MAX,
        problem=say(error) if error else None,
        **frame,
    )
    return page, error.status if error else 200
