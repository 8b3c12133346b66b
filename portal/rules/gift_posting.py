"""Posting templates of gift cards, as those in `posting` (BAL-09)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from portal.rules.posting import AccountKind, AccountRef, EntryKind, Line, clearing, of_platform, of_user


def cards(currency: str) -> AccountRef:
    """What sold cards are still worth."""
    return of_platform(AccountKind.GIFT_CARD, currency)


def gift_card_sold(*, gateway: str, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """Money that a gateway took for a gift card is owed to whoever redeems it."""
    return (Line(cards(currency), amount_minor), Line(clearing(gateway, currency), -amount_minor))


def gift_card_redeemed(*, user_id: UUID, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """A card becomes somebody's gift balance."""
    return (Line(cards(currency), -amount_minor), Line(of_user(AccountKind.GIFT, user_id, currency), amount_minor))


def gift_card_given_back(*, source: AccountRef, buyer_id: UUID, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """What is left of a card goes back to its buyer, as deposit; `source` is the card, or who redeemed it."""
    return (Line(source, -amount_minor), Line(of_user(AccountKind.DEPOSIT, buyer_id, currency), amount_minor))


def gift_card_ended(*, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """A card that is void, or that nobody redeemed in time, is owed to nobody any more."""
    return (
        Line(cards(currency), -amount_minor),
        Line(of_platform(AccountKind.GIFT_BREAKAGE, currency), amount_minor),
    )


GIFT_TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.GIFT_CARD_SOLD: gift_card_sold,
    EntryKind.GIFT_CARD_REDEEMED: gift_card_redeemed,
    EntryKind.GIFT_CARD_GIVEN_BACK: gift_card_given_back,
    EntryKind.GIFT_CARD_ENDED: gift_card_ended,
}
