"""From an act to its second proof and back: what was sent is kept with the proof, and goes on by itself (IDN-04).

A service that wants a proof raises StepUpNeededError; views let it pass. The handler here begins the proof, keeps the
request's form with it (encrypted, on our side: it may hold secrets), and leads to the proof's page. A later POST to the
same address that names the proof in `step_up` is served as if it had brought that form.
"""

from __future__ import annotations

import ipaddress
import uuid
from urllib.parse import urlsplit

import orjson
from flask import Flask, current_app, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from portal.blueprints.access import path_only
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor, current_channel
from portal.config import Settings
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.second_factors import load_step_up
from portal.services.accounts.answer_step_up import StepUpOverError
from portal.services.accounts.passkeys import RelyingParty
from portal.services.accounts.step_up import StepUpNeededError, begin_step_up

FIELD = "step_up"
FORM_LENGTH_MAX = 200_000
# Neither belongs to what was typed.
_NOT_KEPT = {"csrf_token", FIELD}
# Blueprints that take no forms of pages.
_WITHOUT_FORMS = {"api", "webhooks"}


class StepUpUsedError(PortalError):
    """The same confirmation is sent a second time, by Back or a double press."""

    code = "step_up_used"
    status = 409
    sentence = N_("This was confirmed and has gone through before. Nothing was done a second time.")


def init_confirming(app: Flask) -> None:
    """After CSRF protection, which looks at what was really sent."""
    app.register_error_handler(StepUpNeededError, ask_to_confirm)
    app.before_request(_take_kept_form)


def ask_to_confirm(needed: StepUpNeededError) -> ResponseReturnValue:
    """Begin the proof that is needed, keep the form, and lead to the page of the proof."""
    actor, now = current_actor(), clock.now()
    fields = [pair for pair in request.form.items(multi=True) if pair[0] not in _NOT_KEPT]
    form = orjson.dumps({"fields": fields, "back": path_only(request.referrer or "/")}).decode()
    if len(form) > FORM_LENGTH_MAX:
        raise RequestEntityTooLarge
    step_up_id = atomically(
        lambda s: begin_step_up(
            s,
            actor=actor,
            action=needed.action,
            binding=needed.binding,
            path=request.script_root + request.full_path.rstrip("?"),
            form=form,
            kept=needed.kept,
            now=now,
        )
    )
    why = None if needed.why == "needed" else needed.why
    return leave_for(url_for("account.step_up", step_up_id=step_up_id, why=why))


def back_of(form: str | None) -> str:
    """The page from which a kept form was sent."""
    return request.script_root + str(orjson.loads(form)["back"]) if form else request.script_root + "/"


def relying_party() -> RelyingParty | None:
    """Who we are to passkeys: the portal's own name, or the host that was opened; nobody for a bare number."""
    settings: Settings = current_app.config["PORTAL"]
    external = urlsplit(settings.external_url or "")
    host = (urlsplit(f"//{request.host}").hostname or "").lower()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return None
    known = (external.hostname or "").lower()
    is_ours = bool(known) and (host == known or host.endswith(f".{known}"))
    scheme = external.scheme if is_ours else request.scheme
    name = translated(dict(current_channel().name)) or host
    return RelyingParty(known if is_ours else host, f"{scheme}://{request.host}", name)


def _take_kept_form() -> None:
    if request.method != "POST" or request.blueprint in _WITHOUT_FORMS or not request.form.get(FIELD):
        return
    if (request.endpoint or "").startswith("account.step_up"):
        return
    try:
        step_up_id = uuid.UUID(request.form[FIELD])
    except ValueError:
        raise StepUpOverError from None
    actor = current_actor()
    with reading() as session:
        kept = load_step_up(session, step_up_id=step_up_id, actor=actor) if actor.is_signed_in else None
    if kept is None or urlsplit(kept.path or "").path != request.script_root + request.path:
        raise StepUpOverError
    if kept.used_at is not None:
        raise StepUpUsedError
    if kept.form is None:
        raise StepUpOverError
    fields = [(name, value) for name, value in orjson.loads(kept.form)["fields"]]
    # Whoever serves the request reads what was typed before; nothing else of it changes.
    request.form = ImmutableMultiDict(fields)
