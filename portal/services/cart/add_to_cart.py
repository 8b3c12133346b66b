"""Put units of a variant into the cart."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.rules.permissions import Actor
from portal.services.cart.change import CartChange, check_request, hand, seen_key, tell
from portal.services.cart.errors import (
    LINES_MAX,
    QUANTITY_MAX,
    CartFullError,
    NotOnSaleError,
    NotSoldHereError,
    QuantityOutOfRangeError,
    SoldOutError,
    StockShortError,
    StorePausedError,
)
from portal.services.cart.statements import ADD_FOR_SESSION, ADD_FOR_USER


def add_to_cart(
    session: Session, *, actor: Actor, channel_id: int, variant_id: int, quantity: int, now: datetime
) -> CartChange:
    """Add `quantity` units to the actor's cart, which is made if there is none. Two tabs at once add up.

    Raises QuantityOutOfRangeError, NotOnSaleError, NotSoldHereError, SoldOutError, StockShortError and
    CartFullError; the caller's transaction must then be rolled back.
    """
    check_request(actor, variant_id=variant_id, quantity=quantity)
    if quantity == 0:
        raise QuantityOutOfRangeError(maximum=QUANTITY_MAX)
    row = session.execute(
        ADD_FOR_USER if actor.user_id is not None else ADD_FOR_SESSION,
        {
            "owner_id": actor.user_id or actor.session_id,
            "cart_id": new_id(),
            "channel_id": channel_id,
            "variant_id": variant_id,
            "quantity": quantity,
            "quantity_max": QUANTITY_MAX,
            "seen_key": seen_key(channel_id, variant_id),
            "hand": hand(actor),
            "now": now,
        },
    ).one_or_none()
    if row is None or row.quantity is None:
        raise why_not(row, quantity)
    if not row.held and row.other_lines >= LINES_MAX:
        raise CartFullError(maximum=LINES_MAX)
    change = CartChange(row.cart_id, row.version, row.quantity)
    tell(session, change, actor=actor, now=now)
    return change


def why_not(row: Row[tuple[object, ...]] | None, quantity: int) -> PortalError:
    """The reason for which an offer cannot be had in this quantity."""
    if row is None or not row.on_sale:
        return StorePausedError() if row is not None and row.is_paused else NotOnSaleError()
    if row.price_minor is None:
        return NotSoldHereError()
    if row.available == 0:
        return SoldOutError()
    if row.held + quantity > QUANTITY_MAX <= row.available:
        return QuantityOutOfRangeError(maximum=QUANTITY_MAX)
    return StockShortError(available=row.available, held=row.held)
