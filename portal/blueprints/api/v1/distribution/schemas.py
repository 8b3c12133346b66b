"""How a campaign's coupons are handed out and taken back, as programs say it (CPN-02, CPN-10)."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import SAID, Code, In, Instant, Out, PageOf, Paging, Text
from portal.blueprints.api.v1.campaigns.schemas import CampaignTerms

Reason = Annotated[str, StringConstraints(max_length=200, pattern=SAID)]
Cap = Annotated[int, Field(ge=1, le=2**31 - 1)]
Size = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CampaignChange(CampaignTerms):
    """All terms as they are wanted, and the version that was read."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class Launch(In):
    """The version that is to run."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(description="The version that was read.")


class CampaignMove(In):
    """Where a campaign is to go."""

    to: Literal["paused", "running", "revoked"]
    reason: Reason = Field(description="Kept in the record.")


class CodeMove(In):
    """A code or a batch: withdrawn, or given back."""

    to: Literal["revoked", "active"]
    reason: Reason = Field(description="Kept in the record.")


class GrantMove(In):
    """A coupon in somebody's wallet: withdrawn, or given back."""

    to: Literal["revoked", "held"]
    reason: Reason = Field(description="Kept in the record; its holder is told that it was moved.")


class SharedCode(In):
    """One code that many people type."""

    code: Code
    cap: Cap | None = Field(default=None, description="How often it may be used in all; as the campaign says without.")


class BatchRequest(In):
    """Many codes, each for one person."""

    size: Size = Field(description="How many codes.")
    prefix: Annotated[str, StringConstraints(max_length=20, pattern=r"^[A-Za-z0-9-]*$")] = ""
    length: Annotated[int, Field(ge=1, le=100)] = Field(default=12, description="Random characters after the prefix.")
    per_code_cap: Cap | None = Field(default=None, description="How often each may be used.")
    label: Text = ""


class CampaignStateOut(Out):
    """Where a campaign is now."""

    state: str


class CouponCodeOut(Out):
    """A code with its limit and its uses."""

    code: str
    state: str
    cap: int | None
    uses: int
    batch_id: uuid.UUID | None
    is_held: bool = Field(description="Somebody has it in his wallet.")
    made_at: Instant


class CodePage(PageOf[CouponCodeOut]):
    """A page of codes."""


class CodeQuery(Paging):
    """Which codes: those of a batch, the one that is named, else those that people share."""

    batch: Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9a-fA-F-]*$")] = ""
    code: Text = ""


class Batch(Out):
    """Codes that were made together."""

    id: uuid.UUID
    label: str
    size: int
    prefix: str
    length: int
    per_code_cap: int | None
    state: str
    made_at: Instant


class BatchList(Out):
    """The batches of a campaign, the newest first, at most 100."""

    items: list[Batch]


class Holder(Out):
    """A coupon in somebody's wallet."""

    id: uuid.UUID = Field(description="Of the coupon.")
    person: uuid.UUID
    state: str
    source: str = Field(description="How he came by it.")
    code: str | None
    granted_at: Instant
    uses: int


class HolderPage(PageOf[Holder]):
    """A page of holders."""


class HolderQuery(Paging):
    """Which coupons."""

    state: Literal["held", "suspended", "revoked", "expired"] | None = None
    person: Text = Field(default="", description="An id or a whole e-mail address.")
