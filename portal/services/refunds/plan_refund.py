"""What a refund would do, before anybody has confirmed it: amounts per tender, whose consent, why not (REF-01, B27)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError, RejectedError, Rejection
from portal.kit.money import Money
from portal.kit.text import N_
from portal.queries.refund_facts import OrderHead, Refundable, load_refundable
from portal.rules.fx import Exchanged, exchange
from portal.rules.permissions import Actor, Permission, Scope, may, scopes_of, stores_for
from portal.rules.planned_refund import RefundPlan
from portal.rules.refund_order import LineFacts
from portal.rules.refund_plan import make_plan
from portal.rules.refund_policy import (
    AFTER_SHIPMENT,
    REASONS,
    Party,
    is_above,
    needs_step_up,
    refusal_of,
    store_must_agree,
)
from portal.rules.refunds import RefundUnitsError
from portal.rules.restocking import restocking_rates

REFUNDABLE = frozenset({"paid", "shipped", "delivered", "partially_refunded"})


class RefundOrderUnknownError(PortalError):
    """There is no such order, or it is somebody else's."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class NothingToRefundError(PortalError):
    code = "nothing_to_refund"
    status = 409
    sentence = N_("There is nothing left of this order that could be given back.")


class NothingChosenError(PortalError):
    code = "nothing_chosen"
    sentence = N_("Choose what is to be given back.")


class RefundWaitingError(PortalError):
    code = "refund_waiting"
    status = 409
    sentence = N_("A request for this parcel waits for an answer already. You will hear as soon as there is one.")


DISPUTED = Rejection("PAYMENT_DISPUTED", N_("The bank is asked to take this payment back already. It decides."))


class CaptureUnderWayError(PortalError):
    """The gateway was asked to take what it holds; what goes back is known when it has answered."""

    code = "capture_under_way"
    status = 409
    sentence = N_("The payment is being taken at this moment. Try again in a minute; nothing was changed.")


class RefundReasonError(PortalError):
    code = "refund_reason_unknown"
    sentence = N_("Choose one of the reasons.")


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked back: units by line, or all that is left of a part; neither means all that is left of the order."""

    units: Mapping[uuid.UUID, int] | None = None
    part_id: uuid.UUID | None = None

    @property
    def kind(self) -> str:
        return "units" if self.units is not None else "part" if self.part_id else "order"


@dataclass(frozen=True, slots=True)
class Consent:
    """Somebody who must agree: the store with this id, or an administrator (None). `why` is one word."""

    store_id: int | None
    why: str


@dataclass(frozen=True, slots=True)
class PlannedRefund:
    """The plan with everything that is shown beside it. `step_up` asks whoever requests it to prove himself again."""

    order: Refundable
    plan: RefundPlan
    consents: tuple[Consent, ...]
    step_up: bool
    refused: Mapping[uuid.UUID, Rejection]

    @property
    def in_platform(self) -> Exchanged | None:
        """The whole in the platform's currency at the order's own rate; None where it is in that currency itself."""
        rate = self.order.head.rate
        return exchange(Money(self.plan.total_minor, self.plan.currency), rate) if rate else None


def plan_refund(
    session: Session,
    *,
    actor: Actor,
    party: Party,
    order_id: uuid.UUID,
    selection: Selection,
    reason: str,
    otherwise: str = "deposit",
    now: datetime,
) -> PlannedRefund:
    """Plan a refund as the world is now; writes nothing. `refused` says of each line left out why.

    Raises RefundOrderUnknownError, NothingToRefundError, CaptureUnderWayError, RefundWaitingError, RefundReasonError,
    RefundUnitsError, and RejectedError with the rule's own reason for what was named and cannot be given back.
    """
    order = load_refundable(session, order_id=order_id, now=now)
    if order is None or not _may(actor, party, order):
        raise RefundOrderUnknownError
    if party not in REASONS.get(reason, (frozenset(), False))[0]:
        raise RefundReasonError
    refuse_unsettled(order.head)
    if order.head.status not in REFUNDABLE:
        raise NothingToRefundError
    faulty = _faulty(order, party, reason)
    refused = refusals(order, party=party, actor=actor, faulty=faulty, now=now)
    units = _units(order, selection, refused)
    if any(order.parts[line.part_id].waits for line in order.facts.lines if line.id in units):
        raise RefundWaitingError
    plan = make_plan(
        order.facts,
        units,
        faulty=faulty,
        otherwise=otherwise,
        now=now,
        restocking=restocking_rates(order.policies, reason),
    )
    limits = [order.policies[line.id] for line in order.facts.lines if line.id in units]
    total, currency = plan.total_minor, plan.currency
    return PlannedRefund(
        order=order,
        plan=plan,
        consents=_consents(
            order, plan, party, actor, needs_admin=any(is_above(one.approve_above, total, currency) for one in limits)
        ),
        step_up=any(needs_step_up(one, total, currency) for one in limits),
        refused=refused,
    )


def refusals(
    order: Refundable, *, party: Party, actor: Actor, faulty: frozenset[uuid.UUID], now: datetime
) -> dict[uuid.UUID, Rejection]:
    """Why lines with something left cannot be given back, by line."""
    found: dict[uuid.UUID, Rejection] = {}
    own = stores_for(actor, Permission.REFUND_HANDLE)
    for line in order.facts.lines:
        part = order.parts[line.part_id]
        if party is Party.SELLER and part.store_id not in own:
            found[line.id] = Rejection("NOT_YOURS", N_("This belongs to another store."))
            continue
        refusal = refusal_of(
            order.policies[line.id],
            part_status=part.status,
            shipped_at=part.shipped_at,
            delivered_at=part.delivered_at,
            sellers_fault=part.id in faulty,
            party=party,
            now=now,
        )
        if refusal is not None and line.units_left:
            found[line.id] = refusal
    return found


def _may(actor: Actor, party: Party, order: Refundable) -> bool:
    if party is Party.ADMIN:
        return Scope.ALL in scopes_of(actor, Permission.REFUND_HANDLE)
    if party is Party.SELLER:
        return any(may(actor, Permission.REFUND_HANDLE, store_id=part.store_id) for part in order.parts.values())
    return actor.user_id == order.head.buyer_id and may(actor, Permission.REFUND_HANDLE, owner_id=order.head.buyer_id)


def refuse_unsettled(head: OrderHead) -> None:
    """Raises what refuse_disputed raises, and CaptureUnderWayError while a gateway is taking what it holds."""
    refuse_disputed(head.payment_status)
    if head.is_being_taken:
        raise CaptureUnderWayError


def refuse_disputed(payment_status: str | None) -> None:
    """Raises RejectedError for a payment that the buyer's bank has taken back, or is about to (STR-05)."""
    if payment_status in {"disputed", "dispute_lost"}:
        raise RejectedError(DISPUTED)


