"""Take things out of the cart."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.services.cart.change import CartChange, check_request, overrule, owner, seen_key, tell
from portal.services.cart.statements import REMOVE


def remove_line(
    session: Session, *, actor: Actor, channel_id: int, variant_id: int, now: datetime, shown: int | None = None
) -> CartChange | None:
    """Take a variant out of the cart. None when it was not in it: to remove twice is no mistake.

    When another browser had made another number of the line than was `shown`, the trail keeps both, and the answer says
    what was overruled (CHN-10).
    """
    check_request(actor, variant_id=variant_id, quantity=0)
    values = {**owner(actor), "variant_id": variant_id, "seen_key": seen_key(channel_id, variant_id), "now": now}
    row = session.execute(REMOVE, values).one_or_none()
    if row is None:
        return None
    change = overrule(
        session,
        CartChange(row.cart_id, row.version),
        actor=actor,
        variant_id=variant_id,
        shown=shown,
        held=row.held,
        last_hand=row.last_hand,
        now=now,
    )
    tell(session, change, actor=actor, now=now)
    return change
