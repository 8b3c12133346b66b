"""The links in mails: a new password, and that an e-mail is one's own."""

from __future__ import annotations

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import public, requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.entry import forget
from portal.blueprints.account.forms import NewPasswordForm, ResetRequestForm
from portal.blueprints.account.own import own_id
from portal.blueprints.account.signing import counted, show
from portal.blueprints.identity import current_locale
from portal.db import atomically, reading
from portal.htmx import done, leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.services.accounts.passwords import LENGTH_MIN
from portal.services.accounts.reset_password import check_reset_link, request_password_reset
from portal.services.accounts.reset_password import reset_password as set_password
from portal.services.accounts.throttle import RESET, TooOftenError, throttle
from portal.services.accounts.verify_email import request_verification
from portal.services.accounts.verify_email import verify_email as confirm_email


@bp.route("/password-reset", methods=["GET", "POST"])
@public
def request_reset() -> ResponseReturnValue:
    """Ask for the mail. The answer is the same whether or not there is such an account."""
    form = ResetRequestForm()
    if request.method == "GET" or not form.validate():
        return show("account/request_reset.html", form)
    now, locale = clock.now(), current_locale()
    try:
        counted(RESET, form)
    except TooOftenError as fault:
        return show("account/request_reset.html", form, fault)
    atomically(lambda opened: request_password_reset(opened, email=form.email.data, locale=locale, now=now))
    return done(location=url_for(".reset_requested"))


@bp.get("/password-reset/sent")
@public
def reset_requested() -> ResponseReturnValue:
    return render_template("account/reset_requested.html")


@bp.route("/account/reset/<token>", methods=["GET", "POST"])
@public
def reset_password(token: str) -> ResponseReturnValue:
    now, form = clock.now(), NewPasswordForm()
    with reading() as opened:
        check_reset_link(opened, token=token, now=now)
    if request.method == "GET" or not form.validate():
        return show("account/reset_password.html", form, token=token, minimum=LENGTH_MIN)
    try:
        atomically(lambda opened: set_password(opened, token=token, password=form.password.data, now=now))
    except PortalError as fault:
        return show("account/reset_password.html", form, fault, token=token, minimum=LENGTH_MIN)
    forget()
    flash(gettext("Your password is changed, and you are signed out everywhere. Sign in with the new one."), "success")
    return leave_for(url_for(".sign_in"))


@bp.route("/account/verify/<token>", methods=["GET", "POST"])
@public
def verify_email(token: str) -> ResponseReturnValue:
    """Programs that look into mails open every link; so the link shows a button, and the button does it."""
    if request.method == "GET":
        return render_template("account/verify_email.html", token=token)
    now = clock.now()
    atomically(lambda opened: confirm_email(opened, token=token, now=now))
    flash(gettext("Your e-mail address is confirmed."), "success")
    return leave_for(url_for(".profile"))


@bp.post("/account/verification")
@requires_sign_in
def send_verification() -> ResponseReturnValue:
    user_id, now, locale = own_id(), clock.now(), current_locale()
    throttle.count(RESET, account=user_id.bytes, address=None, now=now)
    atomically(lambda opened: request_verification(opened, user_id=user_id, locale=locale, now=now))
    flash(gettext("The mail is on its way. Open the link in it."), "success")
    return leave_for(url_for(".profile"))
