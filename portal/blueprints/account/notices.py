"""What happened: the page behind the bell, and the bell itself."""

from __future__ import annotations

import uuid

from flask import make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.access import NotFoundError, path_only, requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.notice_words import words_of
from portal.blueprints.account.own import own_id
from portal.blueprints.identity import current_identity, forget_identity
from portal.db import atomically, reading
from portal.htmx import done, is_htmx, leave_for, target
from portal.kit import clock
from portal.queries.notices import list_notices, load_notice
from portal.services.notifications.read_notices import read_notices


@bp.get("/account/notices")
@requires_sign_in
def notices() -> ResponseReturnValue:
    """The page; or the bell alone, or the list alone, as htmx asks."""
    if is_htmx() and target() == "bell":
        return bell()
    user_id = own_id()
    with reading() as opened:
        page = list_notices(opened, user_id=user_id, cursor=request.args.get("cursor"))
    template = "account/_notices.html" if is_htmx() and target() == "notices" else "account/notices.html"
    return render_template(template, page=page, words_of=words_of)


@bp.get("/account/notices/bell")
@requires_sign_in
def bell() -> ResponseReturnValue:
    """The bell with its count: one statement, the one that every request makes."""
    if not is_htmx():
        return leave_for(url_for(".notices"))
    identity = current_identity()
    return make_response(render_template("account/_bell.html", notice_count=identity.notice_count if identity else 0))


@bp.post("/account/notices/<uuid:notice_id>/reading")
@requires_sign_in
def read_notice(notice_id: uuid.UUID) -> ResponseReturnValue:
    """Open what a notice is about, and take it off the bell."""
    user_id, now = own_id(), clock.now()
    with reading() as opened:
        found = load_notice(opened, user_id=user_id, notice_id=notice_id)
    if found is None:
        raise NotFoundError
    atomically(lambda opened: read_notices(opened, user_id=user_id, notice_ids=[notice_id], now=now))
    return leave_for(request.script_root + path_only(found.path))


@bp.post("/account/notices/reading")
@requires_sign_in
def read_all() -> ResponseReturnValue:
    user_id, now = own_id(), clock.now()
    atomically(lambda opened: read_notices(opened, user_id=user_id, now=now))
    forget_identity()
    with reading() as opened:
        page = list_notices(opened, user_id=user_id)
    return done(
        "account/read_all.htmx.html", location=url_for(".notices"), page=page, words_of=words_of, notice_count=0
    )
