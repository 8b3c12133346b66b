"""Move a channel through its life, and tick what must be so before it opens (CHN-02)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, ChannelCheck, ChannelMove
from portal.queries.channel_life import met_requirements, move_of
from portal.rules.channels import BY_HAND, LOCALES, Requirement, Standing, State, why_not
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.channels.save_channel import lock_channel
from portal.services.outbox import Event, emit

NOTE_MAX = 500
_OPEN = text(
    """
    SELECT (SELECT count(*) FROM payment WHERE channel_id = :id
               AND status IN ('pending', 'requires_action', 'authorised')) AS payments,
           (SELECT count(*) FROM orders o WHERE o.channel_id = :id AND o.status IN ('pending', 'paid')
               AND EXISTS (SELECT FROM order_part p WHERE p.order_id = o.id
                              AND p.status NOT IN ('closed', 'cancelled'))) AS orders,
           EXISTS (SELECT FROM channel_wind_up WHERE channel_id = :id) AS is_wound_up
    """
)


class ChannelMoveRefusedError(PortalError):
    """`reason` is the sentence that says why."""

    code = "channel_move_refused"
    status = 409
    sentence = N_("The channel stays in its state.")

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__()


class RequirementUnfitError(PortalError):
    code = "requirement_unfit"
    sentence = N_("This requirement is not ticked by hand.")


def move_channel(
    session: Session, *, channel_id: int, version: int | None, new: State, note: str, actor: Actor, now: datetime
) -> None:
    """Go into another state. Raises ChannelUnknownError, ChannelChangedError, ChannelMoveRefusedError."""
    row = lock_channel(session, channel_id, version, actor)
    reason = why_not(standing_of(session, row, now=now), new, actor=label(actor))
    if reason is not None:
        raise ChannelMoveRefusedError(reason)
    old, row.state = row.state, new
    row.version += 1
    kept = note.strip()[:NOTE_MAX] or None
    session.add(
        ChannelMove(channel_id=row.id, from_state=old, to_state=new, by=label(actor), note=kept, at=now),
    )
    if new is State.DRAFT:
        session.execute(delete(ChannelCheck).where(ChannelCheck.channel_id == row.id))
    fact = Fact(AuditAction.CHANNEL_MOVED, f"channel:{row.id}", {"state": old}, {"state": new}, kept)
    record(session, fact, actor=actor, now=now)
    payload = {"code": row.code, "from": old, "to": new}
    emit(session, Event("channel.moved", f"channel:{row.id}", payload, channel_id=row.id, priority="high"), now=now)


def standing_of(session: Session, row: Channel, *, now: datetime) -> Standing:
    """What a move of this channel looks at."""
    met = met_requirements(session, row, now=now)
    left = session.execute(_OPEN, {"id": row.id}).one()
    asked = move_of(session, row.id, State.APPROVAL)
    return Standing(
        state=State(row.state),
        asked_by=asked,
        missing=[one for one in Requirement if one not in met],
        told_in=[locale for locale in LOCALES if row.notices.get(locale)],
        open_payments=left.payments,
        open_orders=left.orders,
        is_wound_up=left.is_wound_up,
    )


def tick_requirement(
    session: Session,
    *,
    channel_id: int,
    version: int | None,
    requirement: Requirement,
    done: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Say that something is done, or is not. Raises ChannelUnknownError, ChannelChangedError, RequirementUnfitError."""
    row = lock_channel(session, channel_id, version, actor)
    if requirement not in BY_HAND or row.state != State.READINESS:
        raise RequirementUnfitError
    values = {"channel_id": row.id, "requirement": requirement, "done_by": label(actor), "done_at": now}
    if done:
        session.execute(insert(ChannelCheck).values(values).on_conflict_do_nothing())
    else:
        same = ChannelCheck.channel_id == row.id, ChannelCheck.requirement == requirement
        session.execute(delete(ChannelCheck).where(*same))
    fact = Fact(AuditAction.CHANNEL_CHECKED, f"channel:{row.id}", after={"requirement": requirement, "done": done})
    record(session, fact, actor=actor, now=now)
