"""Confirm or pack a part: the two steps of a seller's day before a parcel leaves (ORD-10)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.models import Order, OrderPart
from portal.rules.permissions import Actor
from portal.rules.states import Machine, check_move
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.fulfilment.lock_part import LockedPart, lock_part, refuse_to_go_on
from portal.services.history import Move, record_moves
from portal.services.orders.part_changes import PartChangedError
from portal.services.outbox import Event, emit

Step = Literal["accepted", "packed"]


@dataclass(frozen=True, slots=True)
class NotMoved:
    """A part of many that stayed as it was, and why."""

    part_id: uuid.UUID
    error: PortalError


def move_part(
    session: Session, *, part_id: uuid.UUID, step: Step, actor: Actor, now: datetime, version: int | None = None
) -> bool:
    """Take a part one step on; False when the same person had done it before, a double click perhaps.

    Raises PartUnknownError, PartChangedError, PartOnHoldError, PartNotPaidError, MoveRefusedError.
    """
    try:
        part = lock_part(session, part_id=part_id, actor=actor, version=version)
    except PartChangedError as error:
        if error.what == "moved" and error.state == step and error.by == label(actor):
            return False
        raise
    refuse_to_go_on(session, part)
    check_move(Machine.PART, part.status, step)
    write_move(session, part, step, actor=actor, now=now)
    return True


def move_parts(
    session: Session, *, part_ids: Sequence[uuid.UUID], step: Step, actor: Actor, now: datetime
) -> list[NotMoved]:
    """Take each of these a step on that can; returns those that stayed, with the reason of each.

    One that is there already counts as moved. Orders are locked in one order, so that two of these cannot block
    each other.
    """
    orders = select(OrderPart.order_id).where(OrderPart.id.in_(part_ids))
    session.execute(select(Order.id).where(Order.id.in_(orders)).order_by(Order.id).with_for_update())
    stayed = []
    for part_id in part_ids:
        try:
            part = lock_part(session, part_id=part_id, actor=actor)
            if part.status == step:
                continue
            refuse_to_go_on(session, part)
            check_move(Machine.PART, part.status, step)
        except PortalError as error:
            stayed.append(NotMoved(part_id, error))
        else:
            write_move(session, part, step, actor=actor, now=now)
    return stayed


def write_move(session: Session, part: LockedPart, step: str, *, actor: Actor, now: datetime) -> None:
    """Write a move that was found right: state, history, record, and news for open pages."""
    session.execute(update(OrderPart).where(OrderPart.id == part.id).values(status=step, version=OrderPart.version + 1))
    record_moves(session, Move(Machine.PART, part.id, part.status, step, part.order_id), actor=actor, now=now)
    fact = Fact(AuditAction.PART_MOVED, f"part:{part.id}", {"status": part.status}, {"status": step})
    record(session, fact, actor=actor, now=now)
    emit(
        session,
        Event(
            "part.moved",
            f"order:{part.order_id}",
            {"part": str(part.id), "store": part.store_id, "number": part.number, "state": step},
            channel_id=part.channel_id,
            profile_id=part.buyer_id,
        ),
        now=now,
    )
