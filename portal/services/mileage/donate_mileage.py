"""Give points to a cause: the mall pays what they are worth (BAL-06)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError, RejectedError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Cause, MileageDonation
from portal.rules.giving import refusal_of
from portal.rules.mileage_posting import mileage_donated
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import EntryKind
from portal.rules.split import MileageTerms
from portal.services.accounts.may_spend import check_may_spend
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.idempotency import KEY_LENGTH_MAX, IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.ledger.post import post
from portal.services.mileage.take_lots import lock_points, take_lots


class GivingForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not give this mileage away.")


class CauseUnknownError(PortalError):
    """There is no such cause, or it takes nothing (any more)."""

    code = "cause_unknown"
    status = 404
    sentence = N_("This cause takes no donations now. Choose another one; nothing was given.")


def donate_mileage(
    session: Session,
    *,
    actor: Actor,
    cause_id: int,
    points: int,
    currency: str,
    terms: MileageTerms,
    key: str,
    now: datetime,
) -> uuid.UUID:
    """Give `points` of the actor's to a cause and return the donation; once for each key.

    `terms` say what points are worth in `currency`. Raises GivingForbiddenError, AccountFrozenError, CauseUnknownError,
    RejectedError out of bounds, MileageShortError, and the errors of idempotency keys.
    """
    if actor.user_id is None or not may(actor, Permission.MILEAGE_USE, owner_id=actor.user_id):
        raise GivingForbiddenError
    if not key or len(key) > KEY_LENGTH_MAX:
        raise IdempotencyKeyMissingError
    available = lock_points(session, user_id=actor.user_id)
    idem_key = f"donation:{label(actor)}:{key}"
    known = session.execute(
        select(MileageDonation.id, MileageDonation.cause_id, MileageDonation.points).where(
            MileageDonation.idem_key == idem_key
        )
    ).one_or_none()
    if known is not None:
        if (known.cause_id, known.points) != (cause_id, points):
            raise IdempotencyKeyReusedError
        made: uuid.UUID = known.id
        return made
    check_may_spend(session, user_id=actor.user_id)
    if not session.scalar(select(Cause.is_open).where(Cause.id == cause_id)):
        raise CauseUnknownError
    refusal = refusal_of(points, available=available, terms=terms)
    if refusal is not None:
        raise RejectedError(refusal)
    donation_id, amount = new_id(), terms.value_minor(points)
    entry_id, _ = post(
        session,
        kind=EntryKind.MILEAGE_DONATED,
        idem_key=f"donation:{donation_id}",
        lines=mileage_donated(
            user_id=actor.user_id, cause_id=cause_id, points=points, currency=currency, amount_minor=amount
        ),
        now=now,
    )
    take_lots(session, user_id=actor.user_id, points=points, now=now)
    row = {
        "id": donation_id,
        "user_id": actor.user_id,
        "cause_id": cause_id,
        "idem_key": idem_key,
        "points": points,
        "currency": currency,
        "amount_minor": amount,
        "at": now,
    }
    insert_rows(session, MileageDonation, [row])
    after = {"cause": cause_id, "points": points, "amount_minor": amount, "currency": currency}
    record(session, Fact(AuditAction.MILEAGE_DONATED, f"entry:{entry_id}", after=after), actor=actor, now=now)
    return donation_id
