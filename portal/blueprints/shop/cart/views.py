"""The cart: shown, filled, changed. Everything works as a plain form, and in place with htmx."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apiflask import APIBlueprint
from flask import flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import requires
from portal.blueprints.account.entry import acting, onward, remember
from portal.blueprints.identity import (
    current_actor,
    current_channel,
    current_identity,
    current_locale,
    forget_identity,
)
from portal.blueprints.shop.cards import store_url
from portal.blueprints.shop.cart.basket import Basket, fill_basket, said
from portal.blueprints.shop.offers import offer_here
from portal.db import atomically, reading
from portal.htmx import is_htmx, leave_for, target
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.carts import load_cart
from portal.rules.csv_table import whole_number
from portal.rules.offers import Place
from portal.rules.permissions import Actor, Permission
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.cart.change import CartChange
from portal.services.cart.change_quantity import change_quantity
from portal.services.cart.errors import QUANTITY_MAX, NotOnSaleError, QuantityOutOfRangeError
from portal.services.cart.remove_line import remove_line
from portal.services.checkout.choices import Choices
from portal.services.checkout.quote import CheckoutQuote, quote_cart

bp = APIBlueprint("cart", __name__, url_prefix="/cart", enable_openapi=False)
_DIGITS_MAX = 18


@bp.get("")
@requires(Permission.CART_EDIT)
def show() -> ResponseReturnValue:
    if is_htmx() and target() == "cart-link":  # Any page whose reader has changed his cart elsewhere.
        return render_template("layouts/_cart_link.html")
    template = "shop/cart/_cart.html" if is_htmx() and target() == "cart" else "shop/cart/show.html"
    is_whole = template == "shop/cart/show.html"
    offer = offer_here(Place.CART) if is_whole else None
    return render_template(template, basket=load_basket(), store_url=store_url, offer=offer)


@bp.post("/lines")
@requires(Permission.CART_EDIT)
def add() -> ResponseReturnValue:
    """Put a variant into the cart. htmx gets #cart-answer and the cart's count; a form goes to the cart."""
    channel_id = current_channel().id
    try:
        variant_id = typed_number("variant_id", NotOnSaleError())
        quantity = typed_number("quantity", QuantityOutOfRangeError(maximum=QUANTITY_MAX), default="1")
        write(
            lambda opened, actor, now: add_to_cart(
                opened, actor=actor, channel_id=channel_id, variant_id=variant_id, quantity=quantity, now=now
            )
        )
    except PortalError as fault:
        sentence = said(fault.sentence, fault.params)
        if is_htmx():
            return render_template("shop/cart/add.htmx.html", problem=sentence, code=fault.code), 422
        flash(sentence, "error")
        return named(fault.code, leave_for(onward(request.form.get("next") or request.referrer, url_for(".show"))))
    if is_htmx():
        return render_template("shop/cart/add.htmx.html", cart_count=cart_count())
    flash(gettext("It is in your cart."), "success")
    return leave_for(url_for(".show"))


@bp.post("/lines/<int:variant_id>")
@requires(Permission.CART_EDIT)
def change(variant_id: int) -> ResponseReturnValue:
    """Set a line's quantity; zero removes it."""
    channel_id = current_channel().id
    try:
        quantity = typed_number("quantity", QuantityOutOfRangeError(maximum=QUANTITY_MAX))
        shown = whole_number(request.form.get("shown", ""), QUANTITY_MAX)
        made = write(
            lambda opened, actor, now: change_quantity(
                opened,
                actor=actor,
                channel_id=channel_id,
                variant_id=variant_id,
                quantity=quantity,
                now=now,
                shown=shown,
            )
        )
    except PortalError as fault:
        return named(fault.code, changed(variant_id, refused=said(fault.sentence, fault.params)))
    if not quantity:
        return taken_out(made)
    if made is not None and made.overruled is not None:
        told = _(
            "On another device this was set to %(found)s meanwhile; your %(kept)s holds.",
            found=made.overruled,
            kept=quantity,
        )
        return changed(variant_id, told=told)
    return changed(variant_id)


