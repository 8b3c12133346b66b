"""Corrections of balances, as programs of the house send and read them (BAL-07)."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import PRINTABLE, Amount, Code, In, Instant, Out
from portal.kit.money import MAX_MINOR

LINES_MAX = 500


class LineIn(In):
    """Whose balance, and by how much: above zero it is given, below zero taken."""

    person: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)] = Field(
        description="An id, or a whole e-mail address."
    )
    amount_minor: int = Field(ge=-MAX_MINOR, le=MAX_MINOR, description="Minor units of the currency, or points.")


class AdjustmentRequest(In):
    """A correction of one kind of balance."""

    kind: Code = Field(description="`deposit`, `mileage`, `gift` or `refund_credit`.", examples=["deposit"])
    currency: Code = Field(description="ISO 4217; `PTS` for mileage.", examples=["KRW"])
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=PRINTABLE)]
    lines: list[LineIn] = Field(min_length=1, max_length=LINES_MAX)
    points_until: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = Field(
        default=None, description="The last day of given points, in UTC; a year from now where it is left out."
    )

    @property
    def last_day(self) -> date | None:
        """The day; raises ValueError for one that no calendar has."""
        return date.fromisoformat(self.points_until) if self.points_until else None


class LineOut(Out):
    """One line; `code` says why it was left out or failed."""

    n: int
    person: uuid.UUID | None
    amount: Amount | None
    state: str = Field(examples=["applied"])
    code: str | None
    entry: int | None


class Adjustment(Out):
    """A correction with its first lines. What was there before and after stands in the audit trail."""

    id: uuid.UUID
    kind: str
    currency: str
    reason: str
    state: str = Field(
        description="`draft`, `waiting`, `running`, `done`, `refused`, `cancelled`, `undoing` or `undone`."
    )
    needs_second: bool
    up: Amount
    down: Amount
    created_at: Instant
    lines: list[LineOut]
