"""Take things out of the cart."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.services.cart.change import CartChange, check_request, owner, seen_key, tell
from portal.services.cart.statements import REMOVE


def remove_line(
    session: Session, *, actor: Actor, channel_id: int, variant_id: int, now: datetime
) -> CartChange | None:
    """Take a variant out of the cart. None when it was not in it: to remove twice is no mistake."""
    check_request(actor, variant_id=variant_id, quantity=0)
    values = {**owner(actor), "variant_id": variant_id, "seen_key": seen_key(channel_id, variant_id), "now": now}
    row = session.execute(REMOVE, values).one_or_none()
    if row is None:
        return None
    change = CartChange(row.cart_id, row.version)
    tell(session, change, actor=actor, now=now)
    return change
