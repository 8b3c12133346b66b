"""Ask for a refund: the plan that was shown is stored, and carried out where nobody else must agree (REF-01)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import Destination, Refund, RefundApproval, RefundLine
from portal.rules.permissions import Actor, Role
from portal.rules.planned_refund import RefundPlan
from portal.rules.refund_policy import Party, working_day_after
from portal.rules.states import Machine
from portal.rules.step_up import StepUpAction
from portal.services.accounts.bank_details import check_bank, keep_bank
from portal.services.accounts.step_up import Binding, require_step_up
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.history import Move, record_moves
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.outbox import Event, emit
from portal.services.refunds.apply_plan import apply_plan
from portal.services.refunds.follow_refund import follow_refund
from portal.services.refunds.locks import lock_order
from portal.services.refunds.plan_refund import PlannedRefund, RefundOrderUnknownError, Selection, plan_refund

KEY_LENGTH_MAX = 200
NOTE_LENGTH_MAX = 500


class RefundChangedError(PortalError):
    """What would be given back is not what was shown (any more)."""

    code = "refund_changed_since_shown"
    status = 409
    sentence = N_("What you get back has changed since you saw it. Look at it again; nothing was done.")


class PreferenceUnknownError(PortalError):
    code = "refund_preference_unknown"
    sentence = N_("Choose where the money is to go.")


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What somebody confirmed. `shown` is the mark of the plan he saw; `key` that of his submission.

    `otherwise` is where goes what cannot go back its own way: deposit, or bank with the details in `bank`.
    """

    key: str
    selection: Selection
    reason: str
    shown: str
    note: str = ""
    otherwise: str = Destination.DEPOSIT
    bank: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Requested:
    """The refund, and its state just after; `is_repeat` says that the submission had come before."""

    refund_id: uuid.UUID
    status: str
    is_repeat: bool = False


def request_refund(
    session: Session, *, actor: Actor, party: Party, order_id: uuid.UUID, request: RefundRequest, now: datetime
) -> Requested:
    """Decide a refund under the order's lock. One submission is one refund, however often it is sent.

    Raises what plan_refund raises, RefundChangedError, PreferenceUnknownError, BankDetailsError, StepUpNeededError
    above the threshold, and the errors of idempotency keys. Calls no gateway: legs are sent after commit.
    """
    if not request.key or len(request.key) > KEY_LENGTH_MAX:
        raise IdempotencyKeyMissingError
    if request.otherwise not in {Destination.DEPOSIT, Destination.BANK}:
        raise PreferenceUnknownError
    order = lock_order(session, order_id)
    if order is None:
        raise RefundOrderUnknownError
    idem_key = f"refund:{label(actor)}:{request.key}"
    known = session.execute(
        select(Refund.id, Refund.order_id, Refund.shown, Refund.status).where(Refund.idem_key == idem_key)
    ).one_or_none()
    if known is not None:
        if (known.order_id, known.shown) != (order_id, request.shown):
            raise IdempotencyKeyReusedError
        return Requested(known.id, known.status, is_repeat=True)
    planned = plan_refund(
        session,
        actor=actor,
        party=party,
        order_id=order_id,
        selection=request.selection,
        reason=request.reason,
        otherwise=request.otherwise,
        now=now,
    )
    if planned.plan.mark != request.shown:
        raise RefundChangedError
    bank = None
    if any(leg.destination == Destination.BANK for leg in planned.plan.legs):
        bank = check_bank(request.bank or {})
    # What we do ourselves was proved, or decided with its own permission, before.
    if planned.step_up and Role.SYSTEM not in actor.roles:
        bound = f"order:{order_id}:{party}:{planned.plan.mark}:{keep_bank(bank or {})}"
        amount = Money(planned.plan.total_minor, planned.plan.currency)
        binding = Binding(bound, amount, {"number": order.number})
        require_step_up(session, actor=actor, action=StepUpAction.REQUEST_REFUND, binding=binding, now=now)
    return carry_out(
        session,
        order=order,
        planned=planned,
        request=request,
        party=party,
        idem_key=idem_key,
        bank=bank,
        actor=actor,
        now=now,
    )


