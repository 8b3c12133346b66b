"""What an administrator does about a person: roles, sign-in, sessions, second proofs, notes (IDN-03, IDN-05).

Each act has a page that says what it does and asks why, and is then done.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.users import load_user, masked
from portal.rules.permissions import Permission, Role
from portal.rules.roles import GRANTABLE, REASON_LENGTH_MAX
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.people.change_roles import change_roles
from portal.services.people.keep_out import (
    block_sign_in,
    end_session,
    end_sessions,
    reset_factors,
    send_password_link,
    unblock_sign_in,
)
from portal.services.people.person import ReasonMissingError, write_note


@dataclass(frozen=True)
class Act:
    """Something that is done about a person for a reason."""

    name: str
    permission: Permission
    title: str
    consequence: str
    button: str
    said: str
    work: Callable[..., bool]
    is_grave: bool = False


ACTS = (
    Act(
        "block",
        Permission.USER_RESTRICT,
        N_("Block signing in?"),
        N_(
            "Every session of this person ends now, keys of the API stop, and nobody can sign in until it is "
            "unblocked. Orders and balances go on as they are; to stop them, freeze the account."
        ),
        N_("Block signing in"),
        N_("Signing in is blocked, and every session has ended."),
        block_sign_in,
        is_grave=True,
    ),
    Act(
        "unblock",
        Permission.USER_RESTRICT,
        N_("Unblock signing in?"),
        N_("This person can sign in again, with the password and the second proofs that there were."),
        N_("Unblock signing in"),
        N_("This person can sign in again."),
        unblock_sign_in,
    ),
    Act(
        "sign-out",
        Permission.USER_SUPPORT,
        N_("Sign out everywhere?"),
        N_("Every session of this person ends now; signing in again is possible at once. Nothing typed there is kept."),
        N_("Sign out everywhere"),
        N_("Every session of this person has ended."),
        end_sessions,
        is_grave=True,
    ),
    Act(
        "password-link",
        Permission.USER_SUPPORT,
        N_("Send a link for a new password?"),
        N_(
            "A mail goes to the address of this person, with a link that is good once and for an hour. The password of "
            "now works until another is set."
        ),
        N_("Send the link"),
        N_("The mail is on its way."),
        send_password_link,
    ),
    Act(
        "factor-reset",
        Permission.USER_RESTRICT,
        N_("Remove the second proofs?"),
        N_(
            "Authenticator apps and passkeys of this person are removed, and every session ends; the owner is told by "
            "mail. Be sure who has asked for it: this is what somebody wants who has only the password."
        ),
        N_("Remove the second proofs"),
        N_("The second proofs are removed."),
        reset_factors,
        is_grave=True,
    ),
)


class ReasonForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF publishes no types.
    """Why something is done."""

    reason = TextAreaField(validators=[DataRequired(), Length(max=REASON_LENGTH_MAX)])


def hang(bp: Blueprint) -> None:
    person = "/users/<uuid:user_id>"
    for act in ACTS:
        view = requires_all(act.permission)(_view_of(act))
        bp.add_url_rule(f"{person}/{act.name}", f"user_{act.name.replace('-', '_')}", view, methods=["GET", "POST"])
    bp.add_url_rule(f"{person}/roles", "user_roles", roles, methods=["GET", "POST"])
    bp.add_url_rule(f"{person}/notes", "user_notes", write, methods=["POST"])
    bp.add_url_rule(f"{person}/sessions/<uuid:session_id>/end", "user_session_end", end, methods=["POST"])


def _view_of(act: Act) -> Callable[[uuid.UUID], ResponseReturnValue]:
    def view(user_id: uuid.UUID) -> ResponseReturnValue:
        return _do(act, user_id)

    view.__doc__ = act.title
    return view


def _do(act: Act, user_id: uuid.UUID) -> ResponseReturnValue:
    form = _reason_form()
    problem, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        facts = {"user_id": user_id, "reason": form.reason.data, "actor": current_actor(), "now": clock.now()}
        try:
            was_done = atomically(partial(act.work, **facts))
        except StepUpNeededError:
            raise
        except PortalError as error:
            problem, status = say(error), error.status
        else:
            flash(gettext(act.said) if was_done else _("It was so already; nothing was changed."), "success")
            return done(location=url_for("admin.user", user_id=user_id))
    return _page("admin/users/act.html", user_id, status, form=form, problem=problem, act=act)


def _reason_form() -> ReasonForm:
    form = ReasonForm()
    form.reason.label.text = _("Why")
    form.reason.validators = [DataRequired(gettext(ReasonMissingError.sentence)), Length(max=REASON_LENGTH_MAX)]
    return form


@requires_all(Permission.ROLE_GRANT)
def roles(user_id: uuid.UUID) -> ResponseReturnValue:
    """The roles that are given and taken by hand."""
    form = _reason_form()
    chosen = [role for role in GRANTABLE if role.value in request.form.getlist("roles")]
    problem, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        known = [role for role in request.form.get("known", "").split(",") if role]
        try:
            changed = atomically(
                lambda session: change_roles(
                    session,
                    user_id=user_id,
                    chosen=chosen,
                    known=known,
                    reason=form.reason.data,
                    actor=current_actor(),
                    now=clock.now(),
                )
            )
        except StepUpNeededError:
            raise
        except PortalError as error:
            problem, status = say(error), error.status
        else:
            flash(_("The roles are changed.") if changed else _("It was so already; nothing was changed."), "success")
            return done(location=url_for("admin.user", user_id=user_id))
    shown = chosen if form.is_submitted() else None
    values = {"form": form, "problem": problem, "chosen": shown, "grantable": GRANTABLE, "admin_role": Role.ADMIN}
    return _page("admin/users/roles.html", user_id, status, **values)


@requires_all(Permission.USER_SUPPORT)
def write(user_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a note for colleagues."""
    text, actor, now = request.form.get("text", ""), current_actor(), clock.now()
    try:
        atomically(lambda session: write_note(session, user_id=user_id, text=text, actor=actor, now=now))
    except ReasonMissingError:
        flash(_("The note was empty, so nothing was kept."), "error")
    else:
        flash(_("The note is kept."), "success")
    return done(location=url_for("admin.user", user_id=user_id, _anchor="notes"))


@requires_all(Permission.USER_SUPPORT)
def end(user_id: uuid.UUID, session_id: uuid.UUID) -> ResponseReturnValue:
    """Sign the person out of one browser."""
    actor, now = current_actor(), clock.now()
    atomically(lambda session: end_session(session, user_id=user_id, session_id=session_id, actor=actor, now=now))
    flash(_("That device is signed out."), "success")
    return done(location=url_for("admin.user", user_id=user_id, _anchor="sign-in"))


def _page(template: str, user_id: uuid.UUID, status: int, **values: object) -> ResponseReturnValue:
    with reading() as session:
        found = load_user(session, user_id=user_id)
        if found is None:
            raise NotFoundError
        frame = around(session, "admin.users")
    return render_template(template, user=found.user, name=masked(found.user.name), **values, **frame), status
