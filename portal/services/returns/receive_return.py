"""Goods on their way back: the buyer says how he sent them, the store what has come (ORD-005)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import ReturnUnit
from portal.rules.carriers import find_carrier, read_number
from portal.rules.permissions import Actor
from portal.rules.refund_policy import Party
from portal.rules.returns import Wish
from portal.rules.states import Machine, check_move
from portal.services.returns.take_return import move_return, move_units, take_return
from portal.services.stock.move_return_units import move_return_units


class NothingReceivedError(PortalError):
    code = "return_nothing_received"
    sentence = N_("Say how many pieces have come: at least one, at most those that were to come.")


def note_sent(
    session: Session, *, return_id: uuid.UUID, carrier: str, number: str, actor: Actor, now: datetime
) -> bool:
    """The buyer has sent it, with this carrier and number. False for a repeat.

    Raises CarrierUnknownError, TrackingNumberError, ReturnUnknownError, MoveRefusedError.
    """
    found = find_carrier(carrier)
    tracking = read_number(found, number)
    taken = take_return(session, return_id=return_id, actor=actor, party=Party.BUYER, done=("sent",))
    if taken.is_repeat:
        return False
    case = taken.case
    check_move(Machine.RETURN, case.status, "sent")
    case.carrier, case.tracking_number, case.sent_at = found.code, tracking, now
    move_units(session, taken.in_state("approved"), "sent", actor=actor, now=now)
    move_return(session, taken, "sent", actor=actor, now=now, note={"carrier": found.code, "number": tracking})
    return True


def receive_return(
    session: Session,
    *,
    return_id: uuid.UUID,
    units: Mapping[uuid.UUID, int] | None,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> bool:
    """Say what has come, by line (None: all of it); what has not is missing, and stays its buyer's. False for a repeat.

    Receiving is not judging: inspect_return does that. Raises NothingReceivedError, ReturnUnknownError,
    ReturnChangedError, MoveRefusedError.
    """
    taken = take_return(
        session,
        return_id=return_id,
        actor=actor,
        party=Party.SELLER,
        version=version,
        done=("received",),
        handles_goods=True,
    )
    if taken.is_repeat:
        return False
    case = taken.case
    check_move(Machine.RETURN, case.status, "received")
    waiting = taken.in_state("approved", "sent")
    came = waiting if units is None else _came(waiting, units)
    if not came:
        raise NothingReceivedError
    missing = [one for one in waiting if one not in came]
    case.received_at = now
    move_units(session, came, "received", actor=actor, now=now)
    move_units(session, missing, "missing", actor=actor, now=now)
    if case.wish == Wish.EXCHANGE:
        move_return_units(session, unit_ids=[one.id for one in missing], reason="exchange_undone", now=now)
    note = {"came": len(came), "missing": len(missing)}
    move_return(session, taken, "received", actor=actor, now=now, note=note)
    return True


def _came(waiting: list[ReturnUnit], units: Mapping[uuid.UUID, int]) -> list[ReturnUnit]:
    """The first units of each line, as many as have come."""
    came: list[ReturnUnit] = []
    for line_id in {one.line_id for one in waiting}:
        of_line = [one for one in waiting if one.line_id == line_id]
        count = units.get(line_id, 0)
        if not 0 <= count <= len(of_line):
            raise NothingReceivedError
        came += of_line[:count]
    return came
