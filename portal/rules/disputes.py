"""Who bears a lost dispute and how much, and which of them wait for somebody (STR-05)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from portal.kit.money import allocate

OPEN = ("inquiry", "needs_response", "under_review")
UNANSWERED = ("inquiry", "needs_response")
REMIND_BEFORE = timedelta(days=1)


class Bearer(StrEnum):
    """Who pays for a lost dispute."""

    PLATFORM = "platform"
    SELLER = "seller"


# What a buyer says of the goods is the seller's to prevent. A stolen card, or a payment that was made twice, is the
# platform's: it takes the payments and looks for fraud.
_SELLERS = frozenset({"product_not_received", "product_unacceptable", "product_not_as_described"})


def bearer_of(reason: str) -> Bearer:
    """Who pays if a dispute for this reason is lost."""
    return Bearer.SELLER if reason in _SELLERS else Bearer.PLATFORM


def booked_hold(*, told_minor: int, booked_minor: int, free_minor: int) -> int:
    """What is booked as held by the bank, of the `told_minor` that it says to have.

    Never more than `free_minor`, what of the payment is neither refunded nor held for another dispute: a person looks
    at the rest. What is booked already is given back only when the bank says so.
    """
    return max(min(told_minor, max(free_minor, 0)), min(told_minor, booked_minor))


PLATFORM = "platform"


def share_loss(*, change_minor: int, borne_by: Mapping[str, int], brought: Mapping[str, int]) -> dict[str, int]:
    """Who bears how much more of a loss, or less where `change_minor` is below zero; nobody with nothing.

    More is borne in proportion to what the payment `brought` each, all by the platform where that is nothing. Less is
    given back to those who bore it, so that a loss undone whole leaves everybody with what he had.
    """
    weights = borne_by if change_minor < 0 else brought
    if not any(weights.values()):
        weights = {PLATFORM: 1}
    parts = allocate(change_minor, list(weights.values()))
    return {who: part for who, part in zip(weights, parts, strict=True) if part}
