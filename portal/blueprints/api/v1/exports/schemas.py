"""Lists as files, as programs ask for them and follow them (ANA-03)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from portal.blueprints.api.schemas import BIGINT_MAX, PRINTABLE, Code, Day, In, Instant, Out, PageOf, instant_of

ListName = Literal[
    "orders",
    "payments",
    "refunds",
    "coupons",
    "redemptions",
    "coupon-abuse",
    "balances",
    "ledger",
    "tax",
    "mileage-ending",
    "statements",
    "border-records",
    "channel-events",
    "audit",
]
Moment = Annotated[datetime, BeforeValidator(instant_of)]


class ExportFilter(In):
    """What the list is narrowed to. Which fields a list knows stands beside them; another one is refused."""

    status: Code | None = Field(default=None, description="orders, payments, coupons, redemptions, coupon-abuse.")
    kind: Code | None = Field(default=None, description="coupons, balances, ledger.")
    method: Code | None = Field(default=None, description="payments.")
    queue: Literal["waiting", "failed", "under_way", "bank", "late", "all"] | None = Field(
        default=None, description="refunds."
    )
    channel: Code | None = Field(
        default=None, description="orders, payments, border-records, channel-events: the channel's code."
    )
    currency: Code | None = Field(default=None, description="orders, balances.")
    campaign_id: Annotated[int, Field(ge=1, le=BIGINT_MAX)] | None = Field(
        default=None, description="redemptions, coupon-abuse."
    )
    is_open: bool | None = Field(default=None, description="balances: those above zero.")
    first: Day | None = Field(default=None, description="orders, tax: the first day, by each channel's calendar.")
    last: Day | None = Field(default=None, description="orders, tax: the last day.")
    since: Moment | None = Field(
        default=None,
        description=(
            "payments, redemptions, coupon-abuse, ledger, statements, border-records, channel-events, audit: from this "
            "instant on."
        ),
    )
    until: Moment | None = Field(
        default=None,
        description="The same, and mileage-ending: up to this instant, and without it.",
    )
    search: Annotated[str, Field(max_length=200, pattern=PRINTABLE)] | None = Field(
        default=None, description="orders, payments, redemptions, coupon-abuse: as in the list's field of search."
    )
    ref: Code | None = Field(default=None, description="audit: what the record is about, as `order:ID`.")
    action: Code | None = Field(default=None, description="audit: the act.")
    actor: Code | None = Field(default=None, description="audit: who did it, as `user:ID`.")


class ExportRequest(In):
    """A list that is wanted as a file."""

    list: ListName
    format: Literal["csv", "xlsx", "pdf"] = Field(default="csv", description="A PDF holds the first 5,000 rows.")
    filter: ExportFilter = ExportFilter()
    locale: Literal["en", "ko"] = Field(default="en", description="The language of heads and words.")


class Export(Out):
    """A file, and how far it is."""

    id: uuid.UUID
    list: str
    format: str
    name: str
    state: str = Field(description="wanted, reading, writing, ready, failed, or gone after its time.")
    rows: int | None = Field(description="How many rows the list has; null before they are counted.")
    rows_read: int
    size: int | None = Field(description="In bytes, once it is ready.")
    sha256: str | None = Field(default=None, description="Of the file, once it is ready; null in lists of files.")
    asked_at: Instant
    expires_at: Instant | None


class ExportPage(PageOf[Export]):
    """A page of files."""


class Signature(Out):
    """What proves that a file is this portal's and unaltered; docs/exports.md says over which bytes it is."""

    format: str
    name: str
    rows: int
    sha256: str
    signature: str = Field(description="Ed25519, hex.")
    key: str = Field(description="The public key, hex. Note it elsewhere once, and trust no other.")
