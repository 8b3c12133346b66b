"""Records of the audit trail as programs read them (AUD-01)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from portal.blueprints.api.schemas import BIGINT_MAX, Code, In, Instant, Number, Out, PageOf, Paging, instant_of

LINKS_MAX = 100_000
Moment = Annotated[datetime, BeforeValidator(instant_of)]


class AuditQuery(Paging):
    """Which records; the latest come first."""

    ref: Code | None = Field(default=None, description="What they are about, as `order:ID`.")
    action: Code | None = Field(default=None, description="The act, as `refund:approved`.")
    actor: Code | None = Field(default=None, description="Who did it, as `user:ID`.")
    since: Moment | None = Field(default=None, description="From this instant on, with its offset.")
    until: Moment | None = Field(default=None, description="Up to this instant, and without it.")


class AuditRecord(Out):
    """What somebody did. `link` is its place in the chain; null while it waits to be sealed."""

    id: int
    at: Instant
    actor: str
    action: str
    ref: str
    facts: dict[str, Any] = Field(description="What was hashed: without personal data.")
    link: int | None
    hash: str | None
    holds: bool | None = Field(description="Whether the hash fits the record and the one before.")


class AuditPage(PageOf[AuditRecord]):
    """A page of records."""


class AuditFileQuery(In):
    """Which links of the chain."""

    first: Annotated[Number, Field(ge=1, le=BIGINT_MAX)] = Field(default=1, description="The first link.")
    limit: Annotated[Number, Field(ge=1, le=LINKS_MAX)] = Field(
        default=10_000, description="At most so many; the next file begins with the link after the last one."
    )


class Chain(Out):
    """How far the chain reaches."""

    links: int
    hash: str | None = Field(description="Of the last link.")
    sealed_at: Instant | None
    waiting: int = Field(description="Records that are not sealed yet, at most 10,000.")
    key: str = Field(description="The public key by which files are proved, hex.")
