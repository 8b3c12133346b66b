"""Take a case to change it: whose it is, whether it is as it was shown; and write its moves."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import GoodsReturn, ReturnUnit
from portal.rules.permissions import Actor, Permission, may
from portal.rules.refund_policy import Party
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.fulfilment.follow_part import follow_part
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit
from portal.services.refunds.locks import lock_order

_LAST = text(
    """
    SELECT actor, to_state, at FROM transition WHERE subject = 'return' AND subject_id = :id ORDER BY id DESC LIMIT 1
    """
)
_LOCK_PART = text("SELECT id FROM order_part WHERE id = :id FOR UPDATE")


class ReturnUnknownError(PortalError):
    """There is no such case, or it does not concern whoever asks: one answer for both."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class ReturnChangedError(PortalError):
    """Somebody else changed the case since it was shown. `by` is his label, `at` when, `state` what it is now."""

    code = "return_changed"
    status = 409
    sentence = N_("This request was changed meanwhile. Look at it again; nothing was changed by you.")

    def __init__(self, by: str, at: datetime, state: str) -> None:
        super().__init__()
        self.by, self.at, self.state = by, at, state


@dataclass(frozen=True, slots=True)
class Taken:
    """A case behind the locks of its order, its part and its own. `is_repeat`: the actor did this very thing before."""

    case: GoodsReturn
    order: Row[Any]
    units: Sequence[ReturnUnit]
    is_repeat: bool = False

    def in_state(self, *states: str) -> list[ReturnUnit]:
        return [one for one in self.units if one.state in states]


def take_return(
    session: Session,
    *,
    return_id: uuid.UUID,
    actor: Actor,
    party: Party,
    version: int | None = None,
    done: Sequence[str] = (),
    handles_goods: bool = False,
) -> Taken:
    """Lock a case for whoever may act on it as this party; `version` is the one that he was shown.

    One that this actor himself brought into a state of `done` is a repeat. Who only `handles_goods` need not be one who
    may decide about money. Raises ReturnUnknownError, ReturnChangedError.
    """
    head = session.execute(
        select(GoodsReturn.order_id, GoodsReturn.part_id, GoodsReturn.store_id, GoodsReturn.buyer_id).where(
            GoodsReturn.id == return_id
        )
    ).one_or_none()
    if head is None or not _concerns(actor, party, head, handles_goods=handles_goods):
        raise ReturnUnknownError
    order = lock_order(session, head.order_id)
    assert order is not None
    session.execute(_LOCK_PART, {"id": head.part_id})
    case = session.get_one(GoodsReturn, return_id, populate_existing=True, with_for_update=True)
    units = session.scalars(
        select(ReturnUnit)
        .where(ReturnUnit.return_id == return_id)
        .order_by(ReturnUnit.line_id, ReturnUnit.n)
        .execution_options(populate_existing=True)
    ).all()
    last = session.execute(_LAST, {"id": str(return_id)}).one()
    if case.status in done and last.actor == label(actor):
        return Taken(case, order, units, is_repeat=True)
    if version is not None and version != case.version:
        raise ReturnChangedError(last.actor, last.at, case.status)
    return Taken(case, order, units)


def _concerns(actor: Actor, party: Party, head: Row[*tuple[Any, ...]], *, handles_goods: bool) -> bool:
    if party is Party.BUYER:
        return actor.user_id == head.buyer_id and may(actor, Permission.REFUND_HANDLE, owner_id=head.buyer_id)
    receives = handles_goods and may(actor, Permission.RETURN_RECEIVE, store_id=head.store_id)
    return receives or may(actor, Permission.REFUND_HANDLE, store_id=head.store_id)


def move_return(
    session: Session,
    taken: Taken,
    new: str,
    *,
    actor: Actor,
    now: datetime,
    action: AuditAction = AuditAction.RETURN_MOVED,
    reason: str | None = None,
    note: dict[str, Any] | None = None,
) -> None:
    """Write a move of a case: state, history, record, news; its part follows. Raises MoveRefusedError."""
    case, old = taken.case, taken.case.status
    record_moves(session, Move(Machine.RETURN, case.id, old, new, case.order_id, reason), actor=actor, now=now)
    case.status = new
    case.version += 1
    session.flush()
    fact = Fact(action, f"return:{case.id}", {"status": old}, {"status": new, **(note or {})}, reason)
    record(session, fact, actor=actor, now=now)
    tell(session, case, taken.order, now=now)
    follow_part(session, part_id=case.part_id, actor=actor, now=now)


def move_units(session: Session, units: Sequence[ReturnUnit], new: str, *, actor: Actor, now: datetime) -> None:
    """Write a move of units. Their moves stand beside the case's, not in the story of the order."""
    moves = [Move(Machine.RETURN_UNIT, one.id, one.state, new) for one in units]
    if moves:
        record_moves(session, *moves, actor=actor, now=now)
    for one in units:
        one.state = new
    session.flush()


def tell(session: Session, case: GoodsReturn, order: Row[Any], *, now: datetime) -> None:
    """What became of a case, for its buyer, its store and open pages."""
    emit(
        session,
        Event(
            f"return.{case.status}",
            f"order:{case.order_id}",
            {
                "return": str(case.id),
                "return_number": case.number,
                "number": order.number,
                "store": case.store_id,
                "part": str(case.part_id),
            },
            channel_id=order.channel_id,
            profile_id=case.buyer_id,
        ),
        now=now,
    )
