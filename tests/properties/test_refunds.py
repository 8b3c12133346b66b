"""Any sequence of partial refunds: never more than was captured per tender, and the last unit takes the rest."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.kit.money import Money
from portal.rules.ask_back import AskingCoupon, DiscountBearer
from portal.rules.coupons.terms import ConditionTerms, CouponTerms
from portal.rules.planned_refund import RefundPlan
from portal.rules.pricing import Kind, PricedLine, Target
from portal.rules.refund_order import CouponFacts, LineFacts, OrderFacts, PartFacts, Share, TenderFacts
from portal.rules.refund_plan import make_plan
from portal.rules.refund_policy import REASONS, RefundPolicy
from portal.rules.restocking import restocking_rates

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TYPES = ("deposit", "mileage", "gateway")


@st.composite
def orders(draw: st.DrawFn) -> OrderFacts:
    """A paid order: one or two parts, lines of some units, shares of three tenders that sum up."""
    parts = [uuid.uuid4() for _ in range(draw(st.integers(1, 2)))]
    tenders = {kind: uuid.uuid4() for kind in TYPES}
    sums = dict.fromkeys(TYPES, 0)
    numbers = iter(range(10_000))

    def shares() -> tuple[Share, ...]:
        made = []
        for kind in TYPES:
            amount = draw(st.integers(0, 20_000))
            sums[kind] += amount
            made.append(Share(next(numbers), tenders[kind], amount, 0))
        return tuple(made)

    lines = []
    for part_id in parts:
        for _ in range(draw(st.integers(1, 3))):
            borne = shares()
            lines.append(
                LineFacts(
                    id=uuid.uuid4(),
                    part_id=part_id,
                    quantity=draw(st.integers(1, 7)),
                    units_gone=0,
                    amount_minor=sum(share.amount_minor for share in borne),
                    platform_minor=draw(st.integers(0, 5_000)),
                    promised=draw(st.integers(0, 500)),
                    shares=borne,
                )
            )
    status = draw(st.sampled_from(["released", "shipped"]))
    made_parts = tuple(
        PartFacts(part_id, number, status, fee_gone=False, platform_fee_minor=0, fee_shares=shares())
        for number, part_id in enumerate(parts)
    )
    points = draw(st.integers(1, 3))
    return OrderFacts(
        currency="KRW",
        parts=made_parts,
        lines=tuple(lines),
        tenders=tuple(
            TenderFacts(tenders[kind], kind, sums[kind], sums[kind] * points if kind == "mileage" else None)
            for kind in TYPES
            if sums[kind]
        ),
        coupons=(CouponFacts(uuid.uuid4(), {}, frozenset(line.id for line in lines), None),),
    )


def carried_out(facts: OrderFacts, plan: RefundPlan) -> OrderFacts:
    """The order after the refund."""
    back = dict(pair for line in plan.lines for pair in line.shares)
    units = {line.line_id: line.units for line in plan.lines if line.line_id}
    held = dict(pair for line in plan.lines for pair in line.held)
    kept = dict(pair for line in plan.lines for pair in line.restocking)
    asked = {one.id: one for one in plan.asked}
    fees = {line.part_id for line in plan.lines if line.line_id is None}

    def moved(shares: tuple[Share, ...]) -> tuple[Share, ...]:
        return tuple(
            replace(
                one,
                refunded_minor=one.refunded_minor + back.get(one.id, 0),
                held_minor=one.held_minor + held.get(one.id, 0),
                restocking_minor=one.restocking_minor + kept.get(one.id, 0),
            )
            for one in shares
        )

    def bearer(one: DiscountBearer) -> DiscountBearer:
        more = asked.get(one.id)
        if more is None:
            return one
        return replace(
            one,
            asked_minor=one.asked_minor + more.amount_minor,
            asked_platform_minor=one.asked_platform_minor + more.platform_minor,
        )

    return replace(
        facts,
        lines=tuple(
            replace(line, units_gone=line.units_gone + units.get(line.id, 0), shares=moved(line.shares))
            for line in facts.lines
        ),
        parts=tuple(
            replace(part, fee_gone=part.fee_gone or part.id in fees, fee_shares=moved(part.fee_shares))
            for part in facts.parts
        ),
        asking=tuple(replace(one, bearers=tuple(map(bearer, one.bearers))) for one in facts.asking),
    )


@pytest.mark.req("REF-02", "REF-05")
@given(st.data())
def test_no_sequence_of_refunds_gives_more_than_was_captured(data: st.DataObject) -> None:
    facts = data.draw(orders())
    captured = {one.id: one.amount_minor for one in facts.tenders}
    points = sum(one.points or 0 for one in facts.tenders)
    back = dict.fromkeys(captured, 0)
    points_back = platform = promised = 0
    while any(line.units_left for line in facts.lines):
        units = {line.id: data.draw(st.integers(0, line.units_left)) for line in facts.lines}
        if not any(units.values()):
            units = {line.id: line.units_left for line in facts.lines if line.units_left}
        plan = make_plan(facts, units, faulty=(), otherwise="deposit", now=NOW)
        for leg in plan.legs:
            assert leg.amount_minor > 0
            back[leg.tender_id] += leg.amount_minor
            assert back[leg.tender_id] <= captured[leg.tender_id]
        assert plan.total_minor == sum(line.amount_minor for line in plan.lines)
        points_back += plan.points_back
        platform += sum(line.platform_minor for line in plan.lines)
        promised += plan.points_taken
        facts = carried_out(facts, plan)
        left = any(line.units_left for line in facts.lines)
        assert plan.coupons[0].comes_back is not left
    fees = {one.id: 0 for one in facts.tenders}
    for part in facts.parts:
        for share in part.fee_shares:
            if share.amount_minor:
                fees[share.tender_id] += share.amount_minor - share.refunded_minor
    assert {one: captured[one] - fees[one] for one in captured} == back
    if not any(fees.values()):
        assert points_back == points
    assert platform == sum(line.platform_minor for line in facts.lines)
    assert promised == sum(line.promised for line in facts.lines)


@pytest.mark.req("REF-05")
@given(st.integers(0, 10**9), st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_one_unit_at_a_time_gives_the_share_exactly(share: int, counts: list[int]) -> None:
    quantity = sum(counts)
    part, line, tender = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    facts = OrderFacts(
        currency="KRW",
        parts=(PartFacts(part, 1, "shipped", fee_gone=False, platform_fee_minor=0, fee_shares=()),),
        lines=(LineFacts(line, part, quantity, 0, share, 0, 0, (Share(1, tender, share, 0),)),),
        tenders=(TenderFacts(tender, "gateway", share, None),),
        coupons=(),
    )
    total = 0
    for count in counts:
        plan = make_plan(facts, {line: count}, faulty=(), otherwise="deposit", now=NOW)
        total += plan.total_minor
        facts = carried_out(facts, plan)
    assert total == share


@st.composite
def asking_orders(draw: st.DrawFn) -> OrderFacts:
    """An order with coupons that ask their discount back below a minimum."""
    facts = draw(orders())
    lines = tuple(
        replace(
            line,
            priced=PricedLine(str(line.id), 1, 1, line.quantity, draw(st.integers(1, 20_000))),
            # What the platform gives of this line stands with the coupons below.
            platform_minor=0,
        )
        for line in facts.lines
    )
    numbers = iter(range(1_000))
    coupons = []
    for _ in range(draw(st.integers(1, 2))):
        bearers = []
        for line in lines:
            amount = draw(st.integers(0, 9_000))
            platform = draw(st.integers(0, amount))
            bearers.append(DiscountBearer(next(numbers), line.id, line.part_id, amount, platform))
        for part in facts.parts:
            amount = draw(st.integers(0, 3_000))
            bearers.append(DiscountBearer(next(numbers), part.id, part.id, amount, amount))
        least = draw(
            st.one_of(
                st.builds(lambda n: ("minimum_spend", {"minimum": {"KRW": n}}), st.integers(1, 400_000)),
                st.builds(lambda n: ("quantity", {"minimum": n}), st.integers(1, 30)),
            )
        )
        terms = CouponTerms(
            key="1",
            campaign_id=1,
            name="",
            kind=Kind.FREE_SHIPPING,
            target=Target.SHIPPING,
            valid_from=NOW,
            issued_at=NOW,
            conditions=(ConditionTerms(*least),),
        )
        coupons.append(AskingCoupon(uuid.uuid4(), terms, tuple(bearers)))
    given = {
        line.id: sum(b.platform_minor for c in coupons for b in c.bearers if b.bearer == line.id) for line in lines
    }
    fees = {
        part.id: sum(b.platform_minor for c in coupons for b in c.bearers if b.bearer == part.id)
        for part in facts.parts
    }
    return replace(
        facts,
        lines=tuple(replace(line, platform_minor=given[line.id]) for line in lines),
        parts=tuple(replace(part, platform_fee_minor=fees[part.id]) for part in facts.parts),
        asking=tuple(coupons),
    )


@pytest.mark.req("REF-05")
@given(st.data())
def test_what_is_asked_back_is_exact_and_comes_back_with_its_goods(data: st.DataObject) -> None:
    facts = data.draw(asking_orders())
    captured = sum(one.amount_minor for one in facts.tenders)
    back = platform = 0
    while any(line.units_left for line in facts.lines):
        units = {line.id: data.draw(st.integers(0, line.units_left)) for line in facts.lines}
        if not any(units.values()):
            units = {line.id: line.units_left for line in facts.lines if line.units_left}
        faulty = {facts.parts[0].id} if data.draw(st.booleans()) else set()
        before = _standing(facts)
        plan = make_plan(facts, units, faulty=faulty, otherwise="deposit", now=NOW)
        assert plan.total_minor >= 0
        assert all(amount >= 0 for line in plan.lines for _, amount in line.shares)
        assert plan.asked_minor == sum(amount for line in plan.lines for _, amount in line.held)
        facts = carried_out(facts, plan)
        back += plan.total_minor
        platform += plan.platform_minor
        shares = [share for one in facts.lines for share in one.shares]
        shares += [share for one in facts.parts for share in one.fee_shares]
        assert sum(share.held_minor for share in shares) == _standing(facts)
        assert all(0 <= share.held_minor <= share.amount_minor - share.refunded_minor for share in shares)
        for one in (one for coupon in facts.asking for one in coupon.bearers):
            assert 0 <= one.asked_platform_minor <= one.asked_minor <= one.amount_minor
        if faulty & {line.part_id for line in facts.lines if units.get(line.id)}:
            assert _standing(facts) <= before
    assert _standing(facts) == 0
    kept = sum(s.amount_minor - s.refunded_minor for part in facts.parts for s in part.fee_shares)
    assert back == captured - kept
    gone = sum(part.platform_fee_minor for part in facts.parts if part.fee_gone)
    assert platform == gone + sum(line.platform_minor for line in facts.lines)


POLICIES = st.builds(RefundPolicy, restocking_basis_points=st.integers(0, 10_000))


@pytest.mark.req("REF-01", "REF-05")
@settings(max_examples=25)
@given(st.data())
def test_a_restocking_fee_and_what_comes_back_are_what_would_have_come_back(data: st.DataObject) -> None:
    facts = data.draw(asking_orders())
    policies = {line.id: data.draw(POLICIES) for line in facts.lines}
    captured = sum(one.amount_minor for one in facts.tenders)
    back = kept = 0
    while any(line.units_left for line in facts.lines):
        units = {line.id: data.draw(st.integers(0, line.units_left)) for line in facts.lines}
        if not any(units.values()):
            units = {line.id: line.units_left for line in facts.lines if line.units_left}
        reason = data.draw(st.sampled_from(sorted(REASONS)))
        terms: dict[str, Any] = {"faulty": (), "otherwise": "deposit", "now": NOW}
        free = make_plan(facts, units, **terms)
        plan = make_plan(facts, units, **terms, restocking=restocking_rates(policies, reason))
        assert plan.total_minor + plan.restocking_minor == free.total_minor
        assert all(amount >= 0 for line in plan.lines for _, amount in (*line.shares, *line.restocking))
        assert (plan.points_taken, plan.platform_minor) == (free.points_taken, free.platform_minor)
        if reason not in {"changed_mind", "ordered_by_mistake"} or all(one.status == "released" for one in facts.parts):
            assert plan == free
        for line in plan.lines:
            rate = policies[line.line_id].restocking_basis_points if line.line_id else 0
            due = line.amount_minor + line.restocking_minor + sum(amount for _, amount in line.held)
            assert line.restocking_minor <= Money(due, facts.currency).share(basis_points=rate).minor
        facts = carried_out(facts, plan)
        back, kept = back + plan.total_minor, kept + plan.restocking_minor
    fees = sum(s.amount_minor - s.refunded_minor for part in facts.parts for s in part.fee_shares)
    assert back + kept == captured - fees


def _standing(facts: OrderFacts) -> int:
    return sum(one.asked_minor for coupon in facts.asking for one in coupon.bearers)
