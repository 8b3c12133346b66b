"""A store or an administrator agrees to a refund, or says why not (REF-01)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Destination, Refund, RefundApproval, RefundLine
from portal.queries.refund_facts import load_refundable
from portal.rules.permissions import Actor, Permission, Scope, may, scopes_of
from portal.rules.planned_refund import RefundPlan
from portal.rules.refund_plan import make_plan
from portal.rules.refund_policy import AFTER_SHIPMENT, REASONS
from portal.rules.restocking import restocking_rates
from portal.rules.states import Machine
from portal.services.accounts.bank_details import read_bank
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.history import Move, record_moves
from portal.services.outbox import emit
from portal.services.refunds.apply_plan import apply_plan
from portal.services.refunds.follow_refund import follow_refund
from portal.services.refunds.locks import lock_order
from portal.services.refunds.plan_refund import refuse_unsettled
from portal.services.refunds.request_refund import refund_event, tell_approved


class RefundUnknownError(PortalError):
    """There is no such refund, or it does not concern whoever asks."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class RefundDecidedError(PortalError):
    code = "refund_decided"
    status = 409
    sentence = N_("This request was decided already. Nothing was changed by you.")


class RefundOutdatedError(PortalError):
    """What was requested cannot be carried out as it was shown to the buyer."""

    code = "refund_outdated"
    status = 409
    sentence = N_(
        "The parcel has moved on since this was asked for, and other amounts would go back than the buyer was shown. "
        "Refuse it and say so; the buyer can ask again and sees the new amounts."
    )


class RefusalReasonError(PortalError):
    code = "refusal_reason_missing"
    sentence = N_("Say why: the buyer reads it.")


def approve_refund(session: Session, *, refund_id: uuid.UUID, actor: Actor, reason: str, now: datetime) -> str:
    """Agree, for the store or for the mall; with the last consent the refund is carried out. Returns its status.

    Raises RefundUnknownError, RefundDecidedError, RefundOutdatedError, RejectedError for what is disputed.
    """
    refund, order, waiting = _take(session, refund_id, actor)
    mine = _mine(waiting, actor)
    _mark(session, mine, "approved", reason, actor, now)
    if len(mine) < len(waiting):
        fact = Fact(AuditAction.REFUND_APPROVED, f"refund:{refund_id}", after={"waiting": len(waiting) - len(mine)})
        record(session, fact, actor=actor, now=now)
        emit(session, refund_event("refund.agreed", refund_id, order), now=now)
        return "requested"
    known = load_refundable(session, order_id=order.id, now=now)
    assert known is not None
    refuse_unsettled(known.head)
    plan = _plan_again(session, refund, known, now)
    apply_plan(
        session,
        refund_id=refund_id,
        order=order,
        known=known,
        plan=plan,
        bank=read_bank(refund.bank),
        actor=actor,
        now=now,
    )
    tell_approved(session, refund_id=refund_id, order=order, plan=plan, actor=actor, now=now)
    return follow_refund(session, refund_id=refund_id, order=order, actor=actor, now=now)


def refuse_refund(session: Session, *, refund_id: uuid.UUID, actor: Actor, reason: str, now: datetime) -> None:
    """Say no, with the reason that the buyer reads. Nothing was moved, so nothing goes back.

    Raises RefundUnknownError, RefundDecidedError, RefusalReasonError.
    """
    if not reason.strip():
        raise RefusalReasonError
    _, order, waiting = _take(session, refund_id, actor)
    _mark(session, _mine(waiting, actor), "refused", reason, actor, now)
    _end(session, refund_id, order, "refused", reason, actor, now)


