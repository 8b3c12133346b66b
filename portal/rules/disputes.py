"""Who bears a lost dispute, and which of them wait for somebody (STR-05)."""

from datetime import datetime, timedelta
from enum import StrEnum

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


def is_due_soon(status: str, answer_due_at: datetime | None, now: datetime) -> bool:
    """Whether an answer is still wanted and its last day has begun."""
    return status in UNANSWERED and answer_due_at is not None and now >= answer_due_at - REMIND_BEFORE
