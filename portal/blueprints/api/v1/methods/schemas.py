"""Cards on file, as programs read them (PAY-14): never a number, and never the provider's own reference."""

from __future__ import annotations

import uuid

from pydantic import Field

from portal.blueprints.api.schemas import Instant, Out


class SavedMethod(Out):
    """A card that its owner keeps at a payment provider."""

    id: uuid.UUID
    brand: str
    last4: str
    expiry: str = Field(description="MM/YYYY; empty where the provider does not say it.")
    is_expired: bool
    is_default: bool = Field(description="It is offered first.")
    created_at: Instant


class SavedMethods(Out):
    """All of them, the first choice first."""

    items: list[SavedMethod]
