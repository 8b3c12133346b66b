"""What people choose about their data, what stands in the way of an erasure, and how long exports live (IDN-06)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from portal.kit.text import N_

# So long an erasure can be taken back.
GRACE: Final = timedelta(days=14)
# What is in the way is looked at again after this.
TRY_AGAIN_AFTER: Final = timedelta(days=1)
# The word for a try that broke off, beside what may stand in the way.
FAILED: Final = "failed"
# Cards that gateways have not forgotten yet are waited for.
WAIT_FOR_GATEWAYS: Final = timedelta(minutes=10)
EXPORT_LIVES: Final = timedelta(days=7)
EXPORTS_WITHIN: Final = timedelta(days=1)
EXPORTS_MAX: Final = 3
REASON_LENGTH_MAX: Final = 500
# Where the address of who is gone leads: mails to it are never written.
NOWHERE: Final = "erased.invalid"


class Purpose(StrEnum):
    """What somebody's data may be used for beyond what he asked us to do; only where he said so."""

    OFFERS_MAIL = "offers_mail"
    OFFERS_BELL = "offers_bell"
    PERSONAL_OFFERS = "personal_offers"
    ANALYTICS = "analytics"


@dataclass(frozen=True, slots=True)
class PurposeText:
    """What is agreed to. A changed text gets a new version; what was agreed to before stays valid as it was said."""

    version: str
    label: str
    hint: str
    # Asked for each channel by itself; else once for all.
    by_channel: bool


PURPOSES: Final[Mapping[Purpose, PurposeText]] = {
    Purpose.OFFERS_MAIL: PurposeText(
        "2026-11", N_("Offers by e-mail"), N_("News and offers of this shop, at most once a week."), True
    ),
    Purpose.OFFERS_BELL: PurposeText(
        "2026-11", N_("Offers behind the bell"), N_("News and offers of this shop, shown while you are here."), True
    ),
    Purpose.PERSONAL_OFFERS: PurposeText(
        "2026-11",
        N_("Offers chosen for you"),
        N_("What you bought and looked at decides which offers you are shown. Without it everybody sees the same."),
        True,
    ),
    Purpose.ANALYTICS: PurposeText(
        "2026-11",
        N_("Analysis of how the shop is used"),
        N_("Which pages are opened and where people stop, counted to make the shop better, in all our shops."),
        False,
    ),
}


class Block(StrEnum):
    """What stands in the way of an erasure: somebody still owes somebody something."""

    ORDERS = "orders"
    PAYMENTS = "payments"
    RETURNS = "returns"
    REFUNDS = "refunds"
    WITHDRAWALS = "withdrawals"
    DISPUTES = "disputes"
    INVOICES = "invoices"
    GIFTS = "gifts"
    DEPOSIT = "deposit"
    LEFT_OVER = "left_over"
    FROZEN = "frozen"
    WORKS_HERE = "works_here"
    CARDS = "cards"


# What is waited for by itself, and stops nobody from asking.
PASSING: Final = frozenset({Block.CARDS})
