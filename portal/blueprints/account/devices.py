"""Where one is signed in, and how to end it."""

from __future__ import annotations

import uuid

from flask import flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.browsers import describe
from portal.blueprints.account.entry import forget
from portal.blueprints.account.own import own_id
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.queries.accounts import list_sessions
from portal.services.accounts.sessions import revoke_session, sign_out_everywhere


@bp.get("/account/sessions")
@requires_sign_in
def sessions() -> ResponseReturnValue:
    with reading() as opened:
        found = list_sessions(opened, user_id=own_id(), now=clock.now())
    here = current_actor().session_id
    rows = [
        {
            "id": row.id,
            "browser": describe(row.user_agent),
            "ip": row.ip,
            "created_at": row.created_at,
            "last_seen_at": row.last_seen_at,
            "is_here": row.id == here,
        }
        for row in found
    ]
    return render_template("account/sessions.html", rows=sorted(rows, key=lambda row: not row["is_here"]))


@bp.post("/account/sessions/<uuid:session_id>/revocation")
@requires_sign_in
def revoke(session_id: uuid.UUID) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    atomically(lambda opened: revoke_session(opened, actor=actor, session_id=session_id, now=now))
    if session_id == actor.session_id:
        forget()
        return leave_for(url_for(".sign_in"))
    flash(gettext("That device is signed out."), "success")
    return leave_for(url_for(".sessions"))


@bp.post("/account/sessions/revocation")
@requires_sign_in
def revoke_all() -> ResponseReturnValue:
    """Sign out everywhere, here too: what one presses when a device is lost or somebody else knows the password."""
    actor, now = current_actor(), clock.now()
    atomically(lambda opened: sign_out_everywhere(opened, actor=actor, now=now))
    forget()
    flash(gettext("You are signed out everywhere."), "success")
    return leave_for(url_for(".sign_in"))
