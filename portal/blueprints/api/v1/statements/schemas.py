"""What a store is paid, as its programs read it (BAL-13)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from pydantic import Field

from portal.blueprints.api.schemas import Amount, In, Instant, Out, PageOf, Paging, Text


class StoreQuery(In):
    """Whose balance."""

    store: Text = Field(default="", description="The store's address name, where the person works for several.")


class StatementQuery(Paging):
    """Whose statements; the latest come first."""

    store: Text = Field(default="", description="The store's address name, where the person works for several.")


class Figures(Out):
    """What a balance is made of. Of `sales` its coupons, refunds and commission are taken off."""

    sales: Amount
    own_coupons: Amount
    mall_coupons: Amount
    refunds: Amount
    commission: Amount
    other: Amount


class CurrencyBalance(Out):
    """What the store is owed in one currency; below zero it owes."""

    balance: Amount
    coming: Amount = Field(description="Paid by buyers of orders that are not completed yet.")
    since_statement: Figures = Field(description="What moved since the last statement was closed.")


class StoreBalance(Out):
    """What a store is owed, and when it is paid next."""

    period: Literal["weekly", "monthly"] = Field(description="How often its statements are closed and paid.")
    period_ends_at: Instant = Field(description="When the running period ends. Exclusive.")
    as_of: Instant
    items: list[CurrencyBalance]


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
