"""The money of units that were taken back: the refund's own plan, carried out by the refund's own services (REF-01)."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.models import ReturnUnit
from portal.queries.refund_facts import Refundable, load_refundable
from portal.queries.returns import ReturnView
from portal.rules.permissions import Actor, Permission, may
from portal.rules.planned_refund import RefundPlan
from portal.rules.refund_plan import make_plan
from portal.rules.refund_policy import REASONS, Party, is_above
from portal.rules.restocking import restocking_rates
from portal.rules.returns import Wish
from portal.services.refunds.plan_refund import Consent, PlannedRefund, Selection, refuse_unsettled
from portal.services.refunds.request_refund import RefundRequest, carry_out
from portal.services.returns.take_return import Taken

# Nobody has looked yet at what comes back; cases and their units have the same words for it.
TO_DECIDE = ("requested", "approved", "sent", "received")


def plan_units(
    known: Refundable, units: Mapping[uuid.UUID, int], *, part_id: uuid.UUID, reason: str, otherwise: str, now: datetime
) -> RefundPlan:
    """What comes back for units of lines, to the unit. The store's fault brings the shipping fee back too; where it is
    nobody's but the buyer's choice, the store may keep a fee.

    Raises RefundUnitsError.
    """
    faulty = {part_id} if REASONS[reason][1] else set()
    rates = restocking_rates(known.policies, reason)
    return make_plan(known.facts, units, faulty=faulty, otherwise=otherwise, now=now, restocking=rates)


def restocking_of(session: Session, *, case: ReturnView, now: datetime) -> int:
    """What the store keeps of a case as its fee; before it is decided, what it would if all of it came back."""
    if case.must_pay:
        states: tuple[str, ...] = ("accepted",)
    elif case.wish == Wish.REFUND and case.status in TO_DECIDE:
        states = TO_DECIDE
    else:
        return case.restocking_minor
    known = load_refundable(session, order_id=case.order_id, now=now)
    assert known is not None
    units = case.units_in(*states)
    plan = plan_units(known, units, part_id=case.part_id, reason=case.reason, otherwise=case.otherwise, now=now)
    return plan.restocking_minor


def refund_units(
    session: Session, *, taken: Taken, units: Sequence[ReturnUnit], actor: Actor, now: datetime
) -> uuid.UUID:
    """Give back what these units cost their buyer; an amount above the limit waits for an administrator.

    Raises RejectedError for what is disputed.
    """
    case = taken.case
    known = load_refundable(session, order_id=case.order_id, now=now)
    assert known is not None
    refuse_unsettled(known.head)
    counts: dict[uuid.UUID, int] = dict(Counter(one.line_id for one in units))
    plan = plan_units(known, counts, part_id=case.part_id, reason=case.reason, otherwise=case.otherwise, now=now)
    limits = [known.policies[line_id] for line_id in counts]
    needs_admin = any(is_above(one.approve_above, plan.total_minor, plan.currency) for one in limits)
    asks = needs_admin and not may(actor, Permission.REFUND_APPROVE)
    planned = PlannedRefund(
        order=known, plan=plan, consents=(Consent(None, "amount"),) if asks else (), step_up=False, refused={}
    )
    request = RefundRequest(
        key=str(case.id),
        selection=Selection(counts),
        reason=case.reason,
        shown=plan.mark,
        note=case.number,
        otherwise=case.otherwise,
    )
    made = carry_out(
        session,
        order=taken.order,
        planned=planned,
        request=request,
        party=Party.BUYER,
        idem_key=f"return:{case.id}",
        bank=None,
        actor=actor,
        now=now,
    )
    return made.refund_id
