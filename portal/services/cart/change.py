"""What every change of a cart has in common: who may, which numbers are numbers, and who hears of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record
from portal.services.cart.errors import QUANTITY_MAX, NotOnSaleError, QuantityOutOfRangeError
from portal.services.outbox import Event, emit

_BIGINT_MAX = 2**63 - 1


class CartForbiddenError(PortalError):
    """The actor has no cart of his own (IDN-02): a visitor without a session, or a role that does not buy."""

    code = "cart_forbidden"
    status = 403
    sentence = N_("This account cannot fill a cart.")


@dataclass(frozen=True, slots=True)
class CartChange:
    """What a change came to: the cart, its new version, and how many units of the variant it holds now."""

    cart_id: uuid.UUID
    version: int
    quantity: int = 0
    overruled: int | None = None  # What another browser had made of the line meanwhile.


def check_request(actor: Actor, *, variant_id: int, quantity: int) -> None:
    """Refuse what needs no look into the database. Zero is a quantity here: it removes."""
    check_actor(actor)
    if type(quantity) is not int or not 0 <= quantity <= QUANTITY_MAX:
        raise QuantityOutOfRangeError(maximum=QUANTITY_MAX)
    if type(variant_id) is not int or not 0 < variant_id <= _BIGINT_MAX:
        raise NotOnSaleError


def check_actor(actor: Actor) -> None:
    owner_known = actor.user_id is not None or actor.session_id is not None
    if not owner_known or not may(actor, Permission.CART_EDIT, owner_id=actor.user_id):
        raise CartForbiddenError


def owner(actor: Actor) -> dict[str, Any]:
    """Whose cart a statement means: a person's, or that of a browser nobody has signed in at."""
    return {"user_id": actor.user_id, "session_id": None if actor.user_id else actor.session_id}


def hand(actor: Actor) -> str:
    """Which browser or program it is: what one of them changes, another may not have seen."""
    return str(actor.session_id or actor.client_id or "")


def seen_key(channel_id: int, variant_id: int) -> str:
    """Under which name the price that was seen is kept: prices differ by channel."""
    return f"{channel_id}:{variant_id}"


def overrule(
    session: Session,
    change: CartChange,
    *,
    actor: Actor,
    variant_id: int,
    shown: int | None,
    held: int,
    last_hand: str | None,
    now: datetime,
) -> CartChange:
    """The change with what it overruled: the last one holds, and the trail keeps both (CHN-10)."""
    if shown is None or held in {shown, change.quantity} or last_hand in {None, hand(actor)}:
        return change
    before = {"variant": variant_id, "shown": shown, "found": held, "by": last_hand}
    after = {"kept": change.quantity, "by": hand(actor)}
    fact = Fact(AuditAction.CART_COLLIDED, f"cart:{change.cart_id}", before, after)
    record(session, fact, actor=actor, now=now)
    return replace(change, overruled=held)


def tell(session: Session, change: CartChange, *, actor: Actor, now: datetime) -> None:
    """Let the person's other open pages know (CAT-02); a visitor has none."""
    if actor.user_id is not None:
        event = Event(
            "cart.changed",
            f"cart:{change.cart_id}",
            {"version": change.version},
            channel_id=actor.channel_id,
            profile_id=actor.user_id,
        )
        emit(session, event, now=now)
