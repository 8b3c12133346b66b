"""POST /quote: what an order would cost now. Nothing is kept, reserved or charged."""

from __future__ import annotations

from datetime import timedelta

from flask import g
from sqlalchemy.orm import Session

from portal.blueprints.api.keys import api_actor, may_use, require
from portal.blueprints.api.operations import operation
from portal.blueprints.api.v1.quote import examples
from portal.blueprints.api.v1.quote.render import as_quote
from portal.blueprints.api.v1.quote.schemas import Choices, Quote, QuoteRequest
from portal.blueprints.code_tries import admit_codes
from portal.blueprints.identity import current_channel
from portal.db import reading
from portal.kit import clock
from portal.queries.carts import CartView, load_cart
from portal.rules.permissions import Permission
from portal.rules.pricing import TotalTooLargeError
from portal.services.accounts.throttle import TooOftenError
from portal.services.checkout.choices import Choices as Chosen
from portal.services.checkout.choices import clean_codes
from portal.services.checkout.place_order import CartEmptyError
from portal.services.checkout.quote import CheckoutQuote, quote_cart


@operation(
    "POST",
    "/quote",
    tag="Checkout",
    summary="Price the cart",
    description=(
        "What an order of the cart would cost now, with coupons, deposit and mileage, each amount in the order in "
        "which buyers see it. Send the `fingerprint` with the order: it is placed at exactly these amounts or not at "
        "all. Codes need the permission `coupon:apply`, points `mileage:use`."
    ),
    permission=Permission.PAYMENT_INITIATE,
    body=QuoteRequest,
    body_example=examples.CHOICES,
    answer=Quote,
    example=examples.QUOTE,
    refusals=(CartEmptyError, TotalTooLargeError, TooOftenError(timedelta(minutes=15))),
)
def quote(body: QuoteRequest) -> Quote:
    chosen, channel = read_choices(body), current_channel()
    with reading() as session:
        cart, quoted = price(session, chosen, locale=g.locale)
    if cart.is_empty:
        raise CartEmptyError
    return as_quote(quoted, cart, channel, country=body.country or channel.country)


def read_choices(body: Choices) -> Chosen:
    """What was chosen, as far as the key may choose it. Raises KeyLimitedError."""
    if body.codes or body.coupons:
        require(Permission.COUPON_APPLY)
    if body.mileage_points:
        require(Permission.MILEAGE_USE)
    coupons = None if body.coupons is None else tuple(body.coupons)
    if not may_use(Permission.COUPON_APPLY):
        coupons = ()
    return Chosen(
        codes=clean_codes(body.codes),
        coupons=coupons,
        deposit_minor=body.deposit_minor,
        mileage_points=body.mileage_points,
        method=body.method.value if body.method else None,
        keep_gift=body.keep_gift,
    )


def price(session: Session, chosen: Chosen, *, locale: str) -> tuple[CartView, CheckoutQuote]:
    """The person's cart on the key's channel, and what it costs with these choices."""
    actor, channel = api_actor(), current_channel()
    cart = load_cart(session, user_id=actor.user_id, session_id=None, channel=channel)
    tries = admit_codes(chosen.codes, known=Chosen.from_json(cart.choices).codes, user_id=actor.user_id)
    if tries.fault is not None:
        raise tries.fault
    quoted = quote_cart(
        session, cart=cart, user_id=actor.user_id, channel=channel, choices=chosen, locale=locale, now=clock.now()
    )
    tries.settle(quoted.unknown_codes)
    return cart, quoted
