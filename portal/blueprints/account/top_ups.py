"""Topping up one's own deposit: how much, how, and the payment's page until it is credited (BAL-02)."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.access import requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.account.pay_choice import offer_pay, read_means, return_url
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import LOCALE_KEY, current_actor, current_channel, current_locale
from portal.blueprints.velocity import count_act
from portal.config import Settings
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.jobs.queue import enqueue_charge
from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError
from portal.kit.money import AmountInvalidError, as_decimal, parse_minor
from portal.queries.benefits import load_balances
from portal.queries.top_ups import topped_up_since
from portal.rules.permissions import Permission
from portal.rules.top_ups import DAY, limits_of, refusal_of
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.throttle import DEPOSIT_TOP_UP
from portal.services.checkout.begin_payment import Begun
from portal.services.top_ups.begin_top_up import Blocked, TopUpWish, begin_top_up


@bp.get("/account/deposit/top-up")
@requires(Permission.DEPOSIT_TOP_UP)
def top_up() -> ResponseReturnValue:
    """The amount first, with the limits beside it; then the ways of paying that take it."""
    if "amount" not in request.args:
        return _page()
    return _page(typed=request.args["amount"], check=True)


@bp.get("/account/deposit/top-ups")
@requires(Permission.DEPOSIT_TOP_UP)
def back_to_top_up() -> ResponseReturnValue:
    """The address of a page that answered the form: opened anew it is the form."""
    return leave_for(url_for(".top_up", lang=request.args.get(LOCALE_KEY)))


@bp.post("/account/deposit/top-ups")
@requires(Permission.DEPOSIT_TOP_UP)
def begin_own_top_up() -> ResponseReturnValue:
    """Ask for the money; nothing is credited before it is in."""
    typed = request.form.get("amount", "")
    settings: Settings = current_app.config["PORTAL"]
    actor, channel, now = current_actor(), current_channel(), clock.now()
    count_act(DEPOSIT_TOP_UP)
    try:
        wish = TopUpWish(
            key=request.form.get("idempotency_key", ""),
            amount_minor=parse_minor(typed, channel.currency),
            means=read_means(),
            locale=current_locale(),
            return_url=return_url(),
            ip=request.remote_addr,
        )
        begun: Begun | Blocked = atomically(
            lambda s: begin_top_up(
                s,
                actor=actor,
                owner_id=own_id(),
                channel=channel,
                wish=wish,
                key_lifetime=timedelta(hours=settings.idempotency_hours),
                now=now,
            )
        )
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as refused:
        return _page(typed=typed, error=refused, check=True)
    if isinstance(begun, Blocked):
        return _page(typed=typed, error=begun.error, check=True)
    if begun.attempt_id is not None:
        enqueue_charge(begun.attempt_id)
    return leave_for(url_for(".paying", payment_id=begun.payment_id))


def _page(*, typed: str = "", error: PortalError | None = None, check: bool = False) -> Response:
    """The page; an amount that may be topped up brings the ways of paying with it."""
    channel, user_id, now = current_channel(), own_id(), clock.now()
    currency = channel.currency
    limits = limits_of(currency, channel.policy)
    with reading() as session:
        today = topped_up_since(session, user_id=user_id, currency=currency, since=now - DAY)
        balances = load_balances(session, user_id=user_id, currency=currency)
    pay = None
    fault: PortalError | None = None
    if check:
        try:
            amount = parse_minor(typed, currency)
        except AmountInvalidError as wrong:
            fault = wrong
        else:
            refusal = refusal_of(amount, currency, limits, today_minor=today)
            fault = RejectedError(refusal) if refusal is not None else None
            pay = None if fault else offer_pay(amount, channel)
    shown = error or fault
    answer = make_response(
        render_template(
            "account/top_up.html",
            limits=limits,
            left_minor=max(limits.daily_minor - today, 0) if limits else 0,
            currency=currency,
            deposit_minor=balances.deposit_minor,
            typed=typed,
            fault=say(fault) if fault else None,
            error=say(error) if error and not fault else None,
            suggested=[(minor, as_decimal(minor, currency)) for minor in limits.suggested] if limits else [],
            pay=pay,
        ),
        shown.status if shown else 200,
    )
    if shown is not None:
        answer.headers["X-Error-Code"] = shown.code
    return answer
