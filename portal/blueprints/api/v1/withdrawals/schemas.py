"""Withdrawals as programs ask for and follow them (REF-08)."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import PRINTABLE, Amount, In, Instant, Minor, Out

Words = Annotated[str, StringConstraints(max_length=80, pattern=PRINTABLE)]


class BankAccount(In):
    """Where what cannot go back through its payments is sent, by hand."""

    bank: Words = Field(examples=["Hana Bank"])
    number: Words = Field(examples=["123-456-789012"])
    holder: Words = Field(examples=["Bea Kim"])


class WithdrawalRequest(In):
    """How much of the deposit of the key's person goes back, in the currency of the key's channel."""

    amount_minor: Minor = Field(description="Whole minor units (won, cents).", examples=[30_000])
    bank: BankAccount | None = Field(
        default=None, description="Needed for what goes beyond the payments of the top-ups. Kept encrypted, never told."
    )


class Withdrawal(Out):
    """Deposit on its way back. It left the balance when it was asked for."""

    id: uuid.UUID
    status: Literal["requested", "approved", "paid", "refused", "cancelled"]
    amount: Amount
    is_looked_at: bool = Field(description="Whether somebody looks at it before it is sent.")
    requested_at: Instant


class Withdrawals(Out):
    """The latest twenty."""

    items: list[Withdrawal]
