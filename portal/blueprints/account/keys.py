"""One's own API keys: made, exchanged and revoked; each is shown once (API-01)."""

from __future__ import annotations

import uuid

from flask import Response, current_app, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError, requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.config import Settings
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.api_clients import list_clients
from portal.queries.channels import channel_directory
from portal.rules.permissions import Permission, may
from portal.services.accounts.make_api_client import NAME_LENGTH_MAX, NewApiClient
from portal.services.accounts.own_keys import DAYS, make_own_key, rotate_own_key
from portal.services.accounts.revoke_api_client import revoke_api_client
from portal.services.accounts.rotate_api_client import OVERLAP_HOURS


@bp.get("/account/keys")
@requires_sign_in
def keys() -> ResponseReturnValue:
    """The keys with their last use, and the form for another one."""
    return _page()


@bp.post("/account/keys")
@requires_sign_in
def make_key() -> ResponseReturnValue:
    """Make one, and show it this once."""
    actor, now, given = current_actor(), clock.now(), request.form
    channels = channel_directory().channels
    channel = channels.get(given.get("channel", ""))
    if channel is None:
        raise NotFoundError
    chosen = [one for one in Permission if one.value in given.getlist("permission")]
    days = next((one for one in DAYS if str(one or "") == given.get("days", "")), DAYS[0])
    try:
        made = atomically(
            lambda s: make_own_key(
                s,
                actor=actor,
                channel_id=channel.id,
                name=given.get("name", ""),
                permissions=chosen,
                days=days,
                is_live=_is_live(),
                now=now,
            )
        )
    except PortalError as error:
        if error.code == "step_up_needed":
            raise
        return _page(error)
    return _page(made=made)


@bp.post("/account/keys/<uuid:client_id>/rotation")
@requires_sign_in
def rotate_own(client_id: uuid.UUID) -> ResponseReturnValue:
    """Exchange one, and show the new one this once."""
    actor, now, typed = current_actor(), clock.now(), request.form.get("overlap", "")
    overlap = next((one for one in OVERLAP_HOURS if str(one) == typed), None)
    if overlap is None:
        raise NotFoundError
    made = atomically(
        lambda s: rotate_own_key(
            s, actor=actor, client_id=client_id, overlap_hours=overlap, is_live=_is_live(), now=now
        )
    )
    return _page(made=made)


@bp.post("/account/keys/<uuid:client_id>/revocation")
@requires_sign_in
def revoke_own(client_id: uuid.UUID) -> ResponseReturnValue:
    """End one: the next request with it is refused."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: revoke_api_client(s, actor=actor, client_id=client_id, now=now))
    flash(_("The key is revoked. Nothing is opened with it any more."), "success")
    return leave_for(url_for(".keys"))


def _page(error: PortalError | None = None, made: NewApiClient | None = None) -> Response:
    actor, now = current_actor(), clock.now()
    with reading() as session:
        found = list_clients(session, user_id=own_id())
    directory = channel_directory()
    rows = [(one, directory.by_id(one.channel_id)) for one in found]
    page = render_template(
        "account/keys.html",
        good=[(one, channel) for one, channel in rows if one.is_good(now)],
        over=[(one, channel) for one, channel in rows if not one.is_good(now)],
        places=[one for one in directory.channels.values() if one.state != "closed"],
        permissions=[one.value for one in Permission if may(actor, one)],
        chosen=set(request.form.getlist("permission")),
        given=request.form if error else {},
        days=DAYS,
        overlaps=OVERLAP_HOURS,
        name_length=NAME_LENGTH_MAX,
        made=made,
        problem=say(error) if error else None,
        now=now,
    )
    answer = make_response(page, error.status if error else 200)
    if made is not None:
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _is_live() -> bool:
    settings: Settings = current_app.config["PORTAL"]
    return settings.is_production