def withdraw_refund(session: Session, *, refund_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """The one who asked takes his request back, as long as nobody has decided. Raises as refuse_refund."""
    order_id, by = _head(session, refund_id)
    order = lock_order(session, order_id)
    assert order is not None
    if by != label(actor):
        raise RefundUnknownError
    status = session.execute(select(Refund.status).where(Refund.id == refund_id)).scalar_one()
    if status != "requested":
        raise RefundDecidedError
    _end(session, refund_id, order, "cancelled", "withdrawn", actor, now)


def _end(
    session: Session, refund_id: uuid.UUID, order: Row[Any], status: str, reason: str, actor: Actor, now: datetime
) -> None:
    session.execute(update(Refund).where(Refund.id == refund_id).values(status=status, completed_at=now))
    record_moves(session, Move(Machine.REFUND, refund_id, "requested", status, order.id, reason), actor=actor, now=now)
    fact = Fact(AuditAction.REFUND_REFUSED, f"refund:{refund_id}", {"status": "requested"}, {"status": status}, reason)
    record(session, fact, actor=actor, now=now)
    emit(session, refund_event(f"refund.{status}", refund_id, order), now=now)


def _head(session: Session, refund_id: uuid.UUID) -> tuple[uuid.UUID, str]:
    found = session.execute(select(Refund.order_id, Refund.requested_by).where(Refund.id == refund_id)).one_or_none()
    if found is None:
        raise RefundUnknownError
    return found.order_id, found.requested_by


def _take(session: Session, refund_id: uuid.UUID, actor: Actor) -> tuple[Refund, Row[Any], list[RefundApproval]]:
    """The refund and the consents that are still missing, behind the order's lock."""
    order_id, _ = _head(session, refund_id)
    order = lock_order(session, order_id)
    assert order is not None
    refund = session.get_one(Refund, refund_id, populate_existing=True)
    approvals = session.scalars(select(RefundApproval).where(RefundApproval.refund_id == refund_id)).all()
    if not any(_concerns(one, actor) for one in approvals):
        raise RefundUnknownError
    waiting = [one for one in approvals if one.state == "waiting"]
    if refund.status != "requested" or not _mine(waiting, actor):
        raise RefundDecidedError
    return refund, order, waiting


def _concerns(approval: RefundApproval, actor: Actor) -> bool:
    if approval.store_id is None:
        return may(actor, Permission.REFUND_APPROVE)
    # An administrator may agree in a store's stead; a store only for itself.
    for_all = Scope.ALL in scopes_of(actor, Permission.REFUND_HANDLE) and may(actor, Permission.REFUND_APPROVE)
    return for_all or may(actor, Permission.REFUND_HANDLE, store_id=approval.store_id)


def _mine(waiting: list[RefundApproval], actor: Actor) -> list[RefundApproval]:
    return [one for one in waiting if _concerns(one, actor)]


def _mark(
    session: Session, approvals: list[RefundApproval], state: str, reason: str, actor: Actor, now: datetime
) -> None:
    for one in approvals:
        one.state, one.decided_by, one.decided_at, one.reason = state, label(actor), now, reason.strip() or None
    session.flush()


def _plan_again(session: Session, refund: Refund, known: Any, now: datetime) -> RefundPlan:
    """The plan as it is now: every amount must be the one that the buyer was shown."""
    rows = session.execute(
        select(RefundLine.line_id, RefundLine.quantity).where(
            RefundLine.refund_id == refund.id, RefundLine.line_id.is_not(None)
        )
    ).all()
    faulty: frozenset[uuid.UUID] = frozenset()
    if REASONS.get(refund.reason, (frozenset(), False))[1]:
        by_buyer = refund.origin == "self_service"
        faulty = frozenset(part.id for part in known.parts.values() if not by_buyer or part.status in AFTER_SHIPMENT)
    plan = make_plan(
        known.facts,
        {row.line_id: row.quantity for row in rows if row.line_id is not None},
        faulty=faulty,
        otherwise=refund.preference or "deposit",
        now=now,
        restocking=restocking_rates(known.policies, refund.reason),
    )
    if _amounts(plan.as_json()) != _amounts(refund.plan):
        raise RefundOutdatedError
    return plan


def _amounts(plan: Any) -> Any:
    """What the buyer is shown of the plan. A coupon or mileage may have turned out better since."""
    # What was only held and is taken since goes back to where it came from.
    ways = {Destination.RELEASE: Destination.ORIGINAL}
    return [
        (leg["tender_id"], leg["amount_minor"], leg["points"], ways.get(leg["destination"], leg["destination"]))
        for leg in plan["legs"]
    ]
