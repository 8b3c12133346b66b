"""A store agrees to a return or says why not; its buyer takes it back, or lets its time pass (ORD-005)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.returns import last_return_address
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.refund_policy import Party
from portal.rules.returns import SEND_WITHIN, ReturnKind, Wish
from portal.rules.states import Machine, MoveRefusedError, check_move
from portal.services.audit import AuditAction, label
from portal.services.refunds.decide_refund import RefusalReasonError
from portal.services.returns.take_return import Taken, move_return, move_units, take_return
from portal.services.stock.move_return_units import move_return_units

ANSWER_LENGTH_MAX = 1000
ADDRESS_LENGTH_MAX = 400
LAPSE_BATCH = 100

_LAPSED = text(
    "SELECT id FROM goods_return WHERE status = 'approved' AND send_by <= :now ORDER BY send_by LIMIT :limit"
)


class ReturnAddressError(PortalError):
    code = "return_address_missing"
    sentence = N_("Say where the buyer is to send it.")


def approve_return(
    session: Session,
    *,
    return_id: uuid.UUID,
    actor: Actor,
    now: datetime,
    return_to: str = "",
    version: int | None = None,
) -> bool:
    """Agree: the buyer gets a label and two weeks; what he wants in exchange is taken off the shelf for him now.

    `return_to` is the address for it, by default that of the last time. False for a repeat. Raises ReturnAddressError,
    ReturnUnknownError, ReturnChangedError, MoveRefusedError, OutOfStockError.
    """
    taken = take_return(
        session, return_id=return_id, actor=actor, party=Party.SELLER, version=version, done=("approved",)
    )
    if taken.is_repeat:
        return False
    case = taken.case
    if case.kind == ReturnKind.CLAIM:
        raise MoveRefusedError(machine=str(Machine.RETURN), old=case.status, new="approved")
    check_move(Machine.RETURN, case.status, "approved")
    address = return_to.strip()[:ADDRESS_LENGTH_MAX] or last_return_address(session, store_id=case.store_id)
    if not address:
        raise ReturnAddressError
    case.return_to = address
    if case.wish == Wish.EXCHANGE:
        move_return_units(session, unit_ids=[one.id for one in taken.units], reason="exchanged", now=now)
    case.decided_by, case.decided_at, case.send_by = label(actor), now, now + SEND_WITHIN
    move_units(session, taken.in_state("requested"), "approved", actor=actor, now=now)
    move_return(session, taken, "approved", actor=actor, now=now, action=AuditAction.RETURN_DECIDED)
    return True


def refuse_return(
    session: Session, *, return_id: uuid.UUID, actor: Actor, answer: str, now: datetime, version: int | None = None
) -> bool:
    """Say no, with the reason that the buyer reads. False for a repeat.

    Raises RefusalReasonError, ReturnUnknownError, ReturnChangedError, MoveRefusedError.
    """
    if not answer.strip():
        raise RefusalReasonError
    taken = take_return(
        session, return_id=return_id, actor=actor, party=Party.SELLER, version=version, done=("refused",)
    )
    if taken.is_repeat:
        return False
    case = taken.case
    check_move(Machine.RETURN, case.status, "refused")
    case.decided_by, case.decided_at, case.closed_at = label(actor), now, now
    case.answer = answer.strip()[:ANSWER_LENGTH_MAX]
    move_units(session, taken.in_state("requested"), "refused", actor=actor, now=now)
    action = AuditAction.RETURN_DECIDED
    move_return(session, taken, "refused", actor=actor, now=now, action=action, reason=case.answer)
    return True


def withdraw_return(session: Session, *, return_id: uuid.UUID, actor: Actor, now: datetime) -> bool:
    """The buyer keeps his goods, as long as he has not sent them. False for a repeat. Raises as approve_return."""
    taken = take_return(session, return_id=return_id, actor=actor, party=Party.BUYER, done=("cancelled",))
    if taken.is_repeat:
        return False
    _end(session, taken, "cancelled", actor, now)
    return True


def lapsed_returns(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Approved returns that nobody has sent in time."""
    return list(session.scalars(_LAPSED, {"now": now, "limit": LAPSE_BATCH}))


def lapse_return(session: Session, *, return_id: uuid.UUID, now: datetime) -> bool:
    """End a return whose time is over; False when it was sent meanwhile."""
    taken = take_return(session, return_id=return_id, actor=SYSTEM, party=Party.ADMIN)
    case = taken.case
    if case.status != "approved" or case.send_by is None or case.send_by > now:
        return False
    _end(session, taken, "lapsed", SYSTEM, now)
    return True


def _end(session: Session, taken: Taken, new: str, actor: Actor, now: datetime) -> None:
    case = taken.case
    check_move(Machine.RETURN, case.status, new)
    if case.wish == Wish.EXCHANGE and case.status != "requested":
        move_return_units(session, unit_ids=[one.id for one in taken.units], reason="exchange_undone", now=now)
    case.closed_at = now
    move_units(session, taken.in_state("requested", "approved"), "cancelled", actor=actor, now=now)
    move_return(session, taken, new, actor=actor, now=now)
