"""Rates of tax as administrators see them: what holds now, what comes, and the history with who set it (ORD-13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.orm import Session, aliased

from portal.models import TaxRate, User

ROWS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class TaxRateRow:
    """A rate as it was set. Without a section it is for the whole channel."""

    id: int
    channel_id: int
    section_id: int | None
    rate: Decimal
    inclusive: bool | None
    valid_from: datetime
    note: str
    set_by: str
    set_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None

    def is_planned(self, now: datetime) -> bool:
        return self.withdrawn_at is None and self.valid_from > now


@dataclass(frozen=True, slots=True)
class TaxSum:
    """What paid orders of a period bore at one rate and what refunds took off it, in minor units of `currency`.

    `base_minor` and `base_back_minor` are without the tax.
    """

    channel_id: int
    currency: str
    rate: Decimal
    base_minor: int
    tax_minor: int
    base_back_minor: int
    tax_back_minor: int

    @property
    def net_minor(self) -> int:
        """The tax that stays after refunds."""
        return self.tax_minor - self.tax_back_minor


_SUMS = text(
    """
    SELECT channel_id, currency, key::numeric AS rate,
           coalesce(sum(value) FILTER (WHERE fact = 'tax_base'), 0)::bigint AS base_minor,
           coalesce(sum(value) FILTER (WHERE fact = 'tax'), 0)::bigint AS tax_minor,
           coalesce(sum(value) FILTER (WHERE fact = 'tax_base_back'), 0)::bigint AS base_back_minor,
           coalesce(sum(value) FILTER (WHERE fact = 'tax_back'), 0)::bigint AS tax_back_minor
      FROM figure_day WHERE fact IN ('tax', 'tax_base', 'tax_back', 'tax_base_back') AND day BETWEEN :first AND :last
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
)


def list_tax_rates(session: Session) -> Sequence[TaxRateRow]:
    """Every rate that was set, the latest to begin first."""
    setter, caller = aliased(User), aliased(User)
    statement = (
        select(
            TaxRate.id,
            TaxRate.channel_id,
            TaxRate.section_id,
            TaxRate.rate,
            TaxRate.inclusive,
            TaxRate.valid_from,
            TaxRate.note,
            setter.name,
            TaxRate.set_at,
            caller.name,
            TaxRate.withdrawn_at,
        )
        .join(setter, setter.id == TaxRate.set_by)
        .join(caller, caller.id == TaxRate.withdrawn_by, isouter=True)
        .order_by(TaxRate.valid_from.desc(), TaxRate.id.desc())
        .limit(ROWS_SHOWN)
    )
    return [TaxRateRow(*row) for row in session.execute(statement)]


def tax_sums(session: Session, *, first: date, last: date) -> Sequence[TaxSum]:
    """What paid orders bore and gave back by rate, placed from `first` to `last` of their channels' calendars."""
    return [TaxSum(*row) for row in session.execute(_SUMS, {"first": first, "last": last})]
