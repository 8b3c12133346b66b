"""Payments of the key's person, as programs read them (PAY-13)."""

from __future__ import annotations

import uuid

from pydantic import Field

from portal.blueprints.api.schemas import Amount, Instant, Moment, Out, PageOf, Paging, Texts


class PaymentQuery(Paging):
    """Which payments; the newest come first."""

    created_from: Moment | None = Field(default=None, description="From this instant on.")
    created_until: Moment | None = Field(default=None, description="Before this instant.")


class PaymentItem(Out):
    """A payment in a list."""

    id: uuid.UUID
    created_at: Instant
    purpose: str = Field(description="What was paid for: `order`, or another purpose.", examples=["order"])
    order_number: str | None
    first_item: Texts | None = Field(description="The name of the order's first line.")
    lines: int
    method: str = Field(description="`balances` if deposit and mileage covered all of it.", examples=["credit_card"])
    status: str = Field(examples=["captured"])
    amount: Amount
    refunded: Amount


class PaymentPage(PageOf[PaymentItem]):
    """A page of payments."""


class Document(Out):
    """A receipt or a credit note."""

    kind: str = Field(examples=["receipt"])
    label: str


class PaidPart(Out):
    """How much one kind of money paid."""

    type: str = Field(examples=["deposit"])
    amount: Amount
    points: int | None
    refunded: Amount


class Payment(PaymentItem):
    """A payment with the gateway's name of it and its documents."""

    order_total: Amount
    gateway: str | None
    gateway_transaction_id: str | None
    completed_at: Instant | None
    tenders: list[PaidPart]
    documents: list[Document]
