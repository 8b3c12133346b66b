"""What was chosen at checkout stays with the cart, for every device and for the next visit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.permissions import Actor
from portal.services.cart.change import check_actor, owner
from portal.services.cart.statements import KEEP_CHOICES

BYTES_MAX = 8_192


class ChoicesTooLargeError(PortalError):
    code = "choices_too_large"
    sentence = N_("This is too much to keep with the cart.")


def keep_choices(session: Session, *, actor: Actor, choices: Mapping[str, Any], now: datetime) -> bool:
    """Keep these choices beside those that are there; a value of None stands for "chosen: nothing".

    False when there is no cart. No event is sent: other open pages show a cart, not a half-filled checkout.
    """
    check_actor(actor)
    packed = orjson.dumps({key: value for key, value in choices.items() if key != "seen"})
    if len(packed) > BYTES_MAX:
        raise ChoicesTooLargeError
    values = {**owner(actor), "choices": packed.decode(), "now": now}
    return session.execute(KEEP_CHOICES, values).first() is not None
