"""Gift cards: redeemed onto one's balance, bought for others, given back while nobody has used them (BAL-09)."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Response, current_app, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal import formatting
from portal.blueprints.access import requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.account.pay_choice import offer_pay, read_means, return_url
from portal.blueprints.checkout.words import say
from portal.blueprints.giving import take_gift_card
from portal.blueprints.identity import LOCALE_KEY, current_actor, current_channel, current_identity, current_locale
from portal.blueprints.velocity import count_act
from portal.config import Settings
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.jobs.queue import enqueue_charge
from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError
from portal.kit.money import as_decimal, parse_minor
from portal.queries.benefits import load_balances
from portal.queries.gift_cards import own_gift_cards
from portal.rules.gift_cards import refusal_of, terms_of
from portal.rules.permissions import Permission
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.throttle import GIFT_CODE, throttle
from portal.services.checkout.buy_gift_card import GiftCardWish, buy_gift_card
from portal.services.checkout.place_order import Blocked
from portal.services.withdrawals.return_card import return_card


@bp.get("/account/gift-cards")
@requires(Permission.GIFT_CARD_USE)
def gift_cards() -> ResponseReturnValue:
    """The gift balance, the form for a code, and one's cards."""
    return _page()


@bp.get("/account/gift-cards/redemptions")
@requires(Permission.GIFT_CARD_USE)
def back_to_gift_cards() -> ResponseReturnValue:
    """The address of a page that answered a form: opened anew it is the page."""
    return leave_for(url_for(".gift_cards", lang=request.args.get(LOCALE_KEY)))


@bp.post("/account/gift-cards/redemptions")
@requires(Permission.GIFT_CARD_USE)
def redeem_gift_card() -> ResponseReturnValue:
    """Take a code. Wrong ones are counted: whoever guesses is soon told to wait."""
    actor, typed = current_actor(), request.form.get("code", "")
    counted = count_act(GIFT_CODE)
    try:
        redeemed = take_gift_card(actor=actor, typed=typed)
    except PortalError as refused:
        return _page(error=refused)
    throttle.take_back(counted)
    told = formatting.money(redeemed.amount_minor, redeemed.currency)
    flash(gettext("%(amount)s is on your gift balance.", amount=told), "success")
    return leave_for(url_for(".gift_cards"))


@bp.post("/account/gift-cards/<uuid:card_id>/return")
@requires(Permission.GIFT_CARD_USE)
def return_gift_card(card_id: uuid.UUID) -> ResponseReturnValue:
    """Give one's own card back while nobody has redeemed it."""
    actor, now = current_actor(), clock.now()
    try:
        back, sent = atomically(
            lambda s: return_card(s, card_id=card_id, reason="given_back_by_buyer", actor=actor, now=now)
        )
    except PortalError as refused:
        return _page(error=refused)
    told = formatting.money(back.minor, back.currency)
    if sent == back:
        flash(gettext("%(amount)s of the gift card goes back the way it was paid.", amount=told), "success")
    elif sent.minor:
        flash(gettext("%(amount)s comes back: partly the way it was paid, partly as deposit.", amount=told), "success")
    else:
        flash(gettext("%(amount)s of the gift card is on your deposit.", amount=told), "success")
    return leave_for(url_for(".gift_cards"))


@bp.get("/account/gift-cards/new")
@requires(Permission.GIFT_CARD_USE)
def new_gift_card() -> ResponseReturnValue:
    """The amount first, then to whom and how it is paid."""
    return _buying(request.args.get("amount"))


@bp.post("/account/gift-cards/new")
@requires(Permission.GIFT_CARD_USE)
def buy_own_gift_card() -> ResponseReturnValue:
    """Ask for the money; the card is sent once it is in."""
    given = request.form
    settings: Settings = current_app.config["PORTAL"]
    actor, channel, now = current_actor(), current_channel(), clock.now()
    try:
        wish = GiftCardWish(
            key=given.get("idempotency_key", ""),
            amount_minor=parse_minor(given.get("amount", ""), channel.currency),
            recipient=given.get("recipient", ""),
            sender=given.get("sender", ""),
            message=given.get("message", ""),
            means=read_means(),
            locale=current_locale(),
            return_url=return_url(),
            ip=request.remote_addr,
        )
        begun = atomically(
            lambda s: buy_gift_card(
                s,
                actor=actor,
                channel=channel,
                wish=wish,
                key_lifetime=timedelta(hours=settings.idempotency_hours),
                now=now,
            )
        )
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as refused:
        return _buying(given.get("amount"), error=refused)
    if isinstance(begun, Blocked):
        return _buying(given.get("amount"), error=begun.error)
    if begun.attempt_id is not None:
        enqueue_charge(begun.attempt_id)
    return leave_for(url_for(".paying", payment_id=begun.payment_id))


def _page(error: PortalError | None = None) -> Response:
    currency = current_channel().currency
    with reading() as session:
        balances = load_balances(session, user_id=own_id(), currency=currency)
        rows = own_gift_cards(session, user_id=own_id())
    return _answer(
        "account/gift_cards.html",
        error,
        balance_minor=balances.gift_minor,
        currency=currency,
        rows=rows,
        own_id=own_id(),
        typed=request.form.get("code", ""),
        error=say(error) if error else None,
    )


def _buying(typed: str | None, error: PortalError | None = None) -> Response:
    channel, identity = current_channel(), current_identity()
    terms = terms_of(channel.currency, channel.policy)
    fault, pay = None, None
    if typed is not None:
        try:
            amount = parse_minor(typed, channel.currency)
        except PortalError as wrong:
            fault = wrong
        else:
            refusal = refusal_of(amount, channel.currency, terms)
            fault = RejectedError(refusal) if refusal is not None else None
            pay = None if fault else offer_pay(amount, channel)
    return _answer(
        "account/gift_card.html",
        error or fault,
        terms=terms,
        currency=channel.currency,
        typed=typed or "",
        pay=pay,
        given=request.form,
        sender=request.form.get("sender") or (identity.name if identity else "") or "",
        suggested=[(minor, as_decimal(minor, channel.currency)) for minor in terms.suggested] if terms else [],
        fault=say(fault) if fault else None,
        problem=say(error) if error and not fault else None,
    )


def _answer(template: str, refused: PortalError | None, **values: object) -> Response:
    answer = make_response(render_template(template, **values), refused.status if refused else 200)
    if refused is not None:
        answer.headers["X-Error-Code"] = refused.code
    return answer
