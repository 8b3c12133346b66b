"""The restocking fee: what a store keeps of goods that come back by their buyer's own choice (REF-01).

It is a share of what was paid for the goods that were sent, after every discount, without tax that came on top and
without shipping. It is taken off what goes back of them, so that both add up to what would have gone back without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from portal.kit.money import Money, allocate
from portal.rules.refund_policy import RefundPolicy

# Everything else is the fault of the store or of the carrier, or somebody's goodwill.
BUYERS_CHOICE: Final = frozenset({"changed_mind", "ordered_by_mistake"})


def restocking_rates(policies: Mapping[UUID, RefundPolicy], reason: str) -> dict[UUID, int]:
    """The fee of each line for this reason, in basis points; lines without one are left out."""
    if reason not in BUYERS_CHOICE:
        return {}
    return {line_id: one.restocking_basis_points for line_id, one in policies.items() if one.restocking_basis_points}


def restocking_fee(
    paid_minor: int, *, basis_points: int, currency: str, back: Mapping[int, int]
) -> tuple[tuple[int, int], ...]:
    """The fee on goods that `paid_minor` was paid for, by the shares of tenders that it is taken off.

    Never more than goes `back` of them.
    """
    fee = min(Money(paid_minor, currency).share(basis_points=basis_points).minor, sum(back.values()))
    if fee <= 0:
        return ()
    parts = allocate(fee, list(back.values()))
    return tuple((share, part) for share, part in zip(back, parts, strict=True) if part)
