"""The steps of a part on its page: confirm, pack, hold and let go on (ORD-10)."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from portal.blueprints.access import NotFoundError, path_only
from portal.blueprints.desk import requires_in
from portal.blueprints.desk_words import word
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import around, open_desk
from portal.blueprints.seller.orders import LIST_ARGS, order_page
from portal.blueprints.versions import shown_version
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.store_order import load_store_order
from portal.rules.holds import REASONS, HoldKind
from portal.rules.permissions import Permission, Scope
from portal.services.fulfilment.move_part import Step, move_part
from portal.services.fulfilment.say_arrived import say_arrived
from portal.services.fulfilment.ship_part import Parcel, ship_part
from portal.services.orders.place_hold import NOTE_MAX, place_hold
from portal.services.orders.release_hold import release_hold

TYPED_MAX = 200
# More pieces than a line can have.
UNFIT = 2**31 - 1


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/orders/<uuid:part_id>/acceptance", "order_acceptance", accept, methods=["POST"])
    bp.add_url_rule("/orders/<uuid:part_id>/packing", "order_packing", pack, methods=["POST"])
    bp.add_url_rule("/orders/<uuid:part_id>/hold", "order_hold", hold, methods=["GET", "POST"])
    bp.add_url_rule("/orders/<uuid:part_id>/shipments", "order_shipments", ship, methods=["POST"])
    path = "/orders/<uuid:part_id>/shipments/<uuid:shipment_id>/arrival"
    bp.add_url_rule(path, "order_arrival", arrive, methods=["POST"])
    path = "/orders/<uuid:part_id>/holds/<uuid:hold_id>/end"
    bp.add_url_rule(path, "order_hold_end", end_hold, methods=["POST"])


class HoldForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types.
    """Why the store stops its own part."""

    reason = RadioField(validators=[DataRequired()], choices=[])
    note = TextAreaField(validators=[Optional(), Length(max=NOTE_MAX)])


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def accept(part_id: uuid.UUID) -> ResponseReturnValue:
    """Confirm that the store will send it."""
    return _step(part_id, "accepted")


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def pack(part_id: uuid.UUID) -> ResponseReturnValue:
    """Say that it is packed."""
    return _step(part_id, "packed")


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def hold(part_id: uuid.UUID) -> ResponseReturnValue:
    """A page that asks why, then the hold."""
    form = HoldForm()
    form.reason.label.text, form.note.label.text = _("Reason"), _("Note for your colleagues")
    form.reason.choices = [(one, word("hold", one)) for one in REASONS[HoldKind.SELLER]]
    form.reason.validators = [DataRequired(_("Choose a reason: it stands in the record."))]
    if form.validate_on_submit():
        return act(
            part_id,
            lambda session: place_hold(
                session,
                part_id=part_id,
                kind=HoldKind.SELLER,
                reason=form.reason.data,
                note=form.note.data or "",
                actor=current_actor(),
                now=clock.now(),
                version=shown_version(),
            ),
            said=_("The order is on hold. Its deadlines stand still."),
        )
    now = clock.now()
    with reading() as session:
        order = load_store_order(session, part_id=part_id, store_ids=sorted(current_actor().store_ids), now=now)
        if order is None:
            raise NotFoundError
        desk = open_desk(session, now, store_id=order.store_id)
    page = render_template("seller/orders/hold.html", order=order, form=form, **around(desk, "seller.orders"))
    return page, 422 if form.is_submitted() else 200


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def end_hold(part_id: uuid.UUID, hold_id: uuid.UUID) -> ResponseReturnValue:
    """Let it go on."""
    return act(
        part_id,
        lambda session: release_hold(session, hold_id=hold_id, reason="", actor=current_actor(), now=clock.now()),
        said=_("The hold has ended."),
    )


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def ship(part_id: uuid.UUID) -> ResponseReturnValue:
    """Send a parcel, and go on to the next order where one works through a list with a scanner (S15)."""
    typed = {name: value.replace("\0", "")[:TYPED_MAX] for name, value in request.form.items()}
    version, parcel = shown_version(), read_parcel(typed)
    try:
        shipped = atomically(
            lambda session: ship_part(
                session,
                part_id=part_id,
                parcel=parcel,
                source="page",
                actor=current_actor(),
                now=clock.now(),
                version=version,
            )
        )
    except PortalError as error:
        return order_page(part_id, error, typed)
    number = parcel.number.strip()
    flash(
        _("Parcel %(number)s was told of before. Nothing was doubled.", number=number)
        if shipped.is_repeat
        else _("Parcel %(number)s is on its way. The buyer is told.", number=number),
        "success",
    )
    if request.form.get("then") == "next" and request.form.get("next"):
        return done(location=path_only(request.form["next"]))
    args: dict[str, Any] = {name: request.args[name] for name in LIST_ARGS if request.args.get(name)}
    return done(location=url_for("seller.order", part_id=part_id, **args))


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def arrive(part_id: uuid.UUID, shipment_id: uuid.UUID) -> ResponseReturnValue:
    """Say that what the store brings itself has arrived."""
    return act(
        part_id,
        lambda session: say_arrived(session, shipment_id=shipment_id, actor=current_actor(), now=clock.now()),
        said=_("The parcel has arrived. The buyer is told."),
    )


def read_parcel(typed: Mapping[str, str]) -> Parcel:
    """A parcel as the form says it. What is no number of pieces counts as more than there can be, so it is refused."""
    units = {}
    for name, value in typed.items():
        if name.startswith("units-"):
            text = unicodedata.normalize("NFKC", value).strip()
            count = int(text) if text.isascii() and text.isdigit() else (0 if not text else UNFIT)
            with suppress(ValueError):
                units[uuid.UUID(name.removeprefix("units-"))] = count
    return Parcel(typed.get("carrier", ""), typed.get("number", ""), units or None)


def _step(part_id: uuid.UUID, step: Step) -> ResponseReturnValue:
    version = shown_version()
    return act(
        part_id,
        lambda session: move_part(
            session, part_id=part_id, step=step, actor=current_actor(), now=clock.now(), version=version
        ),
    )


def act(part_id: uuid.UUID, work: Callable[[Any], object], *, said: str = "") -> ResponseReturnValue:
    """Do something to a part and show it anew; what was refused is said on its page."""
    try:
        atomically(work)
    except PortalError as error:
        return order_page(part_id, error)
    if said:
        flash(said, "success")
    args: dict[str, Any] = {name: request.args[name] for name in LIST_ARGS if request.args.get(name)}
    return done(location=url_for("seller.order", part_id=part_id, **args))