@bp.post("/lines/<int:variant_id>/removal")
@requires(Permission.CART_EDIT)
def remove(variant_id: int) -> ResponseReturnValue:
    channel_id = current_channel().id
    shown = whole_number(request.form.get("shown", ""), QUANTITY_MAX)
    made = write(
        lambda opened, actor, now: remove_line(
            opened, actor=actor, channel_id=channel_id, variant_id=variant_id, now=now, shown=shown
        )
    )
    return taken_out(made)


def taken_out(made: CartChange | None) -> ResponseReturnValue:
    """The cart without the line, with a word where another device had just set it to something."""
    if made is None or made.overruled is None:
        return changed(None)
    found = made.overruled
    told = _("On another device this was set to %(found)s meanwhile; you have taken it out.", found=found)
    return changed(None, told=told)


def named(code: str, answer: ResponseReturnValue) -> ResponseReturnValue:
    """The answer with the refusal's code, for programs; htmx has its sentence at the line and needs no banner."""
    response = make_response(answer)
    if not is_htmx():
        response.headers["X-Error-Code"] = code
    return response


def write(work: Callable[[Session, Actor, datetime], CartChange | None]) -> CartChange | None:
    """Do it in one transaction, which for a visitor's first line also begins his session."""
    now = clock.now()

    def whole(opened: Session) -> tuple[CartChange | None, str | None]:
        actor, token = acting(opened, now=now)
        return work(opened, actor, now), token

    made, token = atomically(whole)
    if token is not None:
        remember(token, anew=False)
    return made


def changed(variant_id: int | None, *, refused: str | None = None, told: str | None = None) -> ResponseReturnValue:
    """The cart anew, with the count in the page's head; a plain form goes back to the page.

    The focus goes to the line that was changed, or to the heading when its line is gone. `told` stands at the line, or
    over the page.
    """
    if not is_htmx():
        if refused or told:
            flash(refused or told or "", "error" if refused else "warning")
        return leave_for(url_for(".show"))
    said_there = refused or told
    basket = load_basket({variant_id: said_there} if variant_id and said_there else None)
    html = render_template(
        "shop/cart/change.htmx.html",
        basket=basket,
        cart_count=basket.cart.count,
        changed=variant_id,
        removed=variant_id is None,
        told=told if variant_id is None else None,
        store_url=store_url,
    )
    return make_response(html, 422 if refused else 200)


def load_basket(refused: dict[int, str] | None = None) -> Basket:
    """The cart with the amounts that the checkout will begin with."""
    actor, channel, now = current_actor(), current_channel(), clock.now()
    quoted: CheckoutQuote | None = None
    problem = None
    with reading() as opened:
        cart = load_cart(opened, user_id=actor.user_id, session_id=actor.session_id, channel=channel)
        if cart.buyable_lines:
            try:
                quoted = quote_cart(
                    opened,
                    cart=cart,
                    user_id=actor.user_id,
                    channel=channel,
                    choices=Choices.from_json(cart.choices),
                    locale=current_locale(),
                    now=now,
                )
            except PortalError as fault:
                problem = said(fault.sentence, fault.params)
    return fill_basket(cart, quoted, problem=problem, refused=refused)


def cart_count() -> int:
    """Units in the cart after this request's change."""
    forget_identity()
    identity = current_identity()
    return identity.cart_count if identity else 0


def typed_number(name: str, fault: PortalError, *, default: str = "") -> int:
    """A whole number as people type it, full width too. Raises `fault` for anything else."""
    text = request.form.get(name, default).strip()
    digits = text[1:] if text.startswith("-") else text
    if not digits.isdecimal() or len(digits) > _DIGITS_MAX:
        raise fault
    return int(text)
