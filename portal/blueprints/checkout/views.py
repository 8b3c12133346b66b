"""The checkout: one page, the renewal of its amounts, and the button."""

from __future__ import annotations

from dataclasses import replace

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import ask_to_sign_in, public
from portal.blueprints.checkout.account import come_in, fits, greeting, read_email
from portal.blueprints.checkout.answers import show_again, show_empty, show_page, show_parts
from portal.blueprints.checkout.blueprint import bp
from portal.blueprints.checkout.forms import ADDRESS_FIELDS, NEW_ADDRESS, SIGN_IN, SIGN_UP, Typed, read_typed
from portal.blueprints.checkout.page import (
    CheckoutPage,
    code_sentence,
    gather,
    judge_code,
    show_quote_faults,
    without_codes,
)
from portal.blueprints.checkout.placing import read_delivery, served_here, submit
from portal.blueprints.identity import LOCALE_KEY, current_actor, current_channel, current_identity, signed_in
from portal.db import atomically
from portal.htmx import is_htmx, leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.rules.addresses import AddressUnfitError, read_address
from portal.services.accounts.save_address import save_address
from portal.services.cart.keep_choices import keep_choices
from portal.services.checkout.choices import Choices

# A button of the form that asks for something else than paying, whatever its address says.
NOT_PAYING = ("update", "use_all", "use_best", "apply")


@bp.get("/checkout")
@public
def show() -> ResponseReturnValue:
    page = gather(None, now=clock.now())
    if page.cart.is_empty:
        return show_empty(status=200)
    show_quote_faults(page)
    return show_page(page)


@bp.get("/checkout/account")
@bp.get("/checkout/address")
@bp.get("/checkout/choices")
@bp.get("/checkout/orders")
@public
def back() -> ResponseReturnValue:
    """The address of a page that answered a form: opened anew it is the checkout, in whatever language it names."""
    return leave_for(url_for(".show", lang=request.args.get(LOCALE_KEY)))


@bp.post("/checkout/choices")
@public
def update() -> ResponseReturnValue:
    """Renew the amounts for what is chosen now, and keep it with the cart. Nothing is bought."""
    typed = read_typed(request.form, currency=current_channel().currency)
    if not signed_in() and "account" not in request.form:
        return ask_to_sign_in()
    page = gather(typed, now=clock.now())
    if page.cart.is_empty:
        return leave_for(url_for("checkout.show")) if is_htmx() else show_empty(status=200)
    page = _use_all(page, typed)
    page.key = request.form.get("idempotency_key") or page.key
    page.account_mode = _mode()
    rejection = judge_code(page, typed)
    if rejection is not None:
        page.form.show("code", code_sentence(page, typed, rejection))
    show_quote_faults(page)
    _check_new_address(page, typed)
    contact = "email" if signed_in() else "account_email"
    if typed.form[contact].data:
        read_email(typed, contact)
    _keep(page, typed, drop_code=rejection is not None and not _kept_anyway(page, typed))
    if is_htmx():
        return show_parts(
            page, code_accepted=bool(typed.code_typed) and rejection is None, fields=(contact, *ADDRESS_FIELDS)
        )
    if rejection is None:
        page.form.code.data = ""
    fault = rejection.code if rejection is not None else typed.fault_code
    if fault is None and (page.form.deposit.errors or page.form.mileage.errors):
        fault = "form_invalid"
    return show_page(page, status=422 if fault else 200, code=fault)


@bp.post("/checkout/account")
@public
def account() -> ResponseReturnValue:
    """Sign up or in without leaving the page: the cart comes along, and so does what was typed."""
    typed = read_typed(request.form, currency=current_channel().currency)
    key = request.form.get("idempotency_key")
    mode = SIGN_IN if "sign_in" in request.form else SIGN_UP
    if not signed_in():
        if not come_in(typed, mode=mode):
            return show_again(typed, key=key, mode=mode)
        # His own address book and coupons count from here on.
        typed.choices = replace(typed.choices, address_id=_typed_address(), coupons=None)
    page = gather(typed, now=clock.now())
    if page.cart.is_empty:
        return show_empty(status=200)
    show_quote_faults(page)
    identity = current_identity()
    return show_page(page, notice=greeting(identity.name if identity else None))