def _faulty(order: Refundable, party: Party, reason: str) -> frozenset[uuid.UUID]:
    """Parts whose seller is at fault. Of what was never sent a buyer cannot say that it was damaged."""
    if not REASONS[reason][1]:
        return frozenset()
    return frozenset(
        part.id for part in order.parts.values() if party is not Party.BUYER or part.status in AFTER_SHIPMENT
    )


def _units(order: Refundable, selection: Selection, refused: Mapping[uuid.UUID, Rejection]) -> dict[uuid.UUID, int]:
    """Units by line. What was named must be possible; of a whole part or order what is possible is taken."""
    lines = {line.id: line for line in order.facts.lines}
    if selection.units is not None:
        return _named(order, lines, selection.units, refused)
    left = {line.id: line.units_left - order.in_open_returns(line.id) for line in lines.values()}
    wanted = [line for line in lines.values() if left[line.id] > 0 and selection.part_id in (None, line.part_id)]
    if not wanted:
        raise NothingToRefundError
    units = {line.id: left[line.id] for line in wanted if line.id not in refused}
    if not units:
        raise RejectedError(refused[wanted[0].id])
    return units


def _named(
    order: Refundable,
    lines: Mapping[uuid.UUID, LineFacts],
    units: Mapping[uuid.UUID, int],
    refused: Mapping[uuid.UUID, Rejection],
) -> dict[uuid.UUID, int]:
    chosen = {line_id: count for line_id, count in units.items() if count}
    if not chosen:
        raise NothingChosenError
    for line_id, count in chosen.items():
        if line_id not in lines:
            raise RefundOrderUnknownError
        if line_id in refused:
            raise RejectedError(refused[line_id])
        left = max(0, lines[line_id].units_left - order.in_open_returns(line_id))
        if not 0 < count <= left:
            raise RefundUnitsError(left=left)
    return chosen


def _consents(
    order: Refundable, plan: RefundPlan, party: Party, actor: Actor, *, needs_admin: bool
) -> tuple[Consent, ...]:
    stores = {
        order.parts[part_id].store_id: Consent(order.parts[part_id].store_id, f"after_{order.parts[part_id].status}")
        for part_id in plan.part_ids
        if store_must_agree(order.parts[part_id].status, party)
    }
    found = tuple(stores.values())
    if party is Party.ADMIN and not may(actor, Permission.REFUND_APPROVE):
        return (*found, Consent(None, "permission"))
    if needs_admin and party is not Party.ADMIN:
        return (*found, Consent(None, "amount"))
    return found
