"""A refund that its gateway could not take goes out another way; it is owed until then (REF-03, S20)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import Destination, Refund, RefundLeg
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.posting import EntryKind, OrderMoney, order_refunded
from portal.rules.states import Machine
from portal.rules.step_up import StepUpAction
from portal.services.accounts.bank_details import check_bank, ends_of, keep_bank
from portal.services.accounts.step_up import Binding, check_step_up
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import emit
from portal.services.refunds.apply_plan import write_payout
from portal.services.refunds.follow_refund import follow_refund
from portal.services.refunds.locks import lock_order
from portal.services.refunds.plan_refund import refuse_disputed
from portal.services.refunds.request_refund import PreferenceUnknownError, refund_event

_LEG = text(
    """
    SELECT g.id, g.refund_id, g.tender_id, g.amount_minor, g.status, g.attempt_id, f.order_id, f.currency,
           (SELECT p.status FROM payment p WHERE p.tender_id = g.tender_id LIMIT 1) AS payment_status,
           EXISTS (SELECT FROM refund_leg n WHERE n.replaces = g.id) AS is_replaced
      FROM refund_leg g JOIN refund f ON f.id = g.refund_id WHERE g.id = :leg_id
    """
)


class LegUnknownError(PortalError):
    """There is no such leg, or it is somebody else's."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class LegNotFailedError(PortalError):
    code = "refund_leg_not_failed"
    status = 409
    sentence = N_("This part of the refund has not failed (any more). Nothing was changed.")


def replace_leg(
    session: Session,
    *,
    leg_id: uuid.UUID,
    destination: str,
    bank: Mapping[str, str] | None,
    actor: Actor,
    now: datetime,
) -> uuid.UUID:
    """Send what a failed leg owes another way, once: as deposit, to a bank account, or, by administrators, as before.

    Returns the new leg. Raises LegUnknownError, LegNotFailedError, PreferenceUnknownError, BankDetailsError, and
    RejectedError while the bank has the payment: nothing is paid twice. A large amount to a bank account is confirmed
    as a withdrawal of it would be: StepUpNeededError.
    """
    first = session.execute(_LEG, {"leg_id": leg_id}).one_or_none()
    order = lock_order(session, first.order_id) if first is not None else None
    if order is None:
        raise LegUnknownError
    is_admin = Scope.ALL in scopes_of(actor, Permission.REFUND_HANDLE)
    if not is_admin and actor.user_id != order.buyer_id:
        raise LegUnknownError
    ways = {Destination.DEPOSIT, Destination.BANK} | ({Destination.ORIGINAL} if is_admin else set())
    if destination not in ways:
        raise PreferenceUnknownError
    leg = session.execute(_LEG, {"leg_id": leg_id}).one()
    if leg.status != "failed" or leg.is_replaced:
        raise LegNotFailedError
    refuse_disputed(leg.payment_status)
    details = check_bank(bank or {}) if destination == Destination.BANK else None
    if details is not None:
        told = {"bank": details["bank"], "ends": ends_of(details)}
        binding = Binding(f"leg:{leg_id}:bank:{keep_bank(details)}", Money(leg.amount_minor, leg.currency), told)
        check_step_up(session, actor=actor, action=StepUpAction.WITHDRAW, binding=binding, now=now)
    new_leg = _write(session, leg, order, destination, details, actor, now)
    refund = session.execute(select(Refund).where(Refund.id == leg.refund_id)).scalar_one()
    refund.preference = destination if destination != Destination.ORIGINAL else refund.preference
    session.flush()
    after = {"leg": str(new_leg), "replaces": str(leg_id), "destination": str(destination)}
    fact = Fact(AuditAction.REFUND_LEG_REPLACED, f"refund:{leg.refund_id}", after=after)
    record(session, fact, actor=actor, now=now)
    emit(session, refund_event("refund.rerouted", leg.refund_id, order), now=now)
    follow_refund(session, refund_id=leg.refund_id, order=order, actor=actor, now=now)
    return new_leg


def _write(
    session: Session,
    leg: Row[Any],
    order: Row[Any],
    destination: str,
    details: Mapping[str, str] | None,
    actor: Actor,
    now: datetime,
) -> uuid.UUID:
    leg_id = new_id()
    again = destination == Destination.ORIGINAL
    status = "succeeded" if destination == Destination.DEPOSIT else "approved"
    row = {
        "id": leg_id,
        "refund_id": leg.refund_id,
        "tender_id": leg.tender_id,
        "amount_minor": leg.amount_minor,
        "op_key": f"ref_{leg_id.hex}",  # A key of its own: the first one has been answered for good.
        "status": status,
        "updated_at": now,
        "destination": destination,
        "attempt_id": leg.attempt_id if again else None,
        "replaces": leg.id,
        "due_at": now if again else None,
    }
    insert_rows(session, RefundLeg, [row])
    record_moves(session, Move(Machine.REFUND_LEG, leg_id, None, status, order.id), actor=actor, now=now)
    if destination == Destination.DEPOSIT:
        money = OrderMoney(
            order_id=order.id, user_id=order.buyer_id, currency=leg.currency, deposit_minor=leg.amount_minor
        )
        post(
            session,
            kind=EntryKind.ORDER_REFUNDED,
            idem_key=f"refund_leg:{leg_id}",
            lines=order_refunded(money),
            now=now,
            order_id=order.id,
        )
    elif details is not None:
        write_payout(session, leg_id=leg_id, amount_minor=leg.amount_minor, order=order, bank=details, now=now)
    return leg_id