@bp.post("/checkout/address")
@public
def address() -> ResponseReturnValue:
    """Keep a new address in the book, and choose it."""
    actor = current_actor()
    if actor.user_id is None:
        return ask_to_sign_in()
    user_id = actor.user_id
    typed = read_typed(request.form, currency=current_channel().currency)
    key = request.form.get("idempotency_key")
    fields, now = typed.form.address(served_here()), clock.now()
    try:
        made = atomically(lambda s: save_address(s, user_id=user_id, fields=fields, now=now))
    except AddressUnfitError as fault:
        typed.fault_code = fault.code
        typed.form.show_address_faults(fault)
        return show_again(typed, key=key, mode=SIGN_UP)
    except PortalError as fault:
        typed.refuse("name", fault, fault.code)
        return show_again(typed, key=key, mode=SIGN_UP, status=fault.status)
    typed.choices = replace(typed.choices, address_id=str(made))
    for name in ADDRESS_FIELDS:
        typed.form[name].data = ""
    page = gather(typed, now=now)
    page.key = key or page.key
    _keep(page, typed, drop_code=False)
    show_quote_faults(page)
    return show_page(page, notice=gettext("The address is kept and chosen."))


@bp.post("/checkout/orders")
@public
def place() -> ResponseReturnValue:
    """Place the order, as a visitor after signing up in the same step."""
    if any(name in request.form for name in NOT_PAYING):
        return update()
    typed = read_typed(request.form, currency=current_channel().currency)
    mode = _mode()
    if not signed_in():
        if "account" not in request.form:
            # The form was opened by somebody whose session has ended since: his cart waits for him.
            return ask_to_sign_in()
        if not _may_come_in(typed, mode=mode) or not come_in(typed, mode=mode):
            return show_again(typed, key=request.form.get("idempotency_key"), mode=mode, paying=True)
        typed.choices = replace(typed.choices, coupons=None)
    return submit(typed, request.form, mode=mode)


def _may_come_in(typed: Typed, *, mode: str) -> bool:
    """No profile is made of half a form: a newcomer hears of every fault first, and of all at once (B08)."""
    if mode == SIGN_IN:
        return True
    is_fit = fits(typed)
    address, _versions = read_delivery(typed)
    return is_fit and address is not None and not typed.form.errors


def _mode() -> str:
    return SIGN_IN if request.form.get("account") == SIGN_IN else SIGN_UP


def _typed_address() -> str | None:
    """A newcomer's address stays as he typed it; otherwise the book's first one is offered."""
    return NEW_ADDRESS if any(request.form.get(name) for name in ("line1", "postcode")) else None


def _use_all(page: CheckoutPage, typed: Typed) -> CheckoutPage:
    """ "Use all" without a script: the highest amount allowed goes into the field, and is counted."""
    which = request.form.get("use_all")
    if which == "deposit":
        typed.choices = replace(typed.choices, deposit_minor=page.quoted.deposit_highest_minor)
        typed.form.deposit.data = page.deposit_all
    elif which == "mileage":
        typed.choices = replace(typed.choices, mileage_points=page.quoted.mileage_highest)
        typed.form.mileage.data = page.mileage_all
    else:
        return page
    typed.form[which].errors = []
    return gather(typed, now=page.now)


def _kept_anyway(page: CheckoutPage, typed: Typed) -> bool:
    """A code whose coupon is good, only not the best just now, stays among the buyer's coupons."""
    return any(offer.coupon.code == typed.code_typed and page.can_pick(offer) for offer in page.not_applied)


def _check_new_address(page: CheckoutPage, typed: Typed) -> None:
    if page.address_id != NEW_ADDRESS or not any(typed.form[name].data for name in ADDRESS_FIELDS):
        return
    try:
        read_address(typed.form.address(page.served))
    except AddressUnfitError as fault:
        typed.form.show_address_faults(fault, only_typed=True)


def _keep(page: CheckoutPage, typed: Typed, *, drop_code: bool) -> None:
    """Keep with the cart what can stand: not amounts that are refused, and not codes that do nothing."""
    kept = page.choices
    if drop_code:
        kept = without_codes(kept, [typed.code_typed])
    refused = page.quoted.tender_rejections
    kept = replace(
        kept,
        deposit_minor=0 if "deposit" in refused else kept.deposit_minor,
        mileage_points=0 if "mileage" in refused else kept.mileage_points,
        address_id=page.address_id,
    )
    actor = current_actor()
    if kept != Choices.from_json(page.cart.choices) and (actor.user_id or actor.session_id):
        atomically(lambda s: keep_choices(s, actor=actor, choices=kept.to_json(), now=page.now))
    page.kept_codes = kept.codes
