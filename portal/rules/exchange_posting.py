"""Posting templates of exchanges for something dearer, as those in `posting` (ORD-005)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from portal.rules.posting import AccountKind, AccountRef, EntryKind, Line, of_platform, of_user


def exchange_paid(
    *, source: AccountRef, store_id: int, currency: str, amount_minor: int, commission_minor: int, tax_minor: int
) -> tuple[Line, ...]:
    """What goods cost more that go out in exchange is the seller's, less the commission and the tax added to prices."""
    lines = (
        Line(source, -amount_minor),
        Line(
            AccountRef(AccountKind.SELLER_PAYABLE, f"store:{store_id}", currency),
            amount_minor - commission_minor - tax_minor,
        ),
        Line(of_platform(AccountKind.COMMISSION, currency), commission_minor),
        Line(of_platform(AccountKind.TAX_PAYABLE, currency), tax_minor),
    )
    return tuple(line for line in lines if line.amount_minor)


def exchange_given_back(
    *, user_id: UUID, store_id: int, currency: str, amount_minor: int, commission_minor: int, tax_minor: int
) -> tuple[Line, ...]:
    """Goods that were exchanged for dearer ones are refunded: what was paid for them besides is the buyer's deposit."""
    paid = exchange_paid(
        source=of_user(AccountKind.DEPOSIT, user_id, currency),
        store_id=store_id,
        currency=currency,
        amount_minor=amount_minor,
        commission_minor=commission_minor,
        tax_minor=tax_minor,
    )
    return tuple(Line(line.account, -line.amount_minor) for line in paid)


EXCHANGE_TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.EXCHANGE_PAID: exchange_paid,
    EntryKind.EXCHANGE_GIVEN_BACK: exchange_given_back,
}
