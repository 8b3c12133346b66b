"""Freezing an account and clearing it (FRD-07, FRD-08): a page that says what stops, then the act."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import BooleanField, RadioField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.bulk import chosen_uuids, do_each, of_list
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg
from portal.blueprints.desk_words import words
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.remediation import remediations_of
from portal.queries.users import load_user
from portal.rules.freezes import NOTE_LENGTH_MAX, FreezeReason
from portal.rules.permissions import Permission
from portal.rules.remediation import still_open
from portal.services.restrictions.clear_account import clear_account
from portal.services.restrictions.freeze_account import freeze_account

# Whose rows have a person behind them.
LISTS = ("balances", "redemptions")


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/users/freezes", "users_freeze", freeze_chosen, methods=["POST"])
    bp.add_url_rule("/users/<uuid:user_id>/freeze", "user_freeze", freeze, methods=["GET", "POST"])
    bp.add_url_rule("/users/<uuid:user_id>/clearance", "user_clearance", clear, methods=["GET", "POST"])


class FreezeForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types.
    """Why, and what colleagues should know."""

    reason = RadioField(validators=[DataRequired()], choices=[])
    note = TextAreaField(validators=[Optional(), Length(max=NOTE_LENGTH_MAX)])


class ClearForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types.
    """Why the account is clear, and whether that is so although steps of its remediation are open."""

    despite_steps = BooleanField()
    note = TextAreaField(validators=[DataRequired(), Length(max=NOTE_LENGTH_MAX)])


@requires_all(Permission.USER_RESTRICT)
def freeze(user_id: uuid.UUID) -> ResponseReturnValue:
    """Freeze an account, with its balances, coupons and open orders."""
    form = FreezeForm()
    form.reason.label.text, form.note.label.text = _("Reason"), _("Note for the record")
    form.reason.choices = words("freeze_reason")
    form.reason.validators = [DataRequired(_("Choose a reason: it stands in the record."))]
    problem, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            frozen = atomically(
                lambda session: freeze_account(
                    session,
                    user_id=user_id,
                    reason=FreezeReason(form.reason.data),
                    note=form.note.data or "",
                    actor=current_actor(),
                    now=clock.now(),
                )
            )
        except PortalError as error:
            problem, status = say(error), error.status
        else:
            told = ngettext("%(num)s part of an order waits.", "%(num)s parts of orders wait.", frozen.parts)
            if not frozen.is_repeat:
                flash(_("The account is frozen.") + " " + told, "success")
            return done(location=url_for("admin.user", user_id=user_id))
    return _page("admin/users/freeze.html", user_id, form, problem, status)


@requires_all(Permission.USER_RESTRICT)
def freeze_chosen() -> ResponseReturnValue:
    """Freeze the accounts behind the chosen rows of a list, with one reason."""
    actor, now, back = current_actor(), clock.now(), choice_arg("list", LISTS)
    reason = request.form.get("reason", "")
    if back is None or reason not in {*FreezeReason, ""}:
        raise NotFoundError
    if not reason:
        flash(_("Choose a reason: it stands in the record."), "error")
        return done(location=of_list(f"admin.{back}"))

    def work(session: Session, user_id: uuid.UUID) -> None:
        freeze_account(session, user_id=user_id, reason=FreezeReason(reason), note="", actor=actor, now=now)

    do_each(sorted(set(chosen_uuids())), work)
    return done(location=of_list(f"admin.{back}"))


@requires_all(Permission.USER_RESTRICT)
def clear(user_id: uuid.UUID) -> ResponseReturnValue:
    """End the freeze: everything is as it was."""
    form = ClearForm()
    form.note.label.text = _("Why the account is clear")
    form.despite_steps.label.text = _("Clear it although steps are open: it stands in the record")
    form.note.validators = [DataRequired(_("Say why the account is clear: it stands in the record."))]
    problem, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            atomically(
                lambda session: clear_account(
                    session,
                    user_id=user_id,
                    note=form.note.data,
                    actor=current_actor(),
                    now=clock.now(),
                    despite_steps=form.despite_steps.data,
                )
            )
        except PortalError as error:
            problem, status = say(error), error.status
        else:
            flash(_("The account is clear. Balances, coupons and orders are as they were."), "success")
            return done(location=url_for("admin.user", user_id=user_id))
    return _page("admin/users/clear.html", user_id, form, problem, status)


def _page(name: str, user_id: uuid.UUID, form: FlaskForm, problem: str | None, status: int) -> ResponseReturnValue:
    with reading() as session:
        found = load_user(session, user_id=user_id)
        if found is None:
            raise NotFoundError
        works = [one for one in remediations_of(session, user_id=user_id) if one.state == "open"]
        frame = around(session, "admin.users")
    open_steps = [step for one in works for step in still_open(one.steps, one.ticks)]
    page = render_template(name, user=found.user, form=form, problem=problem, open_steps=open_steps, **frame)
    return page, status
