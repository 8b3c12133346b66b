"""Posting templates of disputes, as those in `posting` (STR-05)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from portal.rules.posting import AccountKind, AccountRef, EntryKind, Line, clearing, of_platform, of_user


def dispute_held(*, gateway: str, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """What a bank takes back of a payment until the dispute about it is decided (STR-05)."""
    return (
        Line(clearing(gateway, currency), amount_minor),
        Line(of_platform(AccountKind.DISPUTE_RECEIVABLE, currency), -amount_minor),
    )


def dispute_returned(*, gateway: str, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """The bank has given it back: the dispute was won."""
    held = dispute_held(gateway=gateway, currency=currency, amount_minor=amount_minor)
    return tuple(Line(line.account, -line.amount_minor) for line in held)


def dispute_lost(*, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """A lost dispute that the platform bears; with the signs turned when a bank decides anew."""
    return (
        Line(of_platform(AccountKind.DISPUTE_RECEIVABLE, currency), amount_minor),
        Line(of_platform(AccountKind.WRITE_OFF, currency), -amount_minor),
    )


def dispute_charged(*, store_id: int, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """A seller's share of a lost dispute about what he sold; a payable may fall below 0. Undone as `dispute_lost`."""
    return (
        Line(of_platform(AccountKind.DISPUTE_RECEIVABLE, currency), amount_minor),
        Line(AccountRef(AccountKind.SELLER_PAYABLE, f"store:{store_id}", currency), -amount_minor),
    )


def dispute_recovered(*, user_id: UUID, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """A lost dispute about a top-up, as far as its deposit could be held. Undone as `dispute_lost`."""
    return (
        Line(of_platform(AccountKind.DISPUTE_RECEIVABLE, currency), amount_minor),
        Line(of_user(AccountKind.DEPOSIT, user_id, currency), -amount_minor),
    )


DISPUTE_TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.DISPUTE_HELD: dispute_held,
    EntryKind.DISPUTE_RETURNED: dispute_returned,
    EntryKind.DISPUTE_LOST: dispute_lost,
    EntryKind.DISPUTE_CHARGED: dispute_charged,
    EntryKind.DISPUTE_RECOVERED: dispute_recovered,
}