def carry_out(
    session: Session,
    *,
    order: Row[Any],
    planned: PlannedRefund,
    request: RefundRequest,
    party: Party,
    idem_key: str,
    bank: Mapping[str, str] | None,
    actor: Actor,
    now: datetime,
) -> Requested:
    """Write a refund that was planned behind the order's lock, and give it back where nobody else must agree."""
    refund_id = new_id()
    _write(session, refund_id, order, planned, request, party, idem_key, actor, now)
    if planned.consents:
        return _wait(session, refund_id, order, planned, bank, now)
    apply_plan(
        session,
        refund_id=refund_id,
        order=order,
        known=planned.order,
        plan=planned.plan,
        bank=bank,
        actor=actor,
        now=now,
    )
    tell_approved(session, refund_id=refund_id, order=order, plan=planned.plan, actor=actor, now=now)
    return Requested(refund_id, follow_refund(session, refund_id=refund_id, order=order, actor=actor, now=now))


def _write(
    session: Session,
    refund_id: uuid.UUID,
    order: Row[Any],
    planned: PlannedRefund,
    request: RefundRequest,
    party: Party,
    idem_key: str,
    actor: Actor,
    now: datetime,
) -> None:
    plan = planned.plan
    row = {
        "id": refund_id,
        "order_id": order.id,
        "kind": "full" if plan.is_whole else "partial",
        "idem_key": idem_key,
        "reason": request.reason,
        "currency": order.currency,
        "total_minor": plan.total_minor,
        "status": "requested",
        "requested_by": label(actor),
        "requested_at": now,
        "origin": "self_service" if party is Party.BUYER else party.value,
        "note": request.note.strip()[:NOTE_LENGTH_MAX] or None,
        "preference": request.otherwise,
        "plan": plan.as_json(),
        "shown": request.shown,
        "due_at": working_day_after(now),
    }
    insert_rows(session, Refund, [row])
    insert_rows(session, RefundLine, [_line(refund_id, line) for line in plan.lines])
    record_moves(session, Move(Machine.REFUND, refund_id, None, "requested", order.id), actor=actor, now=now)
    after = {
        "total_minor": plan.total_minor,
        "restocking_minor": plan.restocking_minor,
        "order": str(order.id),
        "scope": request.selection.kind,
    }
    fact = Fact(AuditAction.REFUND_REQUESTED, f"refund:{refund_id}", after=after, reason=request.reason)
    record(session, fact, actor=actor, now=now)


def _line(refund_id: uuid.UUID, line: Any) -> dict[str, Any]:
    return {
        "id": new_id(),
        "refund_id": refund_id,
        "line_id": line.line_id,
        "part_id": None if line.line_id else line.part_id,
        "quantity": line.units,
        "amount_minor": line.amount_minor,
        "tax_minor": line.tax_minor if line.is_less else None,
        "restocking_minor": line.restocking_minor,
    }


def _wait(
    session: Session,
    refund_id: uuid.UUID,
    order: Row[Any],
    planned: PlannedRefund,
    bank: Mapping[str, str] | None,
    now: datetime,
) -> Requested:
    """Others must agree first; the bank details wait encrypted with the refund."""
    insert_rows(
        session,
        RefundApproval,
        [
            {
                "refund_id": refund_id,
                "approver": "admin" if consent.store_id is None else "store",
                "store_id": consent.store_id,
                "why": consent.why,
            }
            for consent in planned.consents
        ],
    )
    if bank is not None:
        refund = session.get_one(Refund, refund_id)
        refund.bank = keep_bank(bank)
        session.flush()
    emit(session, refund_event("refund.requested", refund_id, order), now=now)
    return Requested(refund_id, "requested")


def refund_event(kind: str, refund_id: uuid.UUID, order: Row[Any]) -> Event:
    """A fact about a refund, heard by the open pages of its order."""
    return Event(
        kind,
        f"order:{order.id}",
        {"refund": str(refund_id), "number": order.number},
        channel_id=order.channel_id,
        profile_id=order.buyer_id,
        priority="high",
    )


def tell_approved(
    session: Session, *, refund_id: uuid.UUID, order: Row[Any], plan: RefundPlan, actor: Actor, now: datetime
) -> None:
    """Record a decision and tell of it: workers send the legs from here on."""
    after = {
        "total_minor": plan.total_minor,
        "legs": [(leg.type, leg.amount_minor, leg.destination) for leg in plan.legs],
    }
    record(session, Fact(AuditAction.REFUND_APPROVED, f"refund:{refund_id}", after=after), actor=actor, now=now)
    emit(session, refund_event("refund.approved", refund_id, order), now=now)
