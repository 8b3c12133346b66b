"""Set how many units of a variant the cart holds, whether it held any before or not: the same sent twice is one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.cart.change import CartChange
from portal.services.cart.change_quantity import change_quantity
from portal.services.cart.errors import LineMissingError


def set_line(
    session: Session, *, actor: Actor, channel_id: int, variant_id: int, quantity: int, now: datetime
) -> CartChange | None:
    """Put the variant in with this quantity, or change the line to it; zero removes it.

    Raises what add_to_cart and change_quantity raise; the caller's transaction must then be rolled back.
    """

    def change() -> CartChange | None:
        return change_quantity(
            session, actor=actor, channel_id=channel_id, variant_id=variant_id, quantity=quantity, now=now
        )

    try:
        return change()
    except LineMissingError:
        added = add_to_cart(
            session, actor=actor, channel_id=channel_id, variant_id=variant_id, quantity=quantity, now=now
        )
    # Two first changes of a cart at once add up, because neither saw the other's line; the later one sets it.
    return added if added.quantity == quantity else change()
