"""Confirm what one is about to do: by app, passkey or mailed code; then it goes through by itself (IDN-04)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session
from wtforms import StringField

from portal import formatting
from portal.blueprints.access import NotFoundError, requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.forms import PortalForm
from portal.blueprints.account.own import own_id
from portal.blueprints.confirming import back_of, relying_party
from portal.blueprints.identity import current_actor, current_locale
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_
from portal.queries.second_factors import StepUpView, email_of, list_factors, load_step_up, passkeys_of
from portal.rules.step_up import StepUpAction
from portal.services.accounts.answer_step_up import (
    ATTEMPTS_MAX,
    StepUpOverError,
    answer_by_code,
    answer_by_passkey,
    answer_by_totp,
    send_step_up_code,
)
from portal.services.accounts.passkeys import request_options
from portal.services.accounts.step_up import WHY
from portal.services.accounts.throttle import STEP_UP, STEP_UP_MAIL, TooOftenError, throttle

# What is confirmed, in words. Factors have four sentences of their own, below.
WORDS: Mapping[StepUpAction, str] = {
    StepUpAction.PLACE_ORDER: N_("Place an order of %(amount)s"),
    StepUpAction.TOP_UP: N_("Top up the deposit by %(amount)s"),
    StepUpAction.BUY_GIFT_CARD: N_("Buy a gift card of %(amount)s"),
    StepUpAction.WITHDRAW: N_("Withdraw %(amount)s to the account at %(bank)s that ends in %(ends)s"),
    StepUpAction.WITHDRAW_BACK: N_("Withdraw %(amount)s the way it was paid in"),
    StepUpAction.RELEASE_WITHDRAWAL: N_("Let a withdrawal of %(amount)s go out"),
    StepUpAction.REQUEST_REFUND: N_("Give back %(amount)s of order %(number)s"),
    StepUpAction.USE_COUPONS: N_("Use more coupons at once: %(amount)s off an order"),
    StepUpAction.WRITE_OFF: N_("Write off %(amount)s of an invoice"),
    StepUpAction.SEND_MILEAGE: N_("Send %(amount)s of mileage to %(recipient)s"),
    StepUpAction.ADJUST_MILEAGE: N_("Give %(amount)s of mileage"),
    StepUpAction.RELEASE_PAYOUT: N_("Let a payout of %(amount)s to %(store)s go out"),
    StepUpAction.ADJUST_BALANCES: N_("Correct balances by %(amount)s in all"),
    StepUpAction.MAKE_KEY: N_("Make the API key “%(name)s”"),
    StepUpAction.EXCHANGE_KEY: N_("Exchange the API key “%(name)s”"),
    StepUpAction.CHANGE_ROLES: N_("Change a person's roles to: %(roles)s"),
    StepUpAction.RESET_FACTORS: N_("Remove the second proofs of a person"),
    StepUpAction.DECIDE_CASE: N_("Give a verdict that moves up to %(amount)s"),
    StepUpAction.CHANGE_RISK_LIST: N_("Change the risk lists"),
    StepUpAction.TAKE_EXPORT: N_("Download your personal data"),
    StepUpAction.ERASE_ACCOUNT: N_("Have an account deleted"),
    StepUpAction.CHANGE_PAYOUT_ACCOUNT: N_(
        "Pay the store %(store)s to the account at %(bank)s that ends in %(ends)s from now on"
    ),
    StepUpAction.SAVE_CREDENTIALS: N_("Save the gateway account “%(name)s”"),
}
FACTOR_WORDS: Mapping[tuple[str, bool], str] = {
    ("totp", False): N_("Add the authenticator app “%(label)s”"),
    ("totp", True): N_("Remove the authenticator app “%(label)s”"),
    ("passkey", False): N_("Add the passkey “%(label)s”"),
    ("passkey", True): N_("Remove the passkey “%(label)s”"),
}


class AnswerForm(PortalForm):
    """Each way has a field of its own, so that a message stands where it belongs."""

    totp = StringField()
    email = StringField()


@bp.get("/step-up/<uuid:step_up_id>")
@requires_sign_in
def step_up(step_up_id: uuid.UUID) -> ResponseReturnValue:
    """What is to be confirmed, and the ways to do it; or what became of it."""
    return _page(_load(step_up_id))


@bp.post("/step-up/<uuid:step_up_id>/mail")
@requires_sign_in
def step_up_mail(step_up_id: uuid.UUID) -> ResponseReturnValue:
    """Have a code sent."""
    actor, now, locale = current_actor(), clock.now(), current_locale()
    view = _load(step_up_id)
    try:
        throttle.count(STEP_UP_MAIL, account=own_id().bytes, address=None, now=now)
        atomically(lambda s: send_step_up_code(s, actor=actor, step_up_id=step_up_id, locale=locale, now=now))
    except TooOftenError as error:
        return _page(view, error)
    except StepUpOverError:
        return leave_for(url_for(".step_up", step_up_id=step_up_id))
    return leave_for(url_for(".step_up", step_up_id=step_up_id, way="email"))


@bp.post("/step-up/<uuid:step_up_id>/answer")
@requires_sign_in
def step_up_answer(step_up_id: uuid.UUID) -> ResponseReturnValue:
    """Check the answer; a right one sends the browser on with this very request to where the act is done."""
    view, now = _load(step_up_id), clock.now()
    if view.passed_at is not None:
        return _go_on(view)
    way = request.form.get("way", "")
    try:
        attempt = throttle.count(STEP_UP, account=own_id().bytes, address=None, now=now)
        refused = atomically(lambda s: _answer(s, view.id, way))
    except TooOftenError as error:
        return _page(view, error)
    except StepUpOverError:
        return leave_for(url_for(".step_up", step_up_id=step_up_id))
    if refused is not None:
        return _page(_load(step_up_id), refused, way=way)
    throttle.take_back(attempt)
    return _go_on(view)


def _answer(session: Session, step_up_id: uuid.UUID, way: str) -> Rejection | None:
    actor, now = current_actor(), clock.now()
    if way == "passkey":
        party = relying_party()
        if party is None:
            raise NotFoundError
        credential = request.form.get("credential", "")
        return answer_by_passkey(
            session, actor=actor, step_up_id=step_up_id, credential=credential, party=party, now=now
        )
    by = answer_by_totp if way == "totp" else answer_by_code
    return by(session, actor=actor, step_up_id=step_up_id, code=request.form.get(way, ""), now=now)


def _go_on(view: StepUpView) -> ResponseReturnValue:
    """307 keeps method and body: the act's address gets this POST, which names the proof."""
    if view.path is None:
        return leave_for(url_for(".step_up", step_up_id=view.id))
    return redirect(view.path, code=307)


