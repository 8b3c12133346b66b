"""Empty the cart."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.services.cart.change import CartChange, check_actor, owner, tell
from portal.services.cart.statements import CLEAR


def clear(session: Session, *, actor: Actor, now: datetime) -> CartChange | None:
    """Take everything out, with what was chosen at checkout. None when the cart was empty."""
    check_actor(actor)
    row = session.execute(CLEAR, {**owner(actor), "now": now}).one_or_none()
    if row is None:
        return None
    change = CartChange(row.cart_id, row.version)
    tell(session, change, actor=actor, now=now)
    return change
