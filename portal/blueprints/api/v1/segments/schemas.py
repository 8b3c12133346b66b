"""Segments of customers as programs read and write them (INC-02)."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import SAID, In, Instant, Out, Texts
from portal.rules.fraud_language import LENGTH_MAX
from portal.services.incentives.save_segment import TITLE_LENGTH_MAX

Rule = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LENGTH_MAX, pattern=r"^[^\x00]*$"),
    Field(description="A condition about a customer; `GET /segment-features` lists what it may ask."),
]


class SegmentItem(Out):
    """A segment in its newest version."""

    key: str
    version: int
    title: str
    rule: str
    is_live: bool = Field(description="One that is not has no members.")
    size: int = Field(description="How many are in it.")
    written_by: uuid.UUID
    written_at: Instant


class SegmentList(Out):
    """Every segment."""

    items: list[SegmentItem]


class SegmentVersion(Out):
    """What a segment said, and who wrote that."""

    version: int
    title: str
    rule: str
    is_live: bool
    written_by: uuid.UUID
    written_at: Instant


class SegmentDay(Out):
    """A day on which somebody came or left."""

    day: date
    entered: int
    left: int
    size: int


class Member(Out):
    """Somebody who is in it."""

    person: uuid.UUID
    since: Instant


class Overlap(Out):
    """How many of its members are in another segment."""

    key: str
    people: int


class Asking(Out):
    """A campaign whose coupon is for this segment."""

    id: int
    name: Texts


class Segment(SegmentItem):
    """A segment: its versions, how it grew, what it shares, what uses it."""

    versions: list[SegmentVersion] = Field(description="The newest first.")
    newest_members: list[Member]
    days: list[SegmentDay] = Field(description="Of the last 30 days, the latest first.")
    overlaps: list[Overlap]
    campaigns: list[Asking]


class SegmentIn(In):
    """The next version as it is wanted."""

    title: Annotated[str, StringConstraints(max_length=TITLE_LENGTH_MAX, pattern=SAID)]
    rule: Rule
    is_live: bool = True
    version: Annotated[int, Field(ge=0, le=2**31 - 2)] = Field(description="That which was read; 0 for a new segment.")


class SegmentTrial(In):
    """A condition to be tried."""

    rule: Rule


class SegmentPreview(Out):
    """Whom it would take now. Nothing is saved."""

    people: int
    customers: int = Field(description="Of how many.")
    first: list[uuid.UUID] = Field(description="Some of them.")
    words: str = Field(description="What it says, in the language asked for.")


class SegmentFeature(Out):
    """What a condition may ask about a customer."""

    name: str
    kind: str = Field(description="Only values of one kind compare.", examples=["number"])
    words: str


class SegmentFeatures(Out):
    """All of it."""

    items: list[SegmentFeature]
