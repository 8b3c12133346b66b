"""The cards that a person keeps: added in the gateway's own fields, chosen, removed (PAY-14)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from flask import current_app, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import NotFoundError, requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor, current_channel, current_locale
from portal.config import Settings
from portal.db import atomically, reading
from portal.gateways.base import DeclineReason, ElementConfig
from portal.gateways.declines import ADVICE
from portal.htmx import leave_for
from portal.jobs.queue import enqueue_setup
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.gateways import gateway_directory
from portal.queries.saved_methods import SetupView, list_saved_methods, load_setup
from portal.services.methods.begin_setup import OPEN, begin_setup, keeps_methods
from portal.services.methods.change_methods import make_default, remove_method

SOURCE_LENGTH_MAX = 8_000
# The service fills in the id; in an address braces would be written as %7B.
SETUP_PLACE = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Keeper:
    """The account whose fields take a card to be kept in this shop."""

    account_id: int
    element: ElementConfig


def keeper() -> Keeper | None:
    """The first account of the channel that keeps cards; None when there is none."""
    channel_id = current_channel().id
    for account_id, configured in gateway_directory().items():
        account = configured.account
        fits = not account.channel_ids or channel_id in account.channel_ids
        if account.is_on and fits and keeps_methods(configured.gateway) and configured.gateway.element is not None:
            return Keeper(account_id, configured.gateway.element)
    return None


@bp.get("/account/methods")
@requires_sign_in
def methods() -> ResponseReturnValue:
    """The list, how to add one, and what became of the one that was just added."""
    return _page()


@bp.post("/account/methods")
@requires_sign_in
def add_method() -> ResponseReturnValue:
    """Keep what was typed into the gateway's fields: only the name of its token comes here."""
    actor, now, locale = current_actor(), clock.now(), current_locale()
    token = request.form.get("source_token", "")[:SOURCE_LENGTH_MAX]
    account = request.form.get("source_account", "")
    if not token or not (account.isascii() and account.isdigit() and len(account) < 19):
        return _page(problem=gettext("Fill in your card first."), status=422)
    try:
        setup_id = atomically(
            lambda s: begin_setup(
                s,
                actor=actor,
                gateway_account_id=int(account),
                source_token=token,
                return_url=_return_url(),
                locale=locale,
                now=now,
            )
        )
    except PortalError as error:
        return _page(problem=say(error), status=error.status)
    enqueue_setup(setup_id)
    return leave_for(url_for(".methods", setup=setup_id))


@bp.get("/account/methods/setups/<uuid:setup_id>")
@requires_sign_in
def method_setup(setup_id: uuid.UUID) -> ResponseReturnValue:
    """News of a card on its way: nothing, or the page anew."""
    setup = _own_setup(setup_id)
    if setup.state == request.args.get("since"):
        return "", 204
    return leave_for(url_for(".methods", setup=setup_id))


@bp.post("/account/methods/<uuid:method_id>/preference")
@requires_sign_in
def prefer_method(method_id: uuid.UUID) -> ResponseReturnValue:
    """Offer this one first."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: make_default(s, method_id=method_id, actor=actor, now=now))
    flash(gettext("This card is offered first from now on."), "success")
    return leave_for(url_for(".methods"))


@bp.post("/account/methods/<uuid:method_id>/removal")
@requires_sign_in
def forget_method(method_id: uuid.UUID) -> ResponseReturnValue:
    """Remove it, here and at the gateway."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: remove_method(s, method_id=method_id, actor=actor, now=now))
    flash(gettext("The card was removed."), "success")
    return leave_for(url_for(".methods"))


def _page(*, problem: str | None = None, status: int = 200) -> ResponseReturnValue:
    setup = None
    if request.args.get("setup"):
        setup = _own_setup(_as_id(request.args["setup"]))
        if setup.state in OPEN:
            enqueue_setup(setup.id)  # The buyer may come from his bank: nobody has told us yet.
    with reading() as session:
        found = list_saved_methods(session, user_id=own_id())
    return (
        render_template(
            "account/methods.html",
            methods=found,
            keeper=keeper(),
            setup=setup,
            element=_element_of(setup),
            declined=_advice(setup),
            problem=problem,
            today=clock.now().date(),
            currency=current_channel().currency,
            country=current_channel().country,
        ),
        status,
    )


def _own_setup(setup_id: uuid.UUID) -> SetupView:
    with reading() as session:
        setup = load_setup(session, user_id=own_id(), setup_id=setup_id)
    if setup is None:
        raise NotFoundError
    return setup


def _as_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFoundError from None


def _element_of(setup: SetupView | None) -> ElementConfig | None:
    configured = gateway_directory().get(setup.gateway_account_id) if setup is not None else None
    return configured.gateway.element if configured is not None else None


def _advice(setup: SetupView | None) -> str | None:
    if setup is None or setup.state not in ("declined", "given_up"):
        return None
    reasons: Mapping[str, DeclineReason] = {one.value: one for one in DeclineReason}
    advice = ADVICE[reasons.get(setup.reason or "", DeclineReason.DECLINED)]
    return str(gettext(advice.sentence))


def _return_url() -> str:
    settings: Settings = current_app.config["PORTAL"]
    path = url_for("account.methods", setup=SETUP_PLACE)
    base = settings.external_url or request.host_url.rstrip("/")
    return (base + path).replace("{", quote("{")).replace(SETUP_PLACE, "{setup_id}")
