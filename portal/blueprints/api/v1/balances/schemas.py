"""Balances with their history, as programs read them (BAL-10). Mileage has the currency `PTS`, in whole points."""

from __future__ import annotations

from pydantic import Field

from portal.blueprints.api.schemas import Amount, Code, Day, In, Instant, Moment, Out, PageOf, Paging, Text


class BalanceQuery(In):
    """As of when."""

    at: Moment | None = Field(
        default=None, description="The balance just before this instant; without it, the present."
    )


class MovementQuery(Paging):
    """Which movements; the newest come first."""

    kind: Code | None = Field(default=None, description="One kind of movement.", examples=["order_paid"])
    words: Text | None = Field(default=None, description="Is looked for in order numbers and notes.")
    created_from: Moment | None = Field(default=None, description="From this instant on.")
    created_until: Moment | None = Field(default=None, description="Before this instant.")


class StatementDays(In):
    """Which days, both included, by the calendar of the key's channel. Without them: all up to today."""

    first: Day | None = Field(default=None, description="The first day.")
    last: Day | None = Field(default=None, description="The last day.")


class Balance(Out):
    """One balance. `held` and `usable` are known of the present only."""

    kind: str = Field(examples=["deposit"])
    balance: Amount
    held: Amount | None
    usable: Amount | None
    as_of: Instant


class Movement(Out):
    """What came (above zero) or went, and what was there afterwards."""

    id: int
    at: Instant
    kind: str = Field(examples=["order_paid"])
    order_number: str | None
    amount: Amount
    balance_after: Amount


class MovementPage(PageOf[Movement]):
    """A page of movements."""
