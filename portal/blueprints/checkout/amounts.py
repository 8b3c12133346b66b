"""The amounts of a quote as rows with words, and two of them side by side (B16, B23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext

from portal import formatting
from portal.kit.currency import POINTS, exponent
from portal.kit.text import N_
from portal.rules.quote import AmountRow, Quote, RowKind
from portal.rules.split import TenderKind

# Amounts are shown, not believed; whatever is longer was not written by us.
SHOWN_LENGTH_MAX = 2_000

LABELS: Mapping[RowKind, str] = {
    RowKind.ITEMS: N_("Items"),
    RowKind.SHIPPING: N_("Shipping"),
    RowKind.TAX: N_("Tax"),
    RowKind.DEPOSIT: N_("Deposit"),
    RowKind.MILEAGE: N_("Mileage"),
    RowKind.GIFT: N_("Gift balance"),
    RowKind.REFUND_CREDIT: N_("Refund credit"),
    RowKind.TO_PAY_NOW: N_("To pay now"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table of amounts."""

    label: str
    amount_minor: int
    note: str = ""
    included: bool = False
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One row before and now; None where there was or is none."""

    label: str
    before_minor: int | None
    now_minor: int | None

    @property
    def is_changed(self) -> bool:
        return self.before_minor != self.now_minor


def rows_of(quote: Quote) -> list[Row]:
    """Everything above the line; the last amount, what is to pay now, stands apart."""
    points = quote.split.units(TenderKind.MILEAGE)
    notes = {RowKind.MILEAGE: formatting.money(points, POINTS) if points else ""}
    return [
        Row(_label(row), row.amount_minor, notes.get(row.kind, ""), row.included)
        for row in quote.rows
        if row.kind is not RowKind.TO_PAY_NOW
    ]


def _label(row: AmountRow) -> str:
    if row.kind is RowKind.DISCOUNT:
        return row.name or gettext("Coupon")
    is_inside = row.kind is RowKind.TAX and row.included
    return str(gettext("Tax included") if is_inside else gettext(LABELS[row.kind]))


def shown(quote: Quote) -> str:
    """The amounts as the form carries them, so that a later answer can stand beside what was shown."""
    return ";".join(f"{row.kind}|{row.key}|{row.amount_minor}" for row in quote.rows)


def differences(before: str, quote: Quote) -> list[Difference]:
    """The rows that were shown beside those of now, in their one order. Of anything unreadable nothing is kept."""
    old = _read(before)
    result = [Difference(_label(row), old.pop((row.kind, row.key), None), row.amount_minor) for row in quote.rows]
    gone = [Difference(_label(AmountRow(kind, 0)), amount, None) for (kind, _), amount in old.items()]
    return result[:-1] + gone + result[-1:]


def _read(text: str) -> dict[tuple[RowKind, str], int]:
    found: dict[tuple[RowKind, str], int] = {}
    for part in text[:SHOWN_LENGTH_MAX].split(";"):
        kind, _, rest = part.partition("|")
        key, _, amount = rest.rpartition("|")
        if kind in set(RowKind) and amount.removeprefix("-").isdecimal():
            found[RowKind(kind), key] = int(amount)
    return found


def typed_amount(units: int, currency: str) -> str:
    """An amount as a person types it into a field: "5,000", "12.34"; nothing for zero."""
    return f"{Decimal(units).scaleb(-exponent(currency)):,f}" if units else ""


def changed(rows: Sequence[Difference]) -> bool:
    return any(row.is_changed for row in rows)
