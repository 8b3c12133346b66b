"""What a store is paid, as its programs read it (BAL-13)."""

from __future__ import annotations

import uuid
from datetime import datetime

from pydantic import Field

from portal.blueprints.api.schemas import Amount, Instant, Out, PageOf, Paging, Text


class StatementQuery(Paging):
    """Whose statements; the latest come first."""

    store: Text = Field(default="", description="The store's address name, where the person works for several.")


class Statement(Out):
    """A closed period. Of `sales` its coupons, refunds and commission are taken off; `closing` is paid out."""

    id: uuid.UUID
    label: str
    period_start: datetime
    period_end: datetime = Field(description="Exclusive.")
    opening: Amount
    sales: Amount
    own_coupons: Amount
    mall_coupons: Amount
    refunds: Amount
    commission: Amount
    other: Amount
    closing: Amount
    lines: int
    closed_at: Instant
    payout_state: str | None = Field(description="Null where nothing was to be paid.")
    paid_at: Instant | None
    payout_reference: str | None


class StatementPage(PageOf[Statement]):
    """A page of statements."""


class StatementLine(Out):
    """One posting of the ledger, and which figures it is in."""

    posting_id: int
    entry_id: int
    at: Instant
    figure: str
    order_number: str | None
    net: Amount


class StatementLinePage(PageOf[StatementLine]):
    """A page of a statement's lines, in the order of their time."""
