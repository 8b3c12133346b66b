"""Who may ask what back, how long, and who must agree: the rules of refunds as data (REF-01)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.refunds import check_window


class Party(StrEnum):
    """Who asks for a refund."""

    BUYER = "buyer"
    SELLER = "seller"
    ADMIN = "admin"


# Why something is given back: who may say so, and whether it is the seller's fault, who then bears the shipping fee.
REASONS: Final[Mapping[str, tuple[frozenset[Party], bool]]] = {
    "changed_mind": (frozenset({Party.BUYER, Party.ADMIN}), False),
    "ordered_by_mistake": (frozenset({Party.BUYER, Party.ADMIN}), False),
    "too_late": (frozenset({Party.BUYER, Party.ADMIN}), False),
    "damaged": (frozenset({Party.BUYER, Party.SELLER, Party.ADMIN}), True),
    "wrong_item": (frozenset({Party.BUYER, Party.SELLER, Party.ADMIN}), True),
    "not_as_described": (frozenset({Party.BUYER, Party.SELLER, Party.ADMIN}), True),
    "lost": (frozenset({Party.SELLER, Party.ADMIN}), True),
    "out_of_stock": (frozenset({Party.SELLER, Party.ADMIN}), True),
    "cannot_deliver": (frozenset({Party.SELLER, Party.ADMIN}), True),
    "risk_refused": (frozenset({Party.ADMIN}), False),
    "goodwill": (frozenset({Party.SELLER, Party.ADMIN}), False),
}

SATURDAY: Final = 5
BEFORE_SHIPMENT: Final = frozenset({"held", "released", "accepted", "packed"})
# Until the store has packed it nobody else is asked; after that the store must agree.
CANCEL_ALONE: Final = frozenset({"held", "released", "accepted"})
AFTER_SHIPMENT: Final = frozenset({"shipped", "delivered", "returning", "closed"})


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """What holds for a line of goods. Amounts are minor units by currency; one that is not named has the limit zero.

    `window_days` count from delivery, or from shipment where delivery was never told. Above `approve_above` an
    administrator must agree; above `step_up_above` whoever asks proves himself again (IDN-04).
    `restocking_basis_points` of what was paid stay with the store when goods come back by their buyer's own choice.
    """

    window_days: int = 30
    returnable: bool = True
    approve_above: Mapping[str, int] | None = None
    step_up_above: Mapping[str, int] | None = None
    # For what is sent back: the reasons taken (None: all of a buyer's), who pays, and whether it may be exchanged.
    return_reasons: Sequence[str] | None = None
    way_back: str = "buyer"
    exchangeable: bool = True
    # Reasons for which a buyer shows what is wrong.
    picture_reasons: Sequence[str] = ()
    restocking_basis_points: int = 0


DEFAULT: Final = RefundPolicy(
    approve_above={"KRW": 1_000_000, "JPY": 100_000, "USD": 75_000, "EUR": 70_000, "GBP": 60_000, "KWD": 230_000},
    step_up_above={"KRW": 500_000, "JPY": 50_000, "USD": 40_000, "EUR": 35_000, "GBP": 30_000, "KWD": 115_000},
)


def merge(rows: Iterable[Mapping[str, Any]], base: RefundPolicy = DEFAULT) -> RefundPolicy:
    """Lay rules over the default, the least specific first; what a rule leaves open stays as it was."""
    policy = base
    for row in rows:
        policy = replace(policy, **{name: value for name, value in row.items() if value is not None})
    return policy


def is_above(limits: Mapping[str, int] | None, amount_minor: int, currency: str) -> bool:
    """Say whether an amount is above the limit of its currency. Without limits nothing is."""
    return limits is not None and amount_minor > limits.get(currency, 0)


def needs_step_up(policy: RefundPolicy, amount_minor: int, currency: str) -> bool:
    """Say whether whoever asks for this must prove himself again first."""
    return is_above(policy.step_up_above, amount_minor, currency)


def refusal_of(
    policy: RefundPolicy,
    *,
    part_status: str,
    shipped_at: datetime | None,
    delivered_at: datetime | None,
    sellers_fault: bool,
    party: Party,
    now: datetime,
) -> Rejection | None:
    """Why units of a line cannot be given back, if so. Sellers and administrators are bound by the state alone."""
    if part_status == "cancelled":
        return Rejection("PART_CANCELLED", N_("This is cancelled already."))
    if part_status in BEFORE_SHIPMENT or party is not Party.BUYER:
        return None
    if not policy.returnable and not sellers_fault:
        return Rejection("NOT_RETURNABLE", N_("Goods of this kind cannot be sent back unless something is wrong."))
    since = delivered_at or shipped_at
    if since is None:
        return None
    return check_window(closes_at=since + timedelta(days=policy.window_days), now=now)


def working_day_after(at: datetime) -> datetime:
    """Return the instant one working day later: Saturdays and Sundays do not count (REF-09)."""
    due = at + timedelta(days=1)
    while due.weekday() >= SATURDAY:
        due += timedelta(days=1)
    return due


def store_must_agree(part_status: str, party: Party) -> bool:
    """Say whether the store of a part is asked before the buyer gets its money back."""
    return party is Party.BUYER and part_status not in CANCEL_ALONE
