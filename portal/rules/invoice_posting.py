"""Posting templates of invoices, as those in `posting` (PAY-17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from portal.rules.posting import AccountKind, AccountRef, EntryKind, Line, clearing, of_platform, of_user


def receivable(user_id: UUID, currency: str) -> AccountRef:
    """What a user owes on invoices; below zero, as all that the outside owes."""
    return of_user(AccountKind.INVOICE_RECEIVABLE, user_id, currency)


def invoice_issued(*, user_id: UUID, gateway: str, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """What the house's invoice has taken of an order is owed by its buyer."""
    return (
        Line(clearing(gateway, currency), amount_minor),
        Line(receivable(user_id, currency), -amount_minor),
    )


def invoice_paid(*, user_id: UUID, source: AccountRef, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """An invoice is paid, in part or whole: `source` is a gateway's clearing account, or the buyer's deposit."""
    return (
        Line(receivable(user_id, currency), amount_minor),
        Line(source, -amount_minor),
    )


def invoice_lowered(
    *, user_id: UUID, gateway: str, currency: str, lowered_minor: int, back_minor: int
) -> tuple[Line, ...]:
    """A refund of an order on invoice: less is owed, and what was paid beyond that is the buyer's deposit."""
    lines = (
        Line(clearing(gateway, currency), -lowered_minor - back_minor),
        Line(receivable(user_id, currency), lowered_minor),
        Line(of_user(AccountKind.DEPOSIT, user_id, currency), back_minor),
    )
    return tuple(line for line in lines if line.amount_minor)


def invoice_lost(*, user_id: UUID, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """What will not be paid any more is the platform's loss."""
    return (
        Line(receivable(user_id, currency), amount_minor),
        Line(of_platform(AccountKind.WRITE_OFF, currency), -amount_minor),
    )


INVOICE_TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.INVOICE_ISSUED: invoice_issued,
    EntryKind.INVOICE_PAID: invoice_paid,
    EntryKind.INVOICE_LOWERED: invoice_lowered,
    EntryKind.INVOICE_LOST: invoice_lost,
}
