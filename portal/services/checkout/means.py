"""How somebody wants to pay, as it was sent: for an order and for anything else alike."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Means:
    """A way of paying with what belongs to it. None of it is believed.

    A card is a one-time token of the gateway's own fields, whose account is known, or one of the buyer's kept cards.
    """

    method: str | None
    source_token: str | None = None
    source_account_id: int | None = None
    saved_method_id: uuid.UUID | None = None

    @property
    def has_token(self) -> bool:
        return self.source_token is not None or self.saved_method_id is not None
