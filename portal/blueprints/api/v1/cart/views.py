"""The cart of the key's person, line by line."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, operation
from portal.blueprints.api.schemas import BIGINT_MAX, Amount, OptionChoice, StoreRef
from portal.blueprints.api.v1.cart import examples
from portal.blueprints.api.v1.cart.schemas import Cart, CartLine, LineChange, ProductRef
from portal.blueprints.api.v1.catalogue.views import picture_address
from portal.blueprints.identity import current_channel
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.carts import CartLineView, CartStoreView, CartView, load_cart
from portal.queries.channels import ChannelView
from portal.rules.permissions import Permission
from portal.services.cart.check_version import CartChangedError, check_version
from portal.services.cart.clear import clear
from portal.services.cart.errors import (
    LINES_MAX,
    CartFullError,
    NotOnSaleError,
    NotSoldHereError,
    SoldOutError,
    StockShortError,
)
from portal.services.cart.remove_line import remove_line
from portal.services.cart.set_line import set_line

TAG = "Cart"
VARIANT_ID = PathValue(
    "The variant, as the catalogue names it.", {"type": "integer", "minimum": 1, "maximum": BIGINT_MAX}, 97
)


@operation(
    "GET",
    "/cart",
    tag=TAG,
    summary="Show the cart",
    description="There is one cart per person, whatever the channel; prices are those of the key's channel.",
    permission=Permission.CART_EDIT,
    answer=Cart,
    example=examples.CART,
)
def show_cart() -> Cart:
    with reading() as session:
        return as_cart(_load(session, current_channel()))


@operation(
    "DELETE",
    "/cart",
    tag=TAG,
    summary="Empty the cart",
    description="Takes everything out. It may be sent again: an empty cart stays empty.",
    permission=Permission.CART_EDIT,
    answer=None,
    status=204,
    answer_text="The cart is empty.",
    changed=(CartChangedError,),
)
def empty_cart(seen: int | None) -> None:
    actor, now = api_actor(), clock.now()

    def work(session: Session) -> None:
        _check(session, seen)
        clear(session, actor=actor, now=now)

    atomically(work)


@operation(
    "PUT",
    "/cart/lines/<int:variant_id>",
    tag=TAG,
    summary="Set how many units of a variant the cart holds",
    description="Puts the line in if it is not there. It may be sent again: the quantity is set, not added.",
    permission=Permission.CART_EDIT,
    body=LineChange,
    body_example={"quantity": 2},
    answer=Cart,
    answer_text="The cart after the change.",
    example=examples.CART,
    path_values={"variant_id": VARIANT_ID},
    refusals=(
        NotOnSaleError,
        NotSoldHereError,
        SoldOutError,
        StockShortError(available=3, held=1),
        CartFullError(maximum=LINES_MAX),
    ),
    changed=(CartChangedError,),
)
def put_line(variant_id: int, body: LineChange, seen: int | None) -> Cart:
    actor, channel, now = api_actor(), current_channel(), clock.now()

    def work(session: Session) -> CartView:
        _check(session, seen)
        set_line(session, actor=actor, channel_id=channel.id, variant_id=variant_id, quantity=body.quantity, now=now)
        return _load(session, channel)

    return as_cart(atomically(work))


@operation(
    "DELETE",
    "/cart/lines/<int:variant_id>",
    tag=TAG,
    summary="Take a variant out of the cart",
    description="It may be sent again: a line that is gone stays gone.",
    permission=Permission.CART_EDIT,
    answer=None,
    status=204,
    answer_text="The cart does not hold the variant.",
    path_values={"variant_id": VARIANT_ID},
    refusals=(NotOnSaleError,),
    changed=(CartChangedError,),
)
def delete_line(variant_id: int, seen: int | None) -> None:
    actor, channel, now = api_actor(), current_channel(), clock.now()

    def work(session: Session) -> None:
        _check(session, seen)
        remove_line(session, actor=actor, channel_id=channel.id, variant_id=variant_id, now=now)

    atomically(work)


def _check(session: Session, seen: int | None) -> None:
    if seen is not None:
        check_version(session, actor=api_actor(), seen=seen)


def _load(session: Session, channel: ChannelView) -> CartView:
    return load_cart(session, user_id=api_actor().user_id, session_id=None, channel=channel)


def as_cart(cart: CartView) -> Cart:
    stores = {one.id: one for one in cart.stores}
    return Cart(
        version=cart.version,
        currency=cart.currency,
        quantity=cart.count,
        subtotal=Amount.of(sum(line.line_minor for line in cart.buyable_lines), cart.currency),
        lines=[as_line(line, stores[line.store_id], cart.currency) for line in cart.lines],
    )


def as_line(line: CartLineView, store: CartStoreView, currency: str) -> CartLine:
    return CartLine(
        variant_id=line.variant_id,
        sku=line.sku,
        product=ProductRef(id=line.product_id, slug=line.product_slug, name=line.name),
        store=StoreRef(slug=store.slug, name=store.name),
        options=[OptionChoice(name=option["name"], value=option["value"]) for option in line.options],
        picture=picture_address(line.picture),
        quantity=line.quantity,
        unit_price=Amount.maybe(line.unit_price_minor, currency),
        subtotal=Amount.of(line.line_minor, currency),
        available=max(line.available, 0),
        can_be_bought=line.can_be_bought,
        price_changed=line.price_changed,
    )
