"""Send points to whoever has an e-mail address (BAL-06).

The sender is never told whether the address belongs to anybody here: the points wait for it either way, and come back
when nobody accepts them in time.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.db import insert_rows
from portal.kit.errors import PortalError, RejectedError
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import MileageGift, MileageGiftLot, User
from portal.rules.giving import MESSAGE_LENGTH_MAX, refusal_of, refusal_of_day, waits_until
from portal.rules.mileage_posting import mileage_sent
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import POINTS, EntryKind
from portal.rules.split import MileageTerms
from portal.rules.step_up import StepUpAction
from portal.services.accounts.emails import normalise_email
from portal.services.accounts.may_spend import check_may_spend
from portal.services.accounts.step_up import Binding, check_step_up, require_step_up
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.idempotency import KEY_LENGTH_MAX, IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.ledger.post import post
from portal.services.mileage.donate_mileage import GivingForbiddenError
from portal.services.mileage.take_lots import lock_points, take_lots
from portal.services.outbox import Event, emit

_TODAY = text(
    """
    SELECT count(*)::int AS gifts, coalesce(sum(points) FILTER (WHERE state <> 'cancelled'), 0)::bigint AS points
      FROM mileage_gift WHERE sender_id = :user_id AND created_at > :since
    """
)
DAY = timedelta(days=1)


class GiftToSelfError(PortalError):
    code = "gift_to_self"
    sentence = N_("That is your own address. Enter somebody else's.")
    field = "email"


class MessageTooLongError(PortalError):
    code = "message_too_long"
    sentence = N_("Use at most %(maximum)s characters for the message.")
    field = "message"


def send_mileage(
    session: Session,
    *,
    actor: Actor,
    email: str,
    points: int,
    message: str,
    terms: MileageTerms,
    key: str,
    now: datetime,
    proves: bool = False,
) -> uuid.UUID:
    """Set `points` of the actor's aside for an address and return the gift; once for each key.

    It is proved above the threshold, and where somebody `proves` whatever it is.

    Raises GivingForbiddenError, EmailUnfitError, GiftToSelfError, MessageTooLongError, AccountFrozenError,
    RejectedError out of bounds, MileageShortError, StepUpNeededError above the threshold, and the errors of
    idempotency keys.
    """
    if actor.user_id is None or not may(actor, Permission.MILEAGE_USE, owner_id=actor.user_id):
        raise GivingForbiddenError
    if not key or len(key) > KEY_LENGTH_MAX:
        raise IdempotencyKeyMissingError
    address = normalise_email(email)
    index, message = email_index(address), " ".join(message.split())
    if len(message) > MESSAGE_LENGTH_MAX:
        raise MessageTooLongError(maximum=MESSAGE_LENGTH_MAX)
    available = lock_points(session, user_id=actor.user_id)
    idem_key = f"gift:{label(actor)}:{key}"
    known = session.execute(
        select(MileageGift.id, MileageGift.recipient_index, MileageGift.points).where(MileageGift.idem_key == idem_key)
    ).one_or_none()
    if known is not None:
        if (bytes(known.recipient_index), known.points) != (index, points):
            raise IdempotencyKeyReusedError
        made: uuid.UUID = known.id
        return made
    check_may_spend(session, user_id=actor.user_id)
    if session.scalar(select(User.email_index).where(User.id == actor.user_id)) == index:
        raise GiftToSelfError
    today = session.execute(_TODAY, {"user_id": actor.user_id, "since": now - DAY}).one()
    refusal = refusal_of(points, available=available, terms=terms) or refusal_of_day(
        points, gifts_today=today.gifts, points_today=today.points
    )
    if refusal is not None:
        raise RejectedError(refusal)
    binding = Binding(f"gift:{index.hex()}", Money(points, POINTS), {"recipient": address})
    prove = require_step_up if proves else check_step_up
    prove(session, actor=actor, action=StepUpAction.SEND_MILEAGE, binding=binding, now=now)
    return _send(session, actor, address, index, points, message, idem_key, now)


def _send(
    session: Session,
    actor: Actor,
    address: str,
    index: bytes,
    points: int,
    message: str,
    idem_key: str,
    now: datetime,
) -> uuid.UUID:
    assert actor.user_id is not None
    gift_id = new_id()
    entry_id, _ = post(
        session,
        kind=EntryKind.MILEAGE_SENT,
        idem_key=f"mileage_sent:{gift_id}",
        lines=mileage_sent(user_id=actor.user_id, points=points),
        now=now,
    )
    taken = take_lots(session, user_id=actor.user_id, points=points, now=now)
    gift = {
        "id": gift_id,
        "sender_id": actor.user_id,
        "recipient": address,
        "recipient_index": index,
        "idem_key": idem_key,
        "points": points,
        "message": message,
        "state": "waiting",
        "created_at": now,
        "expires_at": waits_until(min(one.expires_at for one in taken), now=now),
    }
    session.add(MileageGift(**gift))
    session.flush()
    lots = [
        {"gift_id": gift_id, "lot_id": one.lot_id, "points": one.points, "expires_at": one.expires_at} for one in taken
    ]
    insert_rows(session, MileageGiftLot, lots)
    after = {"gift": str(gift_id), "points": points}
    record(session, Fact(AuditAction.MILEAGE_SENT, f"entry:{entry_id}", after=after), actor=actor, now=now)
    event = Event(
        "mileage.sent",
        f"gift:{gift_id}",
        {"gift": str(gift_id)},
        profile_id=actor.user_id,
        dedup_key=f"mileage.sent:{gift_id}",
    )
    emit(session, event, now=now)
    return gift_id