def _load(step_up_id: uuid.UUID) -> StepUpView:
    with reading() as session:
        view = load_step_up(session, step_up_id=step_up_id, actor=current_actor())
    if view is None:
        raise NotFoundError
    return view


def _page(view: StepUpView, fault: PortalError | Rejection | None = None, *, way: str = "") -> ResponseReturnValue:
    form, party = AnswerForm(), relying_party()
    with reading() as session:
        factors = list_factors(session, user_id=own_id())
        email = email_of(session, user_id=own_id())
        passkeys = passkeys_of(session, user_id=own_id(), rp_id=party.id) if party else []
    if fault is not None:
        form.show(way if way in {"totp", "email"} else None, _sentence(fault))
    is_over = view.passed_at is None and (view.expires_at <= clock.now() or view.attempts >= ATTEMPTS_MAX)
    why = request.args.get("why", "")
    page = render_template(
        "account/step_up.html",
        view=view,
        what=what_of(view),
        form=form,
        has_errors=bool(form.errors),
        why=gettext(WHY[why]) if why in WHY else None,
        is_over=is_over,
        has_totp=any(one.kind == "totp" for one in factors),
        options=request_options(party, challenge=view.challenge, known=passkeys) if party and passkeys else None,
        email=email,
        is_mailed=view.is_mailed or "email" in (way, request.args.get("way")),
        back=back_of(view.form),
    )
    answer = make_response(page)
    if fault is not None:
        answer.status_code = fault.status if isinstance(fault, PortalError) else 422
        if isinstance(fault, TooOftenError):
            answer.headers["Retry-After"] = str(fault.retry_after_s)
    return answer


def _sentence(fault: PortalError | Rejection) -> str:
    return str(gettext(fault.sentence)) % dict(fault.params) if fault.params else str(gettext(fault.sentence))


def what_of(view: StepUpView) -> str:
    """What is confirmed, with its amount."""
    told: dict[str, Any] = dict(view.told)
    if "amount_minor" in told:
        told["amount"] = formatting.money(told["amount_minor"], told["currency"])
    is_factor = view.action == StepUpAction.CHANGE_FACTOR
    words = FACTOR_WORDS[told["kind"], "removal" in told] if is_factor else WORDS[StepUpAction(view.action)]
    return str(gettext(words)) % told
