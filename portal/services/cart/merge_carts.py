"""A visitor's cart becomes the cart of the person he turns out to be (CAT-02)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.ids import new_id
from portal.rules.permissions import Actor
from portal.services.cart.change import CartChange, tell
from portal.services.cart.errors import QUANTITY_MAX
from portal.services.cart.statements import DROP, LOCK_VISITORS, MERGE


def merge_carts(
    session: Session, *, session_id: uuid.UUID, user_id: uuid.UUID, channel_id: int | None = None, now: datetime
) -> CartChange | None:
    """Add the lines of the browser's cart to the person's, and drop the browser's. None when there was none.

    Sums stay within the stock and 9,999; what the visitor had chosen at checkout wins over older choices.
    """
    source_id = session.execute(LOCK_VISITORS, {"session_id": session_id}).scalar_one_or_none()
    if source_id is None:
        return None
    values = {
        "source_id": source_id,
        "user_id": user_id,
        "cart_id": new_id(),
        "quantity_max": QUANTITY_MAX,
        "channel_id": channel_id,
        "now": now,
    }
    row = session.execute(MERGE, values).one()
    session.execute(DROP, {"cart_id": source_id})
    change = CartChange(row.cart_id, row.version)
    tell(session, change, actor=Actor(user_id=user_id, channel_id=channel_id), now=now)
    return change
