"""Offers to choose from, and how they are chosen, as programs read and write them (INC-04, INC-05)."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import PRINTABLE, SAID, Amount, In, Instant, Out
from portal.blueprints.api.v1.automations.schemas import Id, SegmentKey, StateName
from portal.rules.offers import DAYS_MAX, NOTE_LENGTH_MAX, PEOPLE_MAX, POSITION_MAX, TITLE_LENGTH_MAX

ModeName = Literal["learned", "rules"]
Days = Annotated[int, Field(ge=1, le=DAYS_MAX)]


class OfferFigures(Out):
    """What became of an offer, or of offering nothing; amounts are in the platform's currency."""

    chosen: int
    taken: int
    dismissed: int
    rewarded: int = Field(description="Choices of which is known what was bought after them.")
    reward: Amount = Field(description="What was bought in all.")
    cost: Amount


class MallOffer(Out):
    """A coupon that may be offered at home and above the cart."""

    id: int
    title: str
    state: StateName
    reason: str | None = Field(description="Why it was paused by itself.")
    campaign_id: int
    channel_id: int | None = Field(description="Null for all channels.")
    segment: str | None = Field(description="Null for everybody.")
    position: int
    people_max: int
    made: int = Field(description="To how many people it was shown.")
    figures: OfferFigures
    written_by: uuid.UUID
    written_at: Instant
    version: int


class MallOffers(Out):
    """All of them, those that run first."""

    items: list[MallOffer]
    nothing: OfferFigures = Field(description="To offer nothing is a choice like the others.")


class OfferIn(In):
    """An offer as it is wanted."""

    title: Annotated[str, StringConstraints(max_length=TITLE_LENGTH_MAX, pattern=SAID)]
    campaign_id: Id = Field(description="A coupon of the mall that is given to people.")
    channel_id: Id | None = Field(default=None, description="Left out: all channels.")
    segment: SegmentKey | None = Field(default=None, description="Left out: everybody.")
    position: Annotated[int, Field(ge=0, le=POSITION_MAX)] = 100
    people_max: Annotated[int, Field(ge=1, le=PEOPLE_MAX)]


class OfferMove(In):
    """What is to be done with it."""

    do: Literal["start", "pause", "end"]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(description="The version that was read.")


class StrategyTerms(In):
    """How offers are chosen."""

    mode: ModeName
    every_days: Days = Field(description="How long a choice stands; at least `window_days`.")
    window_days: Days = Field(description="How long purchases after it are followed.")
    fraud_basis_points_max: Annotated[int, Field(ge=0, le=10_000)] = Field(
        description="An offer with more orders held for their risk is paused by itself."
    )
    return_basis_points_min: Annotated[int, Field(ge=-10_000, le=1_000_000)] = Field(
        description="One whose return per unit spent lies surely below is paused by itself."
    )


class StrategyIn(StrategyTerms):
    """The next version, which holds at once."""

    note: Annotated[str, StringConstraints(max_length=NOTE_LENGTH_MAX, pattern=PRINTABLE)] = ""
    version: Annotated[int, Field(ge=0, le=2**31 - 2)] = Field(description="That which was read.")


class StrategyVersion(Out):
    """How offers were chosen since then."""

    version: int
    terms: StrategyTerms
    note: str
    written_by: str
    written_at: Instant


class OfferStrategy(Out):
    """How offers are chosen now, and were before."""

    terms: StrategyTerms
    version: int = Field(description="0 where nobody has set one, and the usual one holds.")
    versions: list[StrategyVersion] = Field(description="The newest first, at most 50.")
