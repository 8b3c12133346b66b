"""Channels as programs of the mall read and move them (CHN-01, CHN-02)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from portal.blueprints.api.schemas import In, Instant, Out, Text, Texts

State = Literal["draft", "approval", "readiness", "live", "maintenance", "sunset", "offboarding", "closed"]


class ChannelItem(Out):
    """A channel in the list."""

    id: int
    code: str
    name: Texts
    currency: str
    country: str
    state: State


class ChannelList(Out):
    """Every channel, closed ones last."""

    items: list[ChannelItem]


class RequirementState(Out):
    """Something that must be so before a channel opens."""

    requirement: str
    is_met: bool
    by_hand: bool = Field(description="Somebody ticks it; the others are looked up.")


class ChannelMove(Out):
    """A move of a channel."""

    from_state: str
    to_state: str
    note: str | None
    at: Instant


class Channel(ChannelItem):
    """A channel with what it says of itself, and its life."""

    default_locale: str
    locales: list[str]
    time_zone: str
    hosts: list[str]
    support_email: str
    kind: Literal["web", "mobile", "partner", "kiosk"]
    legal: Texts = Field(description="What law wants said on each page.")
    extensions: dict[str, str] = Field(description="Settings of the channel's own programs, by name.")
    notices: Texts = Field(description="What buyers are told in maintenance and sunset.")
    next_states: list[State] = Field(description="Where it can go from here.")
    requirements: list[RequirementState]
    moves: list[ChannelMove] = Field(description="The newest first.")
    version: int


class ChannelStep(In):
    """Into which state it goes."""

    state: State
    note: Text = Field(default="", description="Why, for the record.")
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(description="The version that was read.")


class Tick(In):
    """Whether a requirement is met, as somebody says."""

    is_met: bool
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(description="The version that was read.")
