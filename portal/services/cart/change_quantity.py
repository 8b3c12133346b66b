"""Set how many units of a variant the cart holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.services.cart.change import CartChange, check_request, hand, overrule, owner, seen_key, tell
from portal.services.cart.errors import (
    LineMissingError,
    NotOnSaleError,
    NotSoldHereError,
    SoldOutError,
    StockShortError,
    StorePausedError,
)
from portal.services.cart.remove_line import remove_line
from portal.services.cart.statements import CHANGE


def change_quantity(
    session: Session,
    *,
    actor: Actor,
    channel_id: int,
    variant_id: int,
    quantity: int,
    now: datetime,
    shown: int | None = None,
) -> CartChange | None:
    """Set the quantity of a line; zero removes it (then None if there was none).

    The last change holds. When another browser had made another number of the line than was `shown`, the trail keeps
    both, and the answer says what was overruled (CHN-10).

    Raises QuantityOutOfRangeError, LineMissingError, NotOnSaleError, NotSoldHereError, SoldOutError and
    StockShortError; the caller's transaction must then be rolled back.
    """
    check_request(actor, variant_id=variant_id, quantity=quantity)
    if quantity == 0:
        return remove_line(session, actor=actor, channel_id=channel_id, variant_id=variant_id, now=now, shown=shown)
    row = session.execute(
        CHANGE,
        {
            **owner(actor),
            "channel_id": channel_id,
            "variant_id": variant_id,
            "quantity": quantity,
            "seen_key": seen_key(channel_id, variant_id),
            "hand": hand(actor),
            "now": now,
        },
    ).one_or_none()
    if row is None or row.quantity is None:
        raise LineMissingError
    if not row.on_sale:
        raise StorePausedError if row.is_paused else NotOnSaleError
    if row.price_minor is None:
        raise NotSoldHereError
    if quantity > row.available:
        raise StockShortError(available=row.available, held=row.held) if row.available else SoldOutError()
    change = overrule(
        session,
        CartChange(row.cart_id, row.version, row.quantity),
        actor=actor,
        variant_id=variant_id,
        shown=shown,
        held=row.held,
        last_hand=row.last_hand,
        now=now,
    )
    tell(session, change, actor=actor, now=now)
    return change
