"""An invited person has kept his first order: both get their points (BAL-04)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.models import Referral
from portal.queries.loyalty import loyalty_directory
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.loyalty.award_points import award_referral
from portal.services.loyalty.claim_referral import SAME_DEVICE

# Both were signed in on one device at some time: one person with two accounts, or two whom one cannot tell from that.
_SAME_DEVICE = text(
    """
    SELECT EXISTS (SELECT FROM web_session a JOIN web_session b ON b.device_id = a.device_id
                    WHERE a.user_id = :referrer_id AND b.user_id = :referee_id)
    """
)


def settle_referral(session: Session, *, referee_id: uuid.UUID, order_id: uuid.UUID, now: datetime) -> bool:
    """Give both sides of a waiting invitation their points by the rules of this moment; True when that was done now."""
    row = session.execute(
        select(Referral.referrer_id).where(Referral.referee_id == referee_id, Referral.state == "waiting")
        .with_for_update()
    ).one_or_none()  # fmt: skip
    if row is None:
        return False
    ids = {"referrer_id": row.referrer_id, "referee_id": referee_id}
    refused = bool(session.execute(_SAME_DEVICE, ids).scalar_one())
    reason = SAME_DEVICE if refused else None
    terms = loyalty_directory(session).terms(now)
    values = {
        "state": "refused" if refused else "given",
        "reason": reason,
        "order_id": order_id,
        "referrer_points": 0 if refused else terms.referrer_points,
        "referee_points": 0 if refused else terms.referee_points,
        "decided_at": now,
    }
    session.execute(update(Referral).where(Referral.referee_id == referee_id).values(**values))
    fact = Fact(AuditAction.REFERRAL_DECIDED, f"user:{referee_id}", {"state": "waiting"}, values, reason)
    record(session, fact, actor=SYSTEM, now=now)
    if not refused:
        # Accounts are locked in the order of their owners, whoever invited whom.
        for user_id in sorted(ids.values()):
            points = terms.referee_points if user_id == referee_id else terms.referrer_points
            award_referral(session, user_id=user_id, points=points, referee_id=referee_id, now=now)
    return not refused
