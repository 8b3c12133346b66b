"""The plan of a refund: what comes back per tender, and what becomes of coupons and mileage. Shown, then executed.

Shares were fixed when the order was placed; nothing is priced again (REF-02, REF-05).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from portal.kit.money import round_half_up
from portal.rules.ask_back import Asked, AskedBack, Counted, ask_back, hold_back, units_kept
from portal.rules.refund_order import CouponFacts, LineFacts, OrderFacts, PartFacts, Share, TenderFacts
from portal.rules.refund_policy import BEFORE_SHIPMENT
from portal.rules.refunds import coupon_comes_back, line_refund, share_of_units, shipping_fee_goes_back


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """Units of a line (or a part's fee, with `line_id` None) and what of each tender share goes back.

    Of `held` shares less went back than was due, or more when negative. Without units it only gives back what was held,
    or, with `is_less`, what something cheaper cost less that was taken in exchange, `tax_minor` in it.
    """

    part_id: UUID
    line_id: UUID | None
    units: int
    amount_minor: int
    shares: tuple[tuple[int, int], ...]
    platform_minor: int = 0
    promised: int = 0
    restock: int = 0
    held: tuple[tuple[int, int], ...] = ()
    is_late: bool = False
    is_less: bool = False
    tax_minor: int = 0


@dataclass(frozen=True, slots=True)
class PlannedLeg:
    """What one tender gives back, and where it goes: original, deposit or bank. `closed` says why not its own way.

    Of what is only held nothing goes back: it is let go of (release).
    """

    tender_id: UUID
    type: str
    amount_minor: int
    points: int | None
    destination: str
    closed: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedCoupon:
    """Whether a coupon comes back; `why` is one word: back, part_kept or expired."""

    use_id: UUID
    names: Mapping[str, str]
    why: str

    @property
    def comes_back(self) -> bool:
        return self.why == "back"


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """Everything that a refund does, to the unit.

    Points: `points_back` were spent, `points_taken` were earned; `points_matured` of these could be spent already.
    """

    currency: str
    lines: tuple[PlannedLine, ...]
    legs: tuple[PlannedLeg, ...]
    coupons: tuple[PlannedCoupon, ...]
    points_taken: int = 0
    points_matured: int = 0
    points_owed: int = 0
    is_whole: bool = False
    kept_fees: int = field(default=0)
    asked: tuple[Asked, ...] = ()

    @property
    def asked_minor(self) -> int:
        """What is asked back of discounts with this refund; negative when what was asked before is given back."""
        return sum(one.amount_minor for one in self.asked)

    @property
    def total_minor(self) -> int:
        return sum(leg.amount_minor for leg in self.legs)

    @property
    def platform_minor(self) -> int:
        """What the platform had given of discounts and need not give any more."""
        return sum(line.platform_minor for line in self.lines) + sum(one.platform_minor for one in self.asked)

    @property
    def points_back(self) -> int:
        return sum(leg.points or 0 for leg in self.legs)

    @property
    def part_ids(self) -> tuple[UUID, ...]:
        return tuple(dict.fromkeys(line.part_id for line in self.lines if not line.is_late))

    @property
    def mark(self) -> str:
        """A mark of everything that the buyer is shown: what is executed must have the same."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()[:32]

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return body | {"total_minor": self.total_minor, "points_back": self.points_back}


def make_plan(
    facts: OrderFacts,
    units: Mapping[UUID, int],
    *,
    faulty: Collection[UUID],
    otherwise: str,
    now: datetime,
) -> RefundPlan:
    """Plan to give back `units` of lines.

    `faulty` are parts whose seller is at fault; `otherwise` is where goes what cannot go its own way: deposit or bank.
    Raises RefundUnitsError.
    """
    gone_parts = _whole_parts(facts, units)
    parts = {part.id: part for part in facts.parts}
    lines = [_line(line, parts[line.part_id], units[line.id]) for line in facts.lines if units.get(line.id)]
    touched = {line.part_id for line in lines}
    kept_fees = 0
    for part in facts.parts:
        if part.id not in touched or part.fee_gone:
            continue
        before = part.status in BEFORE_SHIPMENT
        if shipping_fee_goes_back(
            whole_part=part.id in gone_parts, before_shipment=before, at_sellers_fault=part.id in faulty
        ):
            lines.append(_fee(part))
        else:
            kept_fees += sum(share.amount_minor for share in part.fee_shares)
    asked = _ask_back(facts, units, lines, gone_parts, may_rise=not touched & set(faulty))
    lines = _hold_back(facts, lines, asked.total_minor)
    taken = sum(line.promised for line in lines)
    matured = sum(line.promised for line in lines if parts[line.part_id].mileage_matured)
    available = facts.mileage_available + _points_back(facts, lines)
    return RefundPlan(
        currency=facts.currency,
        lines=tuple(lines),
        legs=tuple(legs_of(facts, lines, otherwise)),
        coupons=tuple(_coupon(one, facts, lines, now, asked.undone) for one in facts.coupons),
        points_taken=taken,
        points_matured=matured,
        points_owed=max(0, matured - available),
        is_whole=len(gone_parts) == len(facts.parts),
        kept_fees=kept_fees,
        asked=asked.asked,
    )


def _ask_back(
    facts: OrderFacts,
    units: Mapping[UUID, int],
    lines: Sequence[PlannedLine],
    gone: Collection[UUID],
    *,
    may_rise: bool,
) -> AskedBack:
    fees_back = {line.part_id for line in lines if line.line_id is None}
    left = {line.id: line.units_left - units.get(line.id, 0) for line in facts.lines}
    return ask_back(
        facts.asking,
        kept=[units_kept(line.priced, left[line.id]) for line in facts.lines if line.priced and left[line.id]],
        lines={line.id: Counted(line.quantity, line.quantity - left[line.id]) for line in facts.lines},
        fees_kept={p.id for p in facts.parts if not p.fee_gone and p.id not in fees_back and p.id not in gone},
        due_minor=sum(line.amount_minor for line in lines),
        currency=facts.currency,
        may_rise=may_rise,
    )


def _hold_back(facts: OrderFacts, lines: Sequence[PlannedLine], asked_minor: int) -> list[PlannedLine]:
    """The lines with less, or with more, of what was held back before; that of lines which went before comes after."""
    due = {share_id: amount for line in lines for share_id, amount in line.shares}
    bearers: list[tuple[UUID, UUID | None, tuple[Share, ...]]] = [
        *((line.part_id, line.id, line.shares) for line in facts.lines),
        *((part.id, None, part.fee_shares) for part in facts.parts),
    ]
    held = {share.id: share.held_minor for _, _, shares in bearers for share in shares}
    less = hold_back(asked_minor, due=due, held=held)
    if not less:
        return list(lines)
    made = []
    for part_id, line_id, shares in bearers:
        planned = next((one for one in lines if (one.part_id, one.line_id) == (part_id, line_id)), None)
        moved = tuple((share.id, less[share.id]) for share in shares if share.id in less)
        if planned is None and moved:
            planned = PlannedLine(part_id, line_id, 0, 0, tuple((one, 0) for one, _ in moved), is_late=True)
        if planned is None:
            continue
        by_share = dict(planned.shares)
        for share_id, amount in moved:
            by_share[share_id] = by_share.get(share_id, 0) - amount
        back = sum(by_share.values())
        made.append(replace(planned, shares=tuple(by_share.items()), amount_minor=back, held=moved))
    return made


def _whole_parts(facts: OrderFacts, units: Mapping[UUID, int]) -> frozenset[UUID]:
    """Parts of which nothing is left after this."""
    kept = {line.part_id for line in facts.lines if line.units_left > units.get(line.id, 0)}
    return frozenset(part.id for part in facts.parts) - kept


def _line(line: LineFacts, part: PartFacts, units: int) -> PlannedLine:
    counted = {"quantity": line.quantity, "units_before": line.units_gone, "units": units}
    by_share = line_refund(
        {str(share.id): share.amount_minor for share in line.shares},
        refunded_before={
            str(share.id): share.refunded_minor + share.held_minor - share.less_minor for share in line.shares
        },
        **counted,
    )
    # What went back for something cheaper is missing from the last units.
    left = {str(share.id): share.left_minor for share in line.shares}
    by_share = {share: min(amount, left[share]) for share, amount in by_share.items()}
    return PlannedLine(
        part_id=line.part_id,
        line_id=line.id,
        units=units,
        amount_minor=sum(by_share.values()),
        shares=tuple((int(share), amount) for share, amount in by_share.items()),
        platform_minor=min(share_of_units(line.platform_minor, **counted), platform_left(line)),
        promised=share_of_units(line.promised, **counted),
        restock=min(units, max(0, line.units_left - line.units_sent)) if part.status in BEFORE_SHIPMENT else 0,
    )


def platform_left(line: LineFacts) -> int:
    """What the platform still gives of a line."""
    gone = round_half_up(Fraction(line.platform_minor * line.units_gone, line.quantity))
    return max(0, line.platform_minor - gone - line.platform_less)


def _fee(part: PartFacts) -> PlannedLine:
    shares = tuple((one.id, one.left_minor) for one in part.fee_shares)
    return PlannedLine(
        part_id=part.id,
        line_id=None,
        units=0,
        amount_minor=sum(amount for _, amount in shares),
        shares=shares,
        platform_minor=part.platform_fee_minor,
    )


def _by_tender(facts: OrderFacts, lines: Sequence[PlannedLine]) -> dict[UUID, int]:
    owners = {
        share.id: share.tender_id
        for shares in (*(line.shares for line in facts.lines), *(part.fee_shares for part in facts.parts))
        for share in shares
    }
    sums: dict[UUID, int] = {}
    for line in lines:
        for share_id, amount in line.shares:
            sums[owners[share_id]] = sums.get(owners[share_id], 0) + amount
    return sums


def _given_back(facts: OrderFacts, tender_id: UUID) -> int:
    shares = [share for line in facts.lines for share in line.shares]
    shares += [share for part in facts.parts for share in part.fee_shares]
    return sum(share.refunded_minor for share in shares if share.tender_id == tender_id)


def _points(facts: OrderFacts, tender: TenderFacts, amount_minor: int) -> int | None:
    """Points for an amount, counted over all refunds of the tender: with the last unit all are back."""
    if tender.points is None:
        return None
    before = _given_back(facts, tender.id)

    def due(minor: int) -> int:
        return round_half_up(Fraction((tender.points or 0) * minor, tender.amount_minor))

    return due(before + amount_minor) - due(before)


def _points_back(facts: OrderFacts, lines: Sequence[PlannedLine]) -> int:
    sums = _by_tender(facts, lines)
    return sum(_points(facts, one, sums[one.id]) or 0 for one in facts.tenders if sums.get(one.id))


def legs_of(facts: OrderFacts, lines: Sequence[PlannedLine], otherwise: str) -> list[PlannedLeg]:
    """What each tender gives back for these lines, and which way."""
    sums = _by_tender(facts, lines)
    legs = []
    for one in facts.tenders:
        amount = sums.get(one.id, 0)
        if not amount:
            continue
        if one.is_held:
            legs.append(PlannedLeg(one.id, one.type, amount, None, "release"))
            continue
        closed = one.closed or ("no_partial" if not one.takes_parts and amount < one.amount_minor else None)
        to = otherwise if closed else "original"
        legs.append(PlannedLeg(one.id, one.type, amount, _points(facts, one, amount), to, closed))
    return legs


def _coupon(
    one: CouponFacts, facts: OrderFacts, lines: Sequence[PlannedLine], now: datetime, asked: Collection[UUID]
) -> PlannedCoupon:
    units = {line.line_id: line.units for line in lines if line.line_id is not None}
    undone = {line.id for line in facts.lines if line.units_left == units.get(line.id, 0)}
    undone |= {line.part_id for line in lines if line.line_id is None}
    undone |= {part.id for part in facts.parts if part.fee_gone}
    whole = one.borne_by <= undone or one.use_id in asked
    back = coupon_comes_back(whole_use_undone=whole, now=now, valid_until=one.valid_until)
    return PlannedCoupon(one.use_id, one.names, "back" if back else "expired" if whole else "part_kept")
