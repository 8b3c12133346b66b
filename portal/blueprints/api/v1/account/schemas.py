"""The key, and the stored values of its person."""

from __future__ import annotations

from pydantic import Field

from portal.blueprints.api.schemas import Amount, Instant, Out, Texts


class ChannelRef(Out):
    """The channel on which the key works."""

    code: str
    name: Texts
    currency: str
    country: str


class Key(Out):
    """The key with which this was asked."""

    name: str
    hint: str = Field(description="The key's last characters.")
    channel: ChannelRef
    permissions: list[str] = Field(description="What it may do now: what it was given and its person still has.")
    created_at: Instant
    expires_at: Instant | None
    requests_per_minute: int


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
