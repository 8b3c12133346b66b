"""Stopping a part of an order, and letting it go on (ORD-002, FRD-08): a page that asks why, then the act."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.desk_words import word
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.fulfil_words import problem_text
from portal.blueprints.versions import shown_version
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.admin_order import OrderDetail, load_order
from portal.rules.holds import REASONS, HoldKind, kinds_for
from portal.rules.permissions import Permission
from portal.services.fulfilment.say_arrived import say_arrived
from portal.services.orders.place_hold import NOTE_MAX, place_hold
from portal.services.orders.release_hold import release_hold


def hang(bp: Blueprint) -> None:
    path = "/orders/<number>/parts/<uuid:part_id>/hold"
    bp.add_url_rule(path, "order_hold", hold, methods=["GET", "POST"])
    bp.add_url_rule("/orders/<number>/holds/<uuid:hold_id>/end", "order_hold_end", end, methods=["POST"])
    path = "/orders/<number>/shipments/<uuid:shipment_id>/arrival"
    bp.add_url_rule(path, "order_arrival", arrive, methods=["POST"])


class HoldForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types.
    """On whose account and why, as one choice, and what colleagues should know."""

    why = RadioField(validators=[DataRequired()], choices=[])
    note = TextAreaField(validators=[Optional(), Length(max=NOTE_MAX)])


@requires_all(Permission.ORDER_VIEW)
def hold(number: str, part_id: uuid.UUID) -> ResponseReturnValue:
    """Place a hold of a kind that one may place."""
    detail = _detail(number)
    part = next((one for one in detail.parts if one.id == part_id), None)
    kinds = kinds_for(current_actor(), store_id=part.store_id) if part else ()
    if part is None or not kinds:
        raise NotFoundError
    form = HoldForm()
    form.why.label.text, form.note.label.text = _("Reason"), _("Note for the record")
    form.why.choices = [
        (f"{kind.value}:{one}", f"{word('hold_kind', kind.value)}: {word('hold', one)}")
        for kind in kinds
        for one in REASONS[kind]
    ]
    form.why.validators = [DataRequired(_("Choose a reason: it stands in the record."))]
    problem, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        kind, _colon, reason = form.why.data.partition(":")
        try:
            atomically(
                lambda session: place_hold(
                    session,
                    part_id=part_id,
                    kind=HoldKind(kind),
                    reason=reason,
                    note=form.note.data or "",
                    actor=current_actor(),
                    now=clock.now(),
                    version=shown_version(),
                )
            )
        except PortalError as error:
            with reading() as session:
                problem, status = problem_text(session, error), error.status
        else:
            flash(_("The part is on hold. Its store was told."), "success")
            return done(location=url_for("admin.order", number=number))
    with reading() as session:
        frame = around(session, "admin.orders")
    page = render_template("admin/orders/hold.html", order=detail.order, part=part, form=form, problem=problem, **frame)
    return page, status


@requires_all(Permission.ORDER_VIEW)
def end(number: str, hold_id: uuid.UUID) -> ResponseReturnValue:
    """End a hold that one may end."""
    detail = _detail(number)
    try:
        goes_on = atomically(
            lambda session: release_hold(
                session,
                hold_id=hold_id,
                reason=request.form.get("reason", "")[:NOTE_MAX],
                actor=current_actor(),
                now=clock.now(),
            )
        )
    except PortalError as error:
        flash(say(error), "warning")
    else:
        flash(_("The part goes on.") if goes_on else _("The hold has ended."), "success")
    return done(location=url_for("admin.order", number=detail.order.number))


@requires_all(Permission.ORDER_EDIT)
def arrive(number: str, shipment_id: uuid.UUID) -> ResponseReturnValue:
    """Say of a parcel that it has arrived, where its carrier forgot to."""
    try:
        atomically(
            lambda session: say_arrived(session, shipment_id=shipment_id, actor=current_actor(), now=clock.now())
        )
    except PortalError as error:
        flash(say(error), "warning")
    else:
        flash(_("The parcel has arrived. The buyer is told."), "success")
    return done(location=url_for("admin.order", number=number))


def _detail(number: str) -> OrderDetail:
    with reading() as session:
        detail = load_order(session, number=number)
    if detail is None:
        raise NotFoundError
    return detail
