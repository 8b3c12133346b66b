"""Signing in, up and out."""

from __future__ import annotations

import uuid

from flask import Response, make_response, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.blueprints.access import public
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.entry import (
    INVITED_KEY,
    enter,
    forget,
    network_address,
    note_invitation,
    onward,
    remember,
    score_entry,
)
from portal.blueprints.account.forms import PortalForm, SignInForm, SignUpForm
from portal.blueprints.identity import current_actor, current_channel, current_locale, signed_in
from portal.crypto import email_index
from portal.db import atomically
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.services.accounts.sessions import sign_out as end_session
from portal.services.accounts.sign_in import sign_in as recognise
from portal.services.accounts.sign_up import sign_up as open_profile
from portal.services.accounts.throttle import SIGN_IN, SIGN_UP, Attempt, Rule, TooOftenError, throttle

CODE_LENGTH_MAX = 40


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    form = SignInForm(next=request.args.get("next", ""))
    if request.method == "GET":
        return leave_for(destination(form)) if signed_in() else show("account/sign_in.html", form)
    if not form.validate():
        return show("account/sign_in.html", form)
    now = clock.now()
    try:
        attempt = counted(SIGN_IN, form)
    except TooOftenError as fault:
        return show("account/sign_in.html", form, fault)

    def come_in(opened: Session) -> str | Rejection:
        answer = recognise(opened, email=form.email.data, password=form.password.data, now=now)
        if isinstance(answer, uuid.UUID) and (refusal := score_entry(opened, user_id=answer, now=now)):
            return refusal
        return enter(opened, user_id=answer, now=now) if isinstance(answer, uuid.UUID) else answer

    token = atomically(come_in)
    if isinstance(token, Rejection):
        form.refuse(token)
        return show("account/sign_in.html", form)
    throttle.take_back(attempt)
    remember(token)
    return leave_for(destination(form))


@bp.route("/sign-up", methods=["GET", "POST"])
@public
def sign_up() -> ResponseReturnValue:
    form = SignUpForm(next=request.args.get("next", ""))
    if request.method == "GET":
        return leave_for(destination(form)) if signed_in() else show("account/sign_up.html", form)
    if not form.validate():
        return show("account/sign_up.html", form)
    now, locale = clock.now(), current_locale()

    def come_in(opened: Session) -> str:
        user_id = open_profile(
            opened,
            email=form.email.data,
            password=form.password.data,
            name=form.name.data,
            locale=locale,
            channel_id=current_channel().id,
            now=now,
        )
        note_invitation(opened, user_id=user_id, now=now)
        return enter(opened, user_id=user_id, now=now)

    try:
        counted(SIGN_UP, form)
        token = atomically(come_in)
    except PortalError as fault:
        return show("account/sign_up.html", form, fault)
    remember(token)
    return leave_for(destination(form))


@bp.get("/invitations/<code>")
@public
def invitation(code: str) -> ResponseReturnValue:
    """Keep the code of somebody's invitation for the sign-up; whoever has an account goes shopping."""
    if signed_in():
        return leave_for(url_for("shop.home"))
    session[INVITED_KEY] = code[:CODE_LENGTH_MAX]
    return leave_for(url_for(".sign_up"))


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    if actor.session_id is not None:
        atomically(lambda opened: end_session(opened, actor=actor, now=now))
    forget()
    return leave_for(url_for("shop.home"))


def counted(rule: Rule, form: PortalForm) -> Attempt:
    """Count a try for the e-mail that was typed and for the network address. Raises TooOftenError."""
    return throttle.count(rule, account=email_index(form.email.data), address=network_address(), now=clock.now())


def destination(form: PortalForm) -> str:
    return onward(form.next.data, url_for("shop.home"))


def show(template: str, form: PortalForm, fault: PortalError | None = None, **values: object) -> Response:
    """The page with its form: as it is at first, or with what was wrong. Passwords are never sent back."""
    if fault is not None:
        form.refuse(fault)
    answer = make_response(render_template(template, form=form, has_errors=bool(form.errors), **values))
    if isinstance(fault, TooOftenError):
        answer.status_code = fault.status
        answer.headers["Retry-After"] = str(fault.retry_after_s)
    elif form.errors:
        answer.status_code = 422
    return answer
