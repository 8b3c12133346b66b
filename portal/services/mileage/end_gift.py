"""Points that were sent are accepted, or come back: declined, called back, or not accepted in time (BAL-06)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import MileageGift, MileageGiftLot, User
from portal.rules.mileage_posting import mileage_came_back, mileage_received
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.posting import EntryKind
from portal.services.accounts.may_spend import check_may_spend
from portal.services.audit import AuditAction, Fact, record
from portal.services.ledger.post import post
from portal.services.mileage.take_lots import lock_points
from portal.services.mileage.write_lot import write_lot
from portal.services.outbox import Event, emit

_PUT_BACK = text(
    """
    UPDATE mileage_lot l SET remaining = l.remaining + g.points FROM mileage_gift_lot g
     WHERE g.gift_id = :gift_id AND l.id = g.lot_id
    """
)


class GiftUnknownError(PortalError):
    """There is no such gift, or it concerns somebody else."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class GiftEndedError(PortalError):
    code = "gift_ended"
    status = 409
    sentence = N_("This gift was accepted, or went back already. Nothing was changed.")


class EmailUnverifiedError(PortalError):
    code = "email_unverified"
    status = 403
    sentence = N_("Confirm your e-mail address first: the gift was sent to it.")


def gifts_overdue(session: Session, *, now: datetime, limit: int = 200) -> list[uuid.UUID]:
    """Gifts that nobody has accepted in time."""
    statement = select(MileageGift.id).where(MileageGift.state == "waiting", MileageGift.expires_at <= now)
    return list(session.scalars(statement.order_by(MileageGift.expires_at).limit(limit)))


def end_gift(session: Session, *, gift_id: uuid.UUID, outcome: str, actor: Actor, now: datetime) -> None:
    """End a gift: `accepted` or `declined` by whom it was sent to, `cancelled` by its sender, `expired` by the clock.

    Its points keep the end of their lots. Raises GiftUnknownError, GiftEndedError, EmailUnverifiedError,
    AccountFrozenError.
    """
    gift = session.execute(
        select(
            MileageGift.id,
            MileageGift.sender_id,
            MileageGift.recipient_index,
            MileageGift.points,
            MileageGift.state,
            MileageGift.expires_at,
        )
        .where(MileageGift.id == gift_id)
        .with_for_update()
    ).one_or_none()
    if gift is None or not _may(session, gift.sender_id, bytes(gift.recipient_index), outcome, actor):
        raise GiftUnknownError
    is_over = gift.expires_at <= now
    if gift.state != "waiting" or (outcome == "accepted" and is_over) or (outcome == "expired" and not is_over):
        raise GiftEndedError
    accepted = outcome == "accepted"
    owner = actor.user_id if accepted and actor.user_id is not None else gift.sender_id
    if accepted:
        check_may_spend(session, user_id=owner)
    session.execute(
        update(MileageGift)
        .where(MileageGift.id == gift_id)
        .values(state=outcome, ended_at=now, recipient_id=owner if accepted else None)
    )
    lock_points(session, user_id=owner)
    template = mileage_received if accepted else mileage_came_back
    entry_id, _ = post(
        session,
        kind=EntryKind.MILEAGE_RECEIVED if accepted else EntryKind.MILEAGE_CAME_BACK,
        idem_key=f"gift_ended:{gift_id}",
        lines=template(user_id=owner, points=gift.points),
        now=now,
    )
    if accepted:
        _new_lots(session, gift_id, owner, now)
    else:
        session.execute(_PUT_BACK, {"gift_id": gift_id})
    after = {"gift": str(gift_id), "state": outcome, "points": gift.points}
    record(session, Fact(AuditAction.MILEAGE_GIFT_ENDED, f"entry:{entry_id}", after=after), actor=actor, now=now)
    payload = {"gift": str(gift_id), "points": gift.points, "outcome": outcome}
    emit(session, Event("mileage.gift_ended", f"gift:{gift_id}", payload, profile_id=gift.sender_id), now=now)


def _may(session: Session, sender_id: uuid.UUID, recipient_index: bytes, outcome: str, actor: Actor) -> bool:
    if outcome == "expired":
        return actor == SYSTEM
    if outcome == "cancelled":
        return actor.user_id == sender_id
    row = session.execute(
        select(User.email_index, User.email_verified_at).where(User.id == actor.user_id)
    ).one_or_none()
    if row is None or bytes(row.email_index) != recipient_index:
        return False
    # Whoever signs up with somebody else's address must not get what was sent to it.
    if row.email_verified_at is None:
        raise EmailUnverifiedError
    return outcome in {"accepted", "declined"}


def _new_lots(session: Session, gift_id: uuid.UUID, user_id: uuid.UUID, now: datetime) -> None:
    rows = session.execute(
        select(MileageGiftLot.points, MileageGiftLot.expires_at)
        .where(MileageGiftLot.gift_id == gift_id)
        .order_by(MileageGiftLot.expires_at, MileageGiftLot.lot_id)
    ).all()
    for row in rows:
        write_lot(session, user_id=user_id, points=row.points, source="gift", expires_at=row.expires_at, now=now)
