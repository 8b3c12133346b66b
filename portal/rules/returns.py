"""What may be sent back, exchanged or claimed, who pays for it, and what becomes of the goods (ORD-005)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.refund_policy import REASONS, Party, RefundPolicy, working_day_after

# Parts of which something has left; of a closed one only a store's fault can still be told, within the window.
SENT: Final = frozenset({"packed", "shipped", "delivered", "returning", "closed"})
OPEN: Final = frozenset({"requested", "approved", "sent", "received", "inspected"})
# A buyer who was told yes and sends nothing keeps his goods, and the store its money, after this.
SEND_WITHIN: Final = timedelta(days=14)
UNITS_MAX: Final = 500


class ReturnKind(StrEnum):
    RETURN = "return"
    EXCHANGE = "exchange"
    CLAIM = "claim"


class Wish(StrEnum):
    """What is to come of it."""

    REFUND = "refund"
    EXCHANGE = "exchange"
    RESEND = "resend"


class Condition(StrEnum):
    """How goods came back. Damaged ones are never sold again."""

    NEW = "new"
    OPENED = "opened"
    DAMAGED = "damaged"


# Of a parcel, not of goods: what its carrier did.
CLAIM_REASONS: Final = ("lost", "damaged")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found when one unit was looked at. A rejected one goes back to its buyer."""

    accepted: bool
    condition: Condition | None = None
    restock: bool = False

    @property
    def goes_on_shelf(self) -> bool:
        return self.accepted and self.restock and self.condition in {Condition.NEW, Condition.OPENED}


def return_reasons(policies: Collection[RefundPolicy]) -> tuple[str, ...]:
    """The reasons that a buyer may give for all of these lines, in the order of the rules."""
    own = [code for code, (parties, _) in REASONS.items() if Party.BUYER in parties]
    return tuple(
        code for code in own if all(one.return_reasons is None or code in one.return_reasons for one in policies)
    )


def way_back(policies: Collection[RefundPolicy], reason: str) -> str:
    """Who pays for sending it back: the store for its own fault or where the rules of a line say so, else the buyer."""
    at_fault = REASONS[reason][1]
    return "store" if at_fault or any(one.way_back == "store" for one in policies) else "buyer"


def returnable(*, quantity: int, refunded: int, sent: int, open_units: int, exchanged: int) -> int:
    """How many units of a line can still be sent back: those that were sent, are kept, and are in no other case.

    What was exchanged once is not exchanged or sent back again by its buyer himself.
    """
    return max(0, min(sent, quantity - refunded) - open_units - exchanged)


def answer_due(now: datetime) -> datetime:
    """By when the store should have answered: two working days."""
    return working_day_after(working_day_after(now))


def verdict_missing(received: Collection[UUID], verdicts: Mapping[UUID, Verdict]) -> bool:
    """Say whether units that came were not looked at, or units were judged that did not come."""
    return set(received) != set(verdicts)


def needs_pictures(policies: Collection[RefundPolicy], reason: str) -> bool:
    """Say whether a buyer has to show what is wrong with any of these lines."""
    return any(reason in one.picture_reasons for one in policies)


def not_exchangeable(policies: Collection[RefundPolicy]) -> Rejection | None:
    """Why these lines cannot be exchanged, if so."""
    if all(one.exchangeable for one in policies):
        return None
    return Rejection("NOT_EXCHANGEABLE", N_("Goods of this kind are not exchanged. You can send them back instead."))
