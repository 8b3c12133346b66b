"""Look at what came back: units are taken or go back to their buyer; money, shelf and exchange follow (ORD-005)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Refund, ReturnUnit
from portal.rules.permissions import Actor
from portal.rules.refund_policy import Party
from portal.rules.returns import Verdict, Wish, verdict_missing
from portal.rules.states import Machine, check_move
from portal.services.audit import AuditAction
from portal.services.returns.exchange_goods import ask_for_more, give_back_less
from portal.services.returns.refund_units import refund_units
from portal.services.returns.take_return import Taken, move_return, move_units, take_return
from portal.services.stock.move_return_units import move_return_units

NOTE_LENGTH_MAX = 1000


class VerdictMissingError(PortalError):
    code = "return_verdict_missing"
    sentence = N_("Say of each piece that came whether you take it, and in which condition it is.")


class InspectionNoteError(PortalError):
    code = "return_note_missing"
    sentence = N_("Say why you do not take a piece: the buyer reads it.")


def inspect_return(
    session: Session,
    *,
    return_id: uuid.UUID,
    verdicts: Mapping[uuid.UUID, Verdict],
    note: str,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> bool:
    """Judge every unit that came, by its id. Taken ones are refunded or exchanged, and sold again where they can be.

    False for a repeat. Raises VerdictMissingError, InspectionNoteError, ReturnUnknownError, ReturnChangedError,
    MoveRefusedError, RejectedError.
    """
    taken = take_return(
        session, return_id=return_id, actor=actor, party=Party.SELLER, version=version, done=("inspected", "settled")
    )
    if taken.is_repeat:
        return False
    case = taken.case
    check_move(Machine.RETURN, case.status, "inspected")
    received = taken.in_state("received")
    if verdict_missing({one.id for one in received}, verdicts):
        raise VerdictMissingError
    if any(one.accepted and one.condition is None for one in verdicts.values()):
        raise VerdictMissingError
    kept = [one for one in received if verdicts[one.id].accepted]
    rejected = [one for one in received if not verdicts[one.id].accepted]
    if rejected and not note.strip():
        raise InspectionNoteError
    for one in received:
        condition = verdicts[one.id].condition
        one.condition = condition.value if condition else None
        one.to_restock = verdicts[one.id].goes_on_shelf
    case.inspected_at, case.inspection_note = now, note.strip()[:NOTE_LENGTH_MAX] or None
    # Money before stock, as orders take them.
    if kept and case.wish == Wish.REFUND:
        case.refund_id = refund_units(session, taken=taken, units=kept, actor=actor, now=now)
    must_pay = case.wish == Wish.EXCHANGE and ask_for_more(session, taken=taken, units=kept, now=now)
    if kept and case.wish == Wish.EXCHANGE:
        case.refund_id = give_back_less(session, taken=taken, units=kept, actor=actor, now=now)
    move_units(session, kept, "accepted", actor=actor, now=now)
    move_units(session, rejected, "rejected", actor=actor, now=now)
    restocked = sum(one.to_restock for one in kept)
    if not must_pay and not refund_waits(session, taken):
        restock_units(session, kept, now=now)
    if case.wish == Wish.EXCHANGE:
        move_return_units(session, unit_ids=[one.id for one in rejected], reason="exchange_undone", now=now)
    action = AuditAction.RETURN_INSPECTED
    counts = {"accepted": len(kept), "rejected": len(rejected), "restocked": restocked}
    move_return(session, taken, "inspected", actor=actor, now=now, action=action, note=counts)
    settle_if_done(session, taken, actor=actor, now=now)
    return True


def restock_units(session: Session, units: Sequence[ReturnUnit], *, now: datetime) -> None:
    """Put those on the shelf that are to stand there, once."""
    moved = [one for one in units if one.to_restock and not one.restocked]
    for one in moved:
        one.restocked = True
    session.flush()
    move_return_units(session, unit_ids=[one.id for one in moved], reason="returned", now=now)


def refund_waits(session: Session, taken: Taken) -> bool:
    """Whether somebody has still to agree to the refund of this case."""
    if taken.case.refund_id is None:
        return False
    status = session.scalar(select(Refund.status).where(Refund.id == taken.case.refund_id))
    return status == "requested"


def settle_if_done(session: Session, taken: Taken, *, actor: Actor, now: datetime) -> None:
    """Close a case when nothing of it has still to leave the store, and nobody has to agree to its refund."""
    case = taken.case
    goes_out = case.wish != Wish.REFUND and bool(taken.in_state("accepted")) and case.replacement_id is None
    if case.status != "inspected" or goes_out or taken.in_state("rejected") or refund_waits(session, taken):
        return
    case.closed_at = now
    move_return(session, taken, "settled", actor=actor, now=now, action=AuditAction.RETURN_SETTLED)
