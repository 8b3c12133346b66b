"""Put a variant on one's wishlist, take it off, or move it into the cart (CAT-03)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.sellable import sellable
from portal.rules.permissions import Actor
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.cart.errors import NotOnSaleError
from portal.services.outbox import Event, emit

WISHES_MAX = 200


class WishlistFullError(PortalError):
    code = "wishlist_full"
    status = 409
    sentence = N_("Your wishlist holds %(maximum)s things. Take one off first.")


_KEEP = text(
    f"""
    INSERT INTO wish (user_id, variant_id, channel_id, seen_minor, was_in_stock, added_at)
    SELECT :user_id, v.id, p.channel_id, p.amount_minor,
           EXISTS (SELECT FROM stock s WHERE s.variant_id = v.id AND {sellable("s", ":channel_id")} > 0), :now
      FROM variant v JOIN price_now p ON p.variant_id = v.id AND p.channel_id = :channel_id
     WHERE v.id = :variant_id AND v.state = 'active'
    ON CONFLICT (user_id, variant_id) DO UPDATE SET added_at = wish.added_at
    RETURNING (SELECT count(*) FROM wish w WHERE w.user_id = :user_id) AS before, xmax = 0 AS is_new
    """  # noqa: S608  # Our own fragment.
)
_DROP = text("DELETE FROM wish WHERE user_id = :user_id AND variant_id = :variant_id RETURNING variant_id")


def keep_wish(session: Session, *, variant_id: int, channel_id: int, actor: Actor, now: datetime) -> None:
    """Put it on the list; what is there stays. Raises NotOnSaleError, WishlistFullError."""
    assert actor.user_id is not None  # The route lets in nobody else.
    values = {"user_id": actor.user_id, "variant_id": variant_id, "channel_id": channel_id, "now": now}
    row = session.execute(_KEEP, values).one_or_none()
    if row is None:
        raise NotOnSaleError
    if row.is_new and row.before >= WISHES_MAX:
        raise WishlistFullError(maximum=WISHES_MAX)
    if row.is_new:
        _tell(session, variant_id, actor, now)


def drop_wish(session: Session, *, variant_id: int, actor: Actor, now: datetime) -> bool:
    """Take it off the list; False where it was not on it."""
    dropped = session.execute(_DROP, {"user_id": actor.user_id, "variant_id": variant_id}).first() is not None
    if dropped:
        _tell(session, variant_id, actor, now)
    return dropped


def move_wish_to_cart(session: Session, *, variant_id: int, channel_id: int, actor: Actor, now: datetime) -> None:
    """One piece goes into the cart and off the list, both or neither; a second click finds nothing to move.

    Raises as add_to_cart().
    """
    if drop_wish(session, variant_id=variant_id, actor=actor, now=now):
        add_to_cart(session, actor=actor, channel_id=channel_id, variant_id=variant_id, quantity=1, now=now)


def _tell(session: Session, variant_id: int, actor: Actor, now: datetime) -> None:
    """Lists that are open elsewhere fetch themselves anew."""
    event = Event("wish.changed", f"wish:{variant_id}", channel_id=actor.channel_id, profile_id=actor.user_id)
    emit(session, event, now=now)
