"""Payments, withdrawals, payouts and gift cards of everybody, as programs of the mall read them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import (
    SAID,
    Amount,
    Code,
    Flag,
    In,
    Instant,
    Moment,
    Out,
    PageOf,
    Paging,
    Text,
    Texts,
)
from portal.services.payouts.decide_payout import REFERENCE_LENGTH_MAX

PaymentState = Literal[
    "pending",
    "requires_action",
    "authorised",
    "captured",
    "partially_refunded",
    "refunded",
    "failed",
    "cancelled",
    "expired",
    "disputed",
    "dispute_won",
    "dispute_lost",
]
PayoutState = Literal["waiting", "held", "approved", "paid"]
PeriodName = Literal["weekly", "monthly"]
CardState = Literal["unpaid", "active", "redeemed", "void", "expired", "given_back"]


class Why(In):
    """A reason for the record."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=SAID)]


class Reference(In):
    """The bank's name of a transfer that was made."""

    reference: Annotated[str, StringConstraints(min_length=1, max_length=REFERENCE_LENGTH_MAX, pattern=SAID)]


class MallPaymentQuery(Paging):
    """Which payments; the newest come first unless `sort` says otherwise."""

    status: PaymentState | None = None
    method: Code | None = Field(default=None, description="A way of paying.", examples=["credit_card"])
    channel: Code | None = Field(default=None, description="The code of a channel.", examples=["kr"])
    created_from: Moment | None = Field(default=None, description="From this instant on.")
    created_until: Moment | None = Field(default=None, description="Before this instant.")
    unknown: Flag = Field(default=False, description="Only payments whose outcome is being looked up.")
    q: Text = Field(
        default="", description="An order's number, the id of a payment or order, or a gateway's name of it."
    )
    sort: Literal["created", "-created"] = "-created"


class MallPaymentItem(Out):
    """A payment in the list of the mall."""

    id: uuid.UUID
    purpose: str = Field(examples=["order"])
    order_number: str | None
    channel: str
    method: str
    status: str
    amount: Amount
    captured: Amount
    refunded: Amount
    created_at: Instant


class MallPaymentPage(PageOf[MallPaymentItem]):
    """A page of payments."""


class Attempt(Out):
    """One try at one gateway."""

    id: uuid.UUID
    gateway: str
    account: str
    state: str
    gateway_transaction_id: str | None
    reason: str | None = Field(description="Why it failed, in our words.")
    gateway_code: str | None = Field(description="Why it failed, in the gateway's.")
    created_at: Instant
    answered_at: Instant | None


class MallPayment(MallPaymentItem):
    """A payment with every try of it."""

    completed_at: Instant | None
    attempts: list[Attempt]


class WithdrawalQuery(Paging):
    """Which withdrawals; the newest come first."""

    view: Literal["open", "all"] = Field(default="open", description="`open` waits for a decision or a transfer.")


class ToPay(Out):
    """What is to be transferred by hand, and where."""

    amount: Amount
    bank: str
    number: str
    holder: str


class MallWithdrawalItem(Out):
    """A withdrawal in the list of the mall."""

    id: uuid.UUID
    user_id: uuid.UUID
    status: str = Field(examples=["requested"])
    amount: Amount
    holds: Sequence[str] = Field(
        description="Why somebody looks at it: amount, new_account, velocity, risk or fresh_money."
    )
    requested_at: Instant
    reason: str | None = Field(description="Why it was refused.")


class MallWithdrawal(MallWithdrawalItem):
    """A withdrawal with what is left to be done for it."""

    to_pay: ToPay | None


class MallWithdrawalPage(PageOf[MallWithdrawalItem]):
    """A page of withdrawals."""


class PayoutQuery(Paging):
    """Which payouts; the latest come first."""

    state: PayoutState | None = Field(default=None, description="Left out: all.")


class MallPayout(Out):
    """A payout to a store for a closed period."""

    id: uuid.UUID
    statement_id: uuid.UUID
    label: str = Field(description="That of its statement.")
    store_id: int
    store: Texts
    status: PayoutState
    amount: Amount
    holds: Sequence[str] = Field(description="What holds it back.")
    note: str | None
    made_at: Instant
    approved_at: Instant | None
    paid_at: Instant | None
    reference: str | None


class MallPayoutPage(PageOf[MallPayout]):
    """A page of payouts."""


class StorePeriod(Out):
    """How often a store's statements are closed and paid."""

    store_id: int
    store: Texts
    period: PeriodName


class StorePeriods(Out):
    """Every store with its period."""

    items: list[StorePeriod]


class PeriodIn(In):
    """Weeks begin on Monday, months on their first day, at midnight of the mall's zone."""

    period: PeriodName


class CardQuery(Paging):
    """Which gift cards; the newest come first."""

    state: CardState | None = Field(default=None, description="Left out: all.")


class MallCard(Out):
    """A gift card. Its code is told to nobody."""

    id: uuid.UUID
    buyer_id: uuid.UUID
    payment_id: uuid.UUID
    status: CardState
    amount: Amount
    given_back: Amount
    created_at: Instant
    expires_at: Instant | None
    redeemed_by: uuid.UUID | None
    redeemed_at: Instant | None
    reason: str | None = Field(description="Why it was ended or given back.")


class MallCardPage(PageOf[MallCard]):
    """A page of gift cards."""
