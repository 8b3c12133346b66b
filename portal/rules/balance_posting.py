"""Posting templates of corrections by hand and of payouts, as those in `posting` (BAL-07, BAL-13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal.rules.posting import POINTS, AccountKind, AccountRef, EntryKind, Line, of_platform


def balance_adjusted(*, account: AccountRef, amount_minor: int, owed_points: int = 0) -> tuple[Line, ...]:
    """A balance corrected by hand, up or down; of points that are given, `owed_points` pay a debt first (BAL-07).

    Points come from what is issued and go back there. An adjustment_undone has the same lines with the signs turned.
    """
    other = AccountKind.MILEAGE_ISSUED if account.currency == POINTS else AccountKind.ADJUSTMENT
    lines = (
        Line(account, amount_minor - owed_points),
        Line(AccountRef(AccountKind.MILEAGE_OWED, account.owner, account.currency), owed_points),
        Line(of_platform(other, account.currency), -amount_minor),
    )
    return tuple(line for line in lines if line.amount_minor)


def balance_given_up(*, account: AccountRef, amount_minor: int) -> tuple[Line, ...]:
    """What somebody leaves behind who has his account erased, by his own word (IDN-06)."""
    return (
        Line(account, -amount_minor),
        Line(of_platform(AccountKind.GIVEN_UP, account.currency), amount_minor),
    )


def payout_paid(*, store_id: int, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """What a store was owed by a statement has left for its bank account (BAL-13)."""
    return (
        Line(AccountRef(AccountKind.SELLER_PAYABLE, f"store:{store_id}", currency), -amount_minor),
        Line(of_platform(AccountKind.OUTSIDE, currency), amount_minor),
    )


BALANCE_TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.BALANCE_ADJUSTED: balance_adjusted,
    EntryKind.PAYOUT_PAID: payout_paid,
    EntryKind.BALANCE_GIVEN_UP: balance_given_up,
}
