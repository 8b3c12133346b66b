"""One's own data: a copy of it, what it may be used for, and an end to it (IDN-06)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal import formatting
from portal.blueprints.access import requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.blueprints.privacy_words import BLOCKS
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.jobs.queue import enqueue_export
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.channels import ChannelView, channel_directory
from portal.queries.erasure_blocks import load_erasure_blocks
from portal.queries.privacy import choices_made, latest_erasure, list_exports
from portal.rules.privacy import GRACE, PASSING, PURPOSES, Block, Purpose
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.consents import Asked, choices_of, choose
from portal.services.privacy.make_export import ask_export, take_export
from portal.services.privacy.request_erasure import cancel_erasure, request_erasure

# Where each thing that is in the way can be brought to its end.
WAYS_OUT: Mapping[Block, str] = {
    Block.RETURNS: "account.orders",
    Block.ORDERS: "account.orders",
    Block.REFUNDS: "account.orders",
    Block.PAYMENTS: "account.payments",
    Block.WITHDRAWALS: "account.deposit",
    Block.INVOICES: "account.invoices",
    Block.DEPOSIT: "account.deposit",
    Block.GIFTS: "account.mileage",
}


@bp.get("/account/data")
@requires_sign_in
def data() -> ResponseReturnValue:
    """All of it on one page."""
    return _page()


@bp.post("/account/data/exports")
@requires_sign_in
def ask_for_export() -> ResponseReturnValue:
    """Have a copy put together."""
    try:
        export_id = atomically(lambda s: ask_export(s, actor=current_actor(), now=clock.now()))
    except PortalError as error:
        return _page(error)
    enqueue_export(export_id)
    flash(gettext("Your data is being put together. You hear behind the bell when it is ready."), "success")
    return leave_for(url_for(".data"))


@bp.post("/account/data/exports/<uuid:export_id>/file")
@requires_sign_in
def take_own_export(export_id: uuid.UUID) -> ResponseReturnValue:
    """The file itself, after a second proof."""
    packed = atomically(lambda s: take_export(s, export_id=export_id, actor=current_actor(), now=clock.now()))
    answer = Response(packed, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="my-data-{clock.now():%Y-%m-%d}.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/account/data/consents")
@requires_sign_in
def keep_consents() -> ResponseReturnValue:
    """Keep what is ticked as agreed to, and what is not as refused."""
    asked = [one for one in _asked() if _field(one) in request.form.getlist("asked")]
    given = {one: request.form[_field(one)] for one in asked if request.form.get(_field(one))}
    actor = current_actor()
    try:
        atomically(
            lambda s: choose(s, user_id=own_id(), given=given, asked=asked, source="page", actor=actor, now=clock.now())
        )
    except PortalError as error:
        return _page(error)
    flash(gettext("Saved"), "toast")
    return leave_for(url_for(".data"))


@bp.post("/account/data/erasure")
@requires_sign_in
def ask_for_erasure() -> ResponseReturnValue:
    """Have the account deleted when the days of grace are over."""
    actor, gives_up = current_actor(), bool(request.form.get("gives_up"))
    try:
        due = atomically(
            lambda s: request_erasure(s, user_id=own_id(), gives_up=gives_up, reason="", actor=actor, now=clock.now())
        )
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return _page(error)
    flash(gettext("Your account will be deleted on %(day)s.", day=formatting.day(due.date())), "success")
    return leave_for(url_for(".data"))


@bp.post("/account/data/erasure/cancellation")
@requires_sign_in
def keep_account() -> ResponseReturnValue:
    """Keep the account after all."""
    try:
        atomically(lambda s: cancel_erasure(s, user_id=own_id(), actor=current_actor(), now=clock.now()))
    except PortalError as error:
        return _page(error)
    flash(gettext("Your account stays as it is."), "success")
    return leave_for(url_for(".data"))


def _page(error: PortalError | None = None) -> ResponseReturnValue:
    user_id = own_id()
    with reading() as session:
        stands = load_erasure_blocks(session, user_id=user_id)
        given = choices_of(session, user_id=user_id)
        history = choices_made(session, user_id=user_id)
        exports = list_exports(session, user_id=user_id)
        erasure = latest_erasure(session, user_id=user_id)
    channels = _channels()
    page = render_template(
        "account/data.html",
        error=say(error) if error else None,
        exports=exports,
        now=clock.now(),
        purposes=PURPOSES,
        shops=channels,
        shop_names={one.id: one.name for one in channels},
        asked=_asked(),
        field=_field,
        given={one: row for one, row in given.items() if row.is_given},
        history=history,
        erasure=erasure if erasure is not None and erasure.state == "waiting" else None,
        blocks=[(BLOCKS[one], WAYS_OUT.get(one)) for one in stands.counts if one not in PASSING | {Block.LEFT_OVER}],
        left=[one for one in stands.left if Block.LEFT_OVER in stands.counts],
        grace=GRACE.days,
    )
    return page, error.status if error else 200


def _channels() -> list[ChannelView]:
    directory = channel_directory()
    return [one for one in directory.channels.values() if one.code in directory.codes]


def _asked() -> list[Asked]:
    """Every purpose, for each channel where it is asked by itself."""
    return [
        (purpose, channel_id)
        for purpose, text in PURPOSES.items()
        for channel_id in ([one.id for one in _channels()] if text.by_channel else [None])
    ]


def _field(asked: Asked) -> str:
    purpose: Purpose = asked[0]
    return f"{purpose.value}-{asked[1] or 'all'}"
