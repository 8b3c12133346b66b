"""Whether a cart is still as somebody has read it."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.permissions import Actor
from portal.services.cart.change import check_actor, owner


class CartChangedError(PortalError):
    """Another device or program has changed the cart since it was read."""

    code = "cart_changed"
    status = 409
    sentence = N_("The cart has changed meanwhile. Look at it again; nothing was done.")


_VERSION = text(
    """
    SELECT version FROM cart
     WHERE user_id = :user_id OR (CAST(:user_id AS uuid) IS NULL AND session_id = :session_id) FOR UPDATE
    """
)


def check_version(session: Session, *, actor: Actor, seen: int) -> None:
    """Keep the cart from others until this transaction ends, as it was `seen`; 0 where there was none.

    Raises CartChangedError, CartForbiddenError.
    """
    check_actor(actor)
    version = session.execute(_VERSION, owner(actor)).scalar_one_or_none() or 0
    if version != seen:
        raise CartChangedError
