"""How a total is covered: deposit, then mileage, then one gateway payment for the rest (PAY-03, BAL-03, BAL-06)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import lcm
from typing import Protocol

from portal.kit.errors import Rejection
from portal.kit.money import Money, allocate
from portal.kit.text import N_


class TenderKind(StrEnum):
    """Every way to cover an order, in the order in which they are used. A new stored value takes its place here."""

    DEPOSIT = "deposit"
    MILEAGE = "mileage"
    GIFT = "gift"
    REFUND_CREDIT = "refund_credit"
    GATEWAY = "gateway"


_PLACE = {kind: place for place, kind in enumerate(TenderKind)}


class Choice(Protocol):
    """What the buyer chose of one stored value. A further tender is one more class of this shape."""

    @property
    def kind(self) -> TenderKind: ...
    @property
    def chosen(self) -> int:
        """The chosen amount in the tender's own units: minor units, or points."""
        ...

    def cover(self, *, currency: str, total_minor: int, left_minor: int) -> "Cover | Rejection":
        """Return what it covers of `left_minor`, or why what was chosen may not be."""
        ...


@dataclass(frozen=True, slots=True)
class Cover:
    """What a tender covers: minor units of the order, and units of the tender (points for mileage)."""

    amount_minor: int
    units: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A balance in the order's currency. Covers the smaller of what was chosen and what is left to pay."""

    chosen: int
    balance_minor: int
    kind: TenderKind = TenderKind.DEPOSIT

    def cover(self, *, currency: str, total_minor: int, left_minor: int) -> Cover | Rejection:
        name = self.kind.upper()
        if self.chosen < 0:
            return Rejection(f"{name}_BELOW_ZERO", N_("The amount cannot be below zero."))
        if self.chosen > self.balance_minor:
            return Rejection(
                f"{name}_ABOVE_BALANCE",
                N_("Your balance is %(balance)s. Choose that or less."),
                {"balance": Money(self.balance_minor, currency)},
            )
        amount = min(self.chosen, left_minor)
        return Cover(amount, amount)


def deposit(*, chosen: int, balance_minor: int) -> Stored:
    """Make the buyer's choice of deposit, in minor units."""
    return Stored(chosen, balance_minor, TenderKind.DEPOSIT)


def gift(*, balance_minor: int, is_kept: bool) -> Stored:
    """The gift balance covers what is left by itself, unless the buyer keeps it (BAL-09)."""
    return Stored(0 if is_kept else balance_minor, balance_minor, TenderKind.GIFT)


@dataclass(frozen=True, slots=True)
class MileageTerms:
    """The bounds of spending mileage (BAL-06). `point_value` is minor units per point: 1 for KRW, exact elsewhere."""

    minimum_points: int = 0
    maximum_points: int | None = None
    step_points: int = 1
    max_share_basis_points: int = 10_000
    point_value: Fraction = Fraction(1)

    @property
    def step(self) -> int:
        """The step that also keeps every amount whole in minor units: nobody loses part of a point."""
        return lcm(self.step_points, self.point_value.denominator)

    def value_minor(self, points: int) -> int:
        """Return what whole steps of points are worth."""
        return points // self.point_value.denominator * self.point_value.numerator

    def points_within(self, amount_minor: int) -> int:
        """Return the most points, in whole steps, whose value does not exceed `amount_minor`."""
        points = amount_minor * self.point_value.denominator // self.point_value.numerator
        return points - points % self.step

    def share_minor(self, total_minor: int) -> int:
        """Return the largest part of an order that mileage may cover."""
        return total_minor * self.max_share_basis_points // 10_000


