"""Cases of risk: how urgent one is, what may be said of it, and what that does to the money (FRD-03, FRD-06)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from portal.kit.money import Money
from portal.rules.freezes import FreezeReason

# How long a case may wait for its verdict, and administrators for their alert (FRD-03).
DECIDE_WITHIN: Final = timedelta(hours=4)
TELL_WITHIN: Final = timedelta(minutes=2)
# How long a verdict can be undone before anything is sent to a gateway.
UNDO_WITHIN: Final = timedelta(minutes=1)


# A device with more accounts is a public one: what happens there is not of one hand.
ACCOUNTS_OF_FEW: Final = 50

# From which score on a case is of a level; below the last it is low.
LEVELS: Final[tuple[tuple[int, str], ...]] = ((70, "high"), (40, "raised"))


def level_of(score: int) -> str:
    """How risky a score from 0 to 100 is: `high`, `raised` or `low`."""
    return next((level for least, level in LEVELS if score >= least), "low")


def is_of_few(features: Mapping[str, Any]) -> bool:
    """Whether a decision belongs to the case of its device, by its features as they are stored.

    Not where the device has more than ACCOUNTS_OF_FEW accounts, or stands on a trusted list, as a mall's terminals do.
    """
    accounts, trusted_by = features.get("accounts_on_device"), features.get("trusted_by") or ()
    return accounts is not None and Decimal(accounts) <= ACCOUNTS_OF_FEW and "device" not in trusted_by


class Verdict(StrEnum):
    """What a reviewer says; it is also what the models learn from, except for what nobody could tell."""

    GENUINE = "genuine"
    FRAUD = "fraud"
    ACCOUNT_TAKEOVER = "account_takeover"
    FRIENDLY_FRAUD = "friendly_fraud"
    INCENTIVE_ABUSE = "incentive_abuse"
    INCONCLUSIVE = "inconclusive"

    @property
    def lets_through(self) -> bool:
        return self is Verdict.GENUINE


# The verdicts that freeze the account, with the reason that is kept; those that take its coupons away.
FREEZES: Final[Mapping[Verdict, FreezeReason]] = {
    Verdict.FRAUD: FreezeReason.FRAUD,
    Verdict.ACCOUNT_TAKEOVER: FreezeReason.ACCOUNT_TAKEN_OVER,
}
REVOKES: Final = frozenset({Verdict.FRAUD, Verdict.INCENTIVE_ABUSE})


class Effect(StrEnum):
    """What happens to the money of one order."""

    CAPTURE = "capture"
    RELEASE = "release"
    VOID = "void"
    REFUND = "refund"
    WAIT = "wait"
    NOTHING = "nothing"


REFUNDABLE: Final = frozenset({"paid", "shipped", "delivered", "partially_refunded"})


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """How an order of a case stands."""

    status: str
    is_held: bool
    is_authorised: bool


def effect_of(verdict: Verdict, order: OrderFacts) -> Effect:
    """What a verdict does to an order as it stands now: what was settled meanwhile is given back, not voided."""
    if verdict.lets_through:
        if not order.is_held:
            return Effect.NOTHING
        if order.status == "pending":
            return Effect.CAPTURE if order.is_authorised else Effect.WAIT
        return Effect.RELEASE if order.status in REFUNDABLE else Effect.NOTHING
    if order.status == "pending":
        return Effect.VOID if order.is_authorised else Effect.WAIT
    return Effect.REFUND if order.status in REFUNDABLE else Effect.NOTHING


def expected_loss(stake: Money, score: int) -> Money:
    """What is lost on average if nobody looks: what is at stake, by the score taken as a chance in a hundred."""
    return stake.share(basis_points=max(0, min(score, 100)) * 100)
