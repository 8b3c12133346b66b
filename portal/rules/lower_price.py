"""What comes back when goods are exchanged for something cheaper: a share of what they cost, to the unit (ORD-005)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final
from uuid import UUID

from portal.kit.errors import Rejection
from portal.kit.money import allocate, round_half_up
from portal.kit.text import N_
from portal.rules.planned_refund import PlannedLine, RefundPlan
from portal.rules.refund_order import LineFacts, OrderFacts
from portal.rules.refund_plan import legs_of, platform_left
from portal.rules.refund_policy import RefundPolicy, is_above
from portal.rules.refunds import share_of_units

MIXED: Final = Rejection(
    "EXCHANGE_MIXED",
    N_("Exchange what costs more and what costs less in two requests: one you pay for, the other brings money back."),
)
TOO_MUCH: Final = Rejection(
    "EXCHANGE_DIFFERENCE_TOO_LARGE",
    N_("So much is not given back with an exchange. Send this back, which brings its money back, and order the other."),
)


@dataclass(frozen=True, slots=True)
class Swap:
    """Units of a line that are exchanged: the prices of one, what it costs on the channel and what the other does."""

    units: int
    was_minor: int
    is_minor: int

    @property
    def is_cheaper(self) -> bool:
        return self.is_minor < self.was_minor

    @property
    def is_dearer(self) -> bool:
        return self.is_minor > self.was_minor

    @property
    def share(self) -> Fraction:
        """Which share of what a unit was paid with comes back."""
        return Fraction(self.was_minor - self.is_minor, self.was_minor) if self.is_cheaper else Fraction(0)


def plan_less(facts: OrderFacts, swaps: Mapping[UUID, Swap], *, otherwise: str) -> RefundPlan:
    """Plan to give back what other goods cost less, in proportion to what was paid: a discount counts for both.

    By line. Tax and what the platform gives shrink alike; points stay earned, and coupons used. Nothing in it where
    nothing comes back. Raises RefundUnitsError for more units than are kept.
    """
    lines = [_less(line, swaps[line.id]) for line in facts.lines if line.id in swaps and swaps[line.id].is_cheaper]
    lines = [line for line in lines if line.amount_minor]
    return RefundPlan(
        currency=facts.currency, lines=tuple(lines), legs=tuple(legs_of(facts, lines, otherwise)), coupons=()
    )


def refusal_of_swaps(swaps: Sequence[Swap]) -> Rejection | None:
    """Why these are not exchanged together, if so: a difference is paid before anything goes out, or comes back."""
    return MIXED if any(one.is_dearer for one in swaps) and any(one.is_cheaper for one in swaps) else None


def refusal_of_less(
    plan: RefundPlan, policies: Mapping[UUID, RefundPolicy], *, before_minor: int = 0
) -> Rejection | None:
    """Why so much does not come back with an exchange, if so: above its limit an administrator decides, of a return.

    `before_minor` is what the order's other exchanges gave back, or will: many small ones count as one.
    """
    if not plan.total_minor:
        return None
    limits = [policies[line.line_id].approve_above for line in plan.lines if line.line_id is not None]
    return TOO_MUCH if any(is_above(one, before_minor + plan.total_minor, plan.currency) for one in limits) else None


def _less(line: LineFacts, swap: Swap) -> PlannedLine:
    counted = {"quantity": line.quantity, "units_before": line.units_gone, "units": swap.units}
    cost = [min(share_of_units(one.amount_minor, **counted), one.left_minor) for one in line.shares]
    amounts = allocate(round_half_up(sum(cost) * swap.share), cost) if sum(cost) else cost
    total = sum(amounts)
    return PlannedLine(
        part_id=line.part_id,
        line_id=line.id,
        units=0,
        amount_minor=total,
        shares=tuple((share.id, amount) for share, amount in zip(line.shares, amounts, strict=True)),
        platform_minor=min(
            round_half_up(share_of_units(line.platform_minor, **counted) * swap.share), platform_left(line)
        ),
        is_less=True,
        tax_minor=min(round_half_up(share_of_units(line.tax_minor, **counted) * swap.share), tax_left(line), total),
    )


def tax_left(line: LineFacts) -> int:
    """The tax in what is kept of a line."""
    gone = round_half_up(Fraction(line.tax_minor * line.units_gone, line.quantity))
    return max(0, line.tax_minor - gone - line.tax_less)
