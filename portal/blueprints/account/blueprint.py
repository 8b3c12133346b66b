"""The blueprint that the account's views share, and what it does around every request."""

from __future__ import annotations

import structlog
from apiflask import APIBlueprint
from flask import Response, g, session
from sqlalchemy.exc import SQLAlchemyError

from portal.db import atomically
from portal.kit import clock
from portal.queries.identities import Identity
from portal.services.accounts.sessions import TOUCHED_EVERY, touch_session

bp = APIBlueprint("account", __name__, enable_openapi=False)
log = structlog.get_logger()


@bp.after_app_request
def note_presence(response: Response) -> Response:
    """Keep a used session alive, in the database and in the cookie, and say when its browser was last seen."""
    identity: Identity | None = g.get("identity")
    now = clock.now()
    if identity is None or now - identity.last_seen_at < TOUCHED_EVERY:
        return response
    try:
        touched = atomically(lambda opened: touch_session(opened, session_id=identity.session_id, now=now))
    except SQLAlchemyError as error:
        # The page is ready; that its time could not be written is no reason to withhold it.
        log.warning("session_not_touched", error=type(error).__name__)
        return response
    if touched:
        session.modified = True
    return response
