"""The plan of a refund: what comes back per tender, and what becomes of coupons and mileage. Shown, then executed.

Shares were fixed when the order was placed; nothing is priced again (REF-02, REF-05).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType
from uuid import UUID

from portal.kit.money import round_half_up
from portal.rules.ask_back import AskedBack, Counted, ask_back, hold_back, units_kept
from portal.rules.planned_refund import PlannedCoupon, PlannedLeg, PlannedLine, RefundPlan
from portal.rules.refund_order import CouponFacts, LineFacts, OrderFacts, PartFacts, Share, TenderFacts
from portal.rules.refund_policy import BEFORE_SHIPMENT
from portal.rules.refunds import coupon_comes_back, line_refund, share_of_units, shipping_fee_goes_back
from portal.rules.restocking import restocking_fee


def make_plan(
    facts: OrderFacts,
    units: Mapping[UUID, int],
    *,
    faulty: Collection[UUID],
    otherwise: str,
    now: datetime,
    restocking: Mapping[UUID, int] = MappingProxyType({}),
) -> RefundPlan:
    """Plan to give back `units` of lines.

    `faulty` are parts whose seller is at fault; `otherwise` is where goes what cannot go its own way: deposit or bank.
    `restocking` are the fees of lines that were sent, in basis points. Raises RefundUnitsError.
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
    lines = _keep_fees(facts, _hold_back(facts, lines, asked.total_minor), restocking)
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


def _keep_fees(facts: OrderFacts, lines: Sequence[PlannedLine], rates: Mapping[UUID, int]) -> list[PlannedLine]:
    """The lines with less, where a store keeps a fee of the units that were sent."""
    by_id = {line.id: line for line in facts.lines}
    made = []
    for one in lines:
        if one.line_id is None or one.line_id not in rates or one.units == one.restock:
            made.append(one)
            continue
        kept = restocking_fee(
            _paid_for(by_id[one.line_id], one),
            basis_points=rates[one.line_id],
            currency=facts.currency,
            back=dict(one.shares),
        )
        less = dict(kept)
        shares = tuple((share, amount - less.get(share, 0)) for share, amount in one.shares)
        made.append(replace(one, shares=shares, amount_minor=sum(amount for _, amount in shares), restocking=kept))
    return made


def _paid_for(line: LineFacts, planned: PlannedLine) -> int:
    """What the units that were sent cost, without tax that came on top."""
    paid = planned.amount_minor + sum(amount for _, amount in planned.held)
    if line.tax_added:
        counted = {"quantity": line.quantity, "units_before": line.units_gone, "units": planned.units}
        paid -= share_of_units(line.tax_minor, **counted)
    return max(0, round_half_up(Fraction(paid * (planned.units - planned.restock), planned.units)))


def _whole_parts(facts: OrderFacts, units: Mapping[UUID, int]) -> frozenset[UUID]:
    """Parts of which nothing is left after this."""
    kept = {line.part_id for line in facts.lines if line.units_left > units.get(line.id, 0)}
    return frozenset(part.id for part in facts.parts) - kept


def _line(line: LineFacts, part: PartFacts, units: int) -> PlannedLine:
    counted = {"quantity": line.quantity, "units_before": line.units_gone, "units": units}
    by_share = line_refund(
        {str(share.id): share.amount_minor for share in line.shares},
        refunded_before={
            str(share.id): share.amount_minor - share.left_minor - share.less_minor for share in line.shares
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
