"""A discount that is asked back: what is kept no longer meets what the coupon asked for (REF-05).

Shares stay as they were fixed. Beside them stands what was asked back of each share of a discount, and what was not
given back of each share of a tender for it; the two add up to the same. When the goods go back that had lost their
discount, it is no longer asked for, and what stood for it is given back: after the last unit everything has gone back,
in whatever order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from uuid import UUID

from portal.kit.money import allocate, round_half_up
from portal.rules.coupons.conditions import names, parse
from portal.rules.coupons.terms import CouponTerms
from portal.rules.pricing import PricedLine
from portal.rules.refunds import share_of_units


@dataclass(frozen=True, slots=True)
class DiscountBearer:
    """What a line or the fee of a part bears of a discount; `asked_minor` of it was asked back so far."""

    id: int
    bearer: UUID
    part_id: UUID
    amount_minor: int
    platform_minor: int
    asked_minor: int = 0
    asked_platform_minor: int = 0


@dataclass(frozen=True, slots=True)
class AskingCoupon:
    """A coupon whose discount is asked back when its minimum is no longer met."""

    use_id: UUID
    terms: CouponTerms
    bearers: tuple[DiscountBearer, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """Units of a line: how many there were, and how many are gone after a refund."""

    quantity: int
    gone: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What more is asked back of a share of a discount, or less when negative; of it the platform's."""

    id: int
    part_id: UUID
    amount_minor: int
    platform_minor: int


@dataclass(frozen=True, slots=True)
class AskedBack:
    """What a refund asks back, and which uses of coupons nothing is left of."""

    asked: tuple[Asked, ...] = ()
    undone: frozenset[UUID] = frozenset()

    @property
    def total_minor(self) -> int:
        """By how much less is given back; more, when negative."""
        return sum(one.amount_minor for one in self.asked)


def is_still_met(terms: CouponTerms, kept: Sequence[PricedLine], currency: str) -> bool:
    """Say whether what is kept meets every minimum of a coupon. Nothing else is asked again."""
    conditions = [parse(one) for one in terms.conditions if one.name in names()]
    covered = [line for line in kept if terms.store_id is None or line.store_id == terms.store_id]
    covered = [line for line in covered if all(condition.covers(line) for condition in conditions)]
    return all(condition.is_minimum_met(currency, covered) for condition in conditions)


def ask_back(
    coupons: Sequence[AskingCoupon],
    *,
    kept: Sequence[PricedLine],
    lines: Mapping[UUID, Counted],
    fees_kept: Collection[UUID],
    due_minor: int,
    currency: str,
    may_rise: bool,
) -> AskedBack:
    """What is asked back with a refund of `due_minor`: never more than that.

    `fees_kept` are the parts that keep goods and their fee. With `may_rise` False, for what is a seller's fault,
    nothing more is asked back than was before.
    """
    wanted: dict[int, int] = {}
    for coupon in coupons:
        is_met = is_still_met(coupon.terms, kept, currency)
        for one in coupon.bearers:
            left = 0 if is_met else _left(one.amount_minor, one, lines, fees_kept)
            wanted[one.id] = left if may_rise else min(left, one.asked_minor)
    bearers = [one for coupon in coupons for one in coupon.bearers]
    target = {one.id: min(one.asked_minor, wanted[one.id]) for one in bearers}
    room = due_minor + sum(one.asked_minor for one in bearers) - sum(target.values())
    for one in bearers:
        more = min(room, wanted[one.id] - target[one.id])
        target[one.id] += more
        room -= more
    asked = []
    for one in bearers:
        platform = _platform(one, target[one.id], lines, fees_kept)
        change = Asked(one.id, one.part_id, target[one.id] - one.asked_minor, platform - one.asked_platform_minor)
        if change.amount_minor or change.platform_minor:
            asked.append(change)
    undone = {
        coupon.use_id
        for coupon in coupons
        if any(target[one.id] for one in coupon.bearers)
        and all(target[one.id] == _left(one.amount_minor, one, lines, fees_kept) for one in coupon.bearers)
    }
    return AskedBack(tuple(asked), frozenset(undone))


def _left(share_minor: int, one: DiscountBearer, lines: Mapping[UUID, Counted], fees_kept: Collection[UUID]) -> int:
    """What is left of a share with what is kept."""
    line = lines.get(one.bearer)
    if line is None:
        return share_minor if one.bearer in fees_kept else 0
    if not line.gone:
        return share_minor
    return share_minor - share_of_units(share_minor, quantity=line.quantity, units_before=0, units=line.gone)


def _platform(one: DiscountBearer, asked_minor: int, lines: Mapping[UUID, Counted], fees_kept: Collection[UUID]) -> int:
    """The platform's part of what is asked back: as of what is left."""
    left = _left(one.amount_minor, one, lines, fees_kept)
    if not left:
        return 0
    return round_half_up(Fraction(_left(one.platform_minor, one, lines, fees_kept) * asked_minor, left))


def hold_back(amount_minor: int, *, due: Mapping[int, int], held: Mapping[int, int]) -> dict[int, int]:
    """Spread what is asked back over shares of tenders; returns by how much less each gives back (more, negative).

    `due` is what shares give back now, `held` what was not given back of shares before. More is taken of what is due
    now, less is given back of what was held, in proportion.
    """
    over = due if amount_minor > 0 else held
    keys = [key for key in sorted(over) if over[key]]
    if not amount_minor or not keys:
        return {}
    spread = allocate(abs(amount_minor), [over[key] for key in keys])
    sign = 1 if amount_minor > 0 else -1
    return {key: sign * part for key, part in zip(keys, spread, strict=True) if part}


def units_kept(line: PricedLine, units: int) -> PricedLine:
    """The line with so many units left."""
    return replace(line, quantity=units)