@dataclass(frozen=True, slots=True)
class Mileage:
    """The buyer's choice of mileage, in points."""

    chosen: int
    balance_points: int
    terms: MileageTerms = MileageTerms()
    kind: TenderKind = TenderKind.MILEAGE

    def cover(self, *, currency: str, total_minor: int, left_minor: int) -> Cover | Rejection:
        if not self.chosen:
            return Cover(0, 0)
        refusal = self._refusal(total_minor)
        if refusal:
            return refusal
        points = min(self.chosen, self.terms.points_within(left_minor))
        if points < self.terms.minimum_points:
            # What is left to pay is too little for mileage; that is no fault of the choice.
            return Cover(0, 0)
        return Cover(self.terms.value_minor(points), points)

    def _refusal(self, total_minor: int) -> Rejection | None:
        terms = self.terms
        if self.chosen < 0:
            return Rejection("MILEAGE_BELOW_ZERO", N_("The points cannot be below zero."))
        if self.chosen > self.balance_points:
            return Rejection(
                "MILEAGE_ABOVE_BALANCE",
                N_("You have %(balance)s points. Choose that or less."),
                {"balance": self.balance_points},
            )
        if self.chosen < terms.minimum_points:
            return Rejection(
                "MILEAGE_BELOW_MINIMUM",
                N_("Mileage can be used from %(minimum)s points."),
                {"minimum": terms.minimum_points},
            )
        if terms.maximum_points is not None and self.chosen > terms.maximum_points:
            return Rejection(
                "MILEAGE_ABOVE_MAXIMUM",
                N_("At most %(maximum)s points can be used for one order."),
                {"maximum": terms.maximum_points},
            )
        if self.chosen % terms.step:
            return Rejection(
                "MILEAGE_NOT_A_STEP", N_("Mileage is used in steps of %(step)s points."), {"step": terms.step}
            )
        # A share of 100 % is no bound of its own: what exceeds the total is simply not used.
        if terms.max_share_basis_points < 10_000 and self.chosen > terms.points_within(terms.share_minor(total_minor)):
            return Rejection(
                "MILEAGE_ABOVE_SHARE",
                N_("At most %(maximum)s points can be used for this order."),
                {"maximum": terms.points_within(terms.share_minor(total_minor))},
            )
        return None


def highest_deposit(*, balance_minor: int, total_minor: int) -> int:
    """Return what "Use all" of the deposit means."""
    return max(0, min(balance_minor, total_minor))


def highest_mileage(*, balance_points: int, total_minor: int, left_minor: int, terms: MileageTerms) -> int:
    """Return what "Use all" of the mileage means, in points; 0 where even the minimum cannot be used.

    `left_minor` is what the deposit leaves of `total_minor`.
    """
    points = min(
        max(0, balance_points),
        terms.points_within(max(0, left_minor)),
        terms.points_within(terms.share_minor(total_minor)),
    )
    if terms.maximum_points is not None:
        points = min(points, terms.maximum_points)
    points -= points % terms.step
    return points if points >= terms.minimum_points else 0


@dataclass(frozen=True, slots=True)
class TenderShare:
    """What one tender bears. `shares` follow the lines, then the shipping fees; `units` are points for mileage."""

    kind: TenderKind
    amount_minor: int
    units: int
    chosen: int
    shares: tuple[int, ...]

    @property
    def is_lowered(self) -> bool:
        """Less is used than was chosen, because less is left to pay."""
        return self.units < self.chosen


@dataclass(frozen=True, slots=True)
class Split:
    """How an order is covered: each stored tender in order, the gateway last. A refused tender covers nothing."""

    tenders: tuple[TenderShare, ...]
    rejections: tuple[tuple[TenderKind, Rejection], ...] = ()

    def amount(self, kind: TenderKind) -> int:
        return sum(tender.amount_minor for tender in self.tenders if tender.kind is kind)

    def units(self, kind: TenderKind) -> int:
        return sum(tender.units for tender in self.tenders if tender.kind is kind)

    @property
    def gateway_minor(self) -> int:
        return self.tenders[-1].amount_minor


def split(*, currency: str, to_pay: Sequence[int], choices: Iterable[Choice] = ()) -> Split:
    """Cover `to_pay` (lines, then shipping fees) with the chosen tenders, and the gateway for what remains (rule 4)."""
    left = list(to_pay)
    total = sum(left)
    tenders: list[TenderShare] = []
    rejections: list[tuple[TenderKind, Rejection]] = []
    ordered = sorted(choices, key=lambda choice: _PLACE[choice.kind])
    if len({choice.kind for choice in ordered}) != len(ordered) or any(
        choice.kind is TenderKind.GATEWAY for choice in ordered
    ):
        raise ValueError("each stored tender once, and the gateway takes what remains")
    for choice in ordered:
        cover = choice.cover(currency=currency, total_minor=total, left_minor=sum(left))
        if isinstance(cover, Rejection):
            rejections.append((choice.kind, cover))
            continue
        shares = allocate(cover.amount_minor, left)
        left = [amount - share for amount, share in zip(left, shares, strict=True)]
        tenders.append(TenderShare(choice.kind, cover.amount_minor, cover.units, choice.chosen, tuple(shares)))
    rest = sum(left)
    tenders.append(TenderShare(TenderKind.GATEWAY, rest, rest, rest, tuple(left)))
    return Split(tuple(tenders), tuple(rejections))
