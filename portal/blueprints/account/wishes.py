"""One's wishlist, the same on every channel (CAT-03)."""

from __future__ import annotations

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import path_only, requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor, current_channel
from portal.blueprints.shop.cards import picture_url, product_url
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.wishes import list_wishes
from portal.rules.permissions import Permission
from portal.services.wishes.keep_wish import drop_wish, keep_wish, move_wish_to_cart

BIGINT_DIGITS = 18


@bp.get("/account/wishes")
@requires(Permission.WISH_KEEP)
def wishes() -> ResponseReturnValue:
    """The list with today's prices."""
    channel = current_channel()
    with reading() as session:
        rows = list_wishes(session, user_id=own_id(), channel_id=channel.id)
    return render_template(
        "account/wishes.html",
        rows=rows,
        currency=channel.currency,
        picture_url=picture_url,
        product_url=product_url,
    )


@bp.post("/account/wishes")
@requires(Permission.WISH_KEEP)
def add_wish() -> ResponseReturnValue:
    """Put one on it, and go back to its page."""
    typed = request.form.get("variant_id", "")
    variant_id = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= BIGINT_DIGITS else 0
    actor, now, channel_id = current_actor(), clock.now(), current_channel().id
    try:
        atomically(lambda s: keep_wish(s, variant_id=variant_id, channel_id=channel_id, actor=actor, now=now))
    except PortalError as error:
        flash(say(error), "error")
    else:
        flash(_("It is on your wishlist."), "toast")
    return _back()


@bp.post("/account/wishes/<int:variant_id>/removal")
@requires(Permission.WISH_KEEP)
def remove_wish(variant_id: int) -> ResponseReturnValue:
    """Take one off."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: drop_wish(s, variant_id=variant_id, actor=actor, now=now))
    flash(_("It is off your wishlist."), "toast")
    return _back()


@bp.post("/account/wishes/<int:variant_id>/move")
@requires(Permission.WISH_KEEP)
def move_wish(variant_id: int) -> ResponseReturnValue:
    """Into the cart."""
    actor, now, channel_id = current_actor(), clock.now(), current_channel().id
    try:
        atomically(lambda s: move_wish_to_cart(s, variant_id=variant_id, channel_id=channel_id, actor=actor, now=now))
    except PortalError as error:
        flash(say(error), "error")
    else:
        flash(_("It is in your cart."), "success")
    return leave_for(url_for(".wishes"))


def _back() -> ResponseReturnValue:
    back = request.form.get("next")
    return leave_for(request.script_root + path_only(back) if back else url_for(".wishes"))
