"""What channels decide for themselves, what the mall asks of them, and what they leave (CHN-02, CHN-04, CHN-05)."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import BIGINT_MAX, SAID, Code, In, Instant, Moment, Out
from portal.blueprints.api.v1.channels.schemas import InLanguages
from portal.blueprints.api.v1.overrides import Decision, Why
from portal.kit.money import MAX_MINOR
from portal.rules.channel_policy import TERMS

Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="The version that was read.")]
Reason = Annotated[str, StringConstraints(max_length=300, pattern=SAID)]
RuleName = Literal["policy", "branding"]
FeatureName = Literal["top_up", "gift_card"]


class TermOut(Out):
    """A limit or term: minor units of the channel's currency, points, basis points, a count, or 1 for yes."""

    name: str = Field(examples=["gift_card-valid_days"])
    label: str
    kind: Literal["amount", "points", "percent", "count", "yes"]
    value: int | None = Field(description="The channel's own; null where the mall's holds.")
    usual: int | None = Field(description="The mall's; null where nothing bounds it.")
    is_fixed: bool = Field(description="The mall keeps it the same on every channel.")


class ChannelTermsOut(Out):
    """All terms of a channel, and the latest decisions."""

    terms: list[TermOut]
    decisions: list[Decision] = Field(description="The newest first.")
    version: int


class TermsChange(In):
    """Everything in which the channel differs from the mall; what is left out or null follows the mall."""

    values: Annotated[dict[Code, Annotated[int, Field(ge=0, le=MAX_MINOR)] | None], Field(max_length=len(TERMS))]
    why: Why = ""
    version: Version


class RuleOut(Out):
    """The newest version of what the mall asks of its channels."""

    id: int
    kind: RuleName
    version: int
    words: dict[str, str]
    features: list[FeatureName] = Field(description="What a channel goes without until it is as the rule asks.")
    fixed: list[str] = Field(description="The terms in which no channel may differ.")
    due_at: Instant


class StandingOut(Out):
    """How a channel stands to a rule."""

    channel_id: int
    rule_id: int
    kind: RuleName
    version: int
    is_blocked: bool
    confirmed_by: str | None
    confirmed_at: Instant | None
    note: str | None


class HouseRules(Out):
    """What the mall asks, and how each channel stands to it."""

    rules: list[RuleOut]
    standings: list[StandingOut]


class RuleIn(In):
    """The next version of a rule."""

    kind: RuleName
    words: InLanguages = Field(description="What to do, in every language of the mall.")
    features: Annotated[list[FeatureName], Field(min_length=1, max_length=2)]
    fixed: Annotated[list[Code], Field(max_length=len(TERMS))] = Field(default=[])
    due_at: Moment | None = Field(default=None, description="Until when channels have time; left out: no longer.")


class Note(In):
    """How it was seen to."""

    note: Reason


class WindUp(Out):
    """What a channel would leave, or has left: how many of each kind."""

    is_done: bool
    counts: dict[str, int]
    successor_id: int | None
    exports: list[uuid.UUID] = Field(description="The files that were asked for.")
    by: str | None
    at: Instant | None
    version: int


class EndIn(In):
    """Who takes over."""

    successor_id: Annotated[int, Field(ge=1, le=BIGINT_MAX)] | None = Field(
        default=None, description="An open channel; none only where there is none."
    )
    version: Version
