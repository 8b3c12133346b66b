"""The key, and the stored values of its person."""

from __future__ import annotations

import uuid
from typing import Literal

from pydantic import Field

from portal.blueprints.api.schemas import Amount, In, Instant, Out, Texts


class ChannelRef(Out):
    """The channel on which the key works."""

    code: str
    name: Texts
    currency: str
    country: str


class Key(Out):
    """The key with which this was asked, or for which the token was given."""

    client_id: uuid.UUID = Field(description="For POST /api/v1/token.")
    name: str
    hint: str = Field(description="The key's last characters.")
    channel: ChannelRef
    permissions: list[str] = Field(description="What it may do now: what it was given and its person still has.")
    created_at: Instant
    expires_at: Instant | None
    previous_key_until: Instant | None = Field(description="Until when the key before the last exchange is good.")
    requests_per_minute: int


class KeyRotation(In):
    """How long the key with which this is asked stays good beside the new one."""

    overlap_hours: Literal[1, 24, 72] = 24


class NewKey(Out):
    """A key that was exchanged. It is shown this once."""

    key: str
    previous_key_until: Instant


class DepositBalance(Out):
    """Money that was paid in, in the channel's currency."""

    balance: Amount
    held: Amount = Field(description="Set aside for orders that are not paid yet.")
    usable: Amount


class MileageBalance(Out):
    """Points."""

    points: int
    held_points: int
    usable_points: int
    pending_points: int = Field(description="Promised by orders, usable when their goods are kept.")


class Balances(Out):
    """The stored values of the key's person."""

    deposit: DepositBalance
    mileage: MileageBalance
