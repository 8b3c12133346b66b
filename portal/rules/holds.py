"""Why a seller's part may not go on, and who may say so (ORD-002, FRD-08): several at once, each with its own end."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from portal.rules.permissions import Actor, Permission, may

# What a risk rule says; only a review ends it, because money moves with it.
HIGH_RISK: Final = "high_risk"
# The buyer's account is frozen; the hold ends with the freeze.
ACCOUNT_FROZEN: Final = "account_frozen"
# The gateway holds nothing any more of what the order was to be paid with.
PAYMENT_LOST: Final = "payment_lost"
BY_THEMSELVES: Final = frozenset({HIGH_RISK, ACCOUNT_FROZEN})


class HoldKind(StrEnum):
    """On whose account a part is held."""

    FRAUD = "fraud"
    PAYMENT = "payment"
    SELLER = "seller"
    ADMIN = "admin"


# The permission that places and ends a hold of a kind. An administrator for orders also ends a seller's.
PLACED_BY: Final[Mapping[HoldKind, Permission]] = {
    HoldKind.FRAUD: Permission.ORDER_REVIEW,
    HoldKind.PAYMENT: Permission.DISPUTE_HANDLE,
    HoldKind.SELLER: Permission.STORE_ORDER_FULFIL,
    HoldKind.ADMIN: Permission.ORDER_EDIT,
}

REASONS: Final[Mapping[HoldKind, tuple[str, ...]]] = {
    HoldKind.FRAUD: ("account_taken_over", "identity_unclear", "other"),
    HoldKind.PAYMENT: ("dispute_expected", "amount_unclear", "other"),
    HoldKind.SELLER: ("address_unclear", "out_of_stock", "asked_buyer", "other"),
    HoldKind.ADMIN: ("address_unclear", "complaint", "legal", "other"),
}

# Before it is sent a hold stops the part; afterwards only its seller's money.
STOPPABLE: Final = frozenset({"held", "released", "accepted", "packed"})
HOLDABLE: Final = STOPPABLE | {"shipped", "delivered", "returning", "closed"}


def kinds_for(actor: Actor, *, store_id: int) -> tuple[HoldKind, ...]:
    """The kinds of hold that somebody may place on a part of this store."""
    return tuple(kind for kind in HoldKind if _may(actor, kind, store_id))


def may_end(actor: Actor, kind: HoldKind, reason: str, *, store_id: int) -> bool:
    """Say whether somebody may end a hold. That of a risk rule or a freeze ends with its review, or with the freeze."""
    if reason in BY_THEMSELVES:
        return False
    if kind is HoldKind.SELLER and may(actor, Permission.ORDER_EDIT, store_id=store_id):
        return True
    return _may(actor, kind, store_id)


def _may(actor: Actor, kind: HoldKind, store_id: int) -> bool:
    if kind is HoldKind.SELLER and store_id not in actor.store_ids:
        return False
    return may(actor, PLACED_BY[kind], store_id=store_id)
