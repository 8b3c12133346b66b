"""Channels as programs of the mall read and move them (CHN-01, CHN-02)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.files import FileIn
from portal.blueprints.api.schemas import Code, In, Instant, Out, Text, Texts
from portal.blueprints.api.v1.overrides import Decision, Why
from portal.blueprints.api.v1.products.schemas import Language
from portal.rules.channels import EXTENSIONS_MAX, ChannelTerms, read_extensions, write_extensions

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
    colour: str | None
    logo: str | None = Field(description="Where its picture is, relative to the host.")
    issuer: Texts = Field(description="The company that stands on receipts.")
    manager: str | None = Field(description="The e-mail address of who answers for it.")
    kind: Literal["web", "mobile", "partner", "kiosk"]
    legal: Texts = Field(description="What law wants said on each page.")
    extensions: dict[str, str] = Field(description="Settings of the channel's own programs, by name.")
    notices: Texts = Field(description="What buyers are told in maintenance and sunset.")
    next_states: list[State] = Field(description="Where it can go from here.")
    requirements: list[RequirementState]
    moves: list[ChannelMove] = Field(description="The newest first.")
    decisions: list[Decision] = Field(description="Its own name, colour, logo and texts: who chose them and why.")
    version: int


Words = Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[^\x00]*$")]
InLanguages = dict[Language, Words]


class ChannelIn(In):
    """All that a channel says of itself. Names, issuers and legal texts are needed in every language of the mall."""

    code: Code
    name: InLanguages
    issuer: InLanguages
    legal: InLanguages
    notices: InLanguages = Field(default={}, description="What buyers are told in maintenance and sunset.")
    kind: Literal["web", "mobile", "partner", "kiosk"]
    country: Code = Field(examples=["KR"])
    currency: Code = Field(examples=["KRW"])
    time_zone: Code = Field(examples=["Asia/Seoul"])
    locales: Annotated[list[Language], Field(min_length=1, max_length=2)]
    default_locale: Language
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
    support_email: Text
    manager: Text = Field(description="The e-mail address of who answers for it.")
    hosts: Annotated[list[Text], Field(max_length=20)] = Field(default=[])
    extensions: Annotated[dict[Code, Text], Field(max_length=EXTENSIONS_MAX)] = Field(default={})
    why: Why = ""


class ChannelChange(ChannelIn):
    """The same, of the version that was read."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class LogoIn(In):
    """A picture, or none."""

    file: FileIn | None
    why: Why = ""
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(description="The version that was read.")


def terms_of(body: ChannelIn) -> ChannelTerms:
    """As the service wants them; settings that cannot be read are none."""
    settings = read_extensions(write_extensions(body.extensions))
    return ChannelTerms(
        code=body.code,
        names=dict(body.name),
        country=body.country,
        currency=body.currency,
        time_zone=body.time_zone,
        locales=tuple(dict.fromkeys(body.locales)),
        default_locale=body.default_locale,
        colour=body.colour,
        issuers=dict(body.issuer),
        support_email=body.support_email,
        kind=body.kind,
        manager=body.manager,
        legal=dict(body.legal),
        extensions=settings if settings == body.extensions else None,
        hosts=tuple(dict.fromkeys(body.hosts)),
        notices=dict(body.notices),
    )


class ChannelStep(In):
    """Into which state it goes."""

    state: State
    note: Text = Field(default="", description="Why, for the record.")
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(description="The version that was read.")


class Tick(In):
    """Whether a requirement is met, as somebody says."""

    is_met: bool
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(description="The version that was read.")
