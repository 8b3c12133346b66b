"""Take the coupon behind a code into one's wallet (CPN-02).

Whatever is wrong with a code of somebody else's, the answer is one and the same, so that nobody learns by trying which
codes exist. Only about a coupon of his own is the one who asks told more.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.kit.errors import Rejection
from portal.kit.ids import normalise_code
from portal.rules.coupons.claiming import BY_CODE, Offer, why_not
from portal.rules.coupons.rejection import Code, reject
from portal.rules.permissions import Actor, Permission, may
from portal.services.coupons.claim_coupon import Claimed, ClaimNotAllowedError
from portal.services.coupons.give_coupon import give_coupon
from portal.services.coupons.note_act import Source, note_claim, note_misses

TYPED_MAX = 100

_FIND = text(
    """
    SELECT k.code, k.state AS code_state, k.holder_id, coalesce(k.cap, c.per_code_cap) AS cap, k.campaign_id,
           c.state, c.distribution, c.valid_from, c.valid_until, g.state AS held, g.code AS held_by_code,
           coalesce((SELECT n.used FROM campaign_counter n
                      WHERE n.campaign_id = c.id AND n.scope = 'code' AND n.entity = k.code), 0) AS used
      FROM coupon_code k
      JOIN campaign c ON c.id = k.campaign_id
      LEFT JOIN coupon_grant g ON g.campaign_id = c.id AND g.user_id = :user_id
     WHERE k.code = :code
    """
)
_BIND = text(
    """
    UPDATE coupon_code SET holder_id = :user_id
     WHERE code = :code AND state = 'active' AND (holder_id IS NULL OR holder_id = :user_id)
    RETURNING code
    """
)


def claim_code(session: Session, *, typed: str, actor: Actor, source: Source, now: datetime) -> Claimed | Rejection:
    """Put the coupon of a code into the actor's wallet. A code for one person is his from then on.

    A code that opens nothing is noted, which is why it is an answer and no error. Raises ClaimNotAllowedError.
    """
    user_id = actor.user_id
    if user_id is None or not may(actor, Permission.COUPON_APPLY, owner_id=user_id):
        raise ClaimNotAllowedError
    code = normalise_code(typed.replace("\0", "")[:TYPED_MAX])
    row = session.execute(_FIND, {"code": code, "user_id": user_id}).one_or_none() if code else None
    if row is not None and row.held is not None and row.held_by_code in (None, row.code):
        refused = why_not(Offer(row.state, row.valid_from, row.valid_until, held=row.held), now=now)
        return refused or Claimed(row.campaign_id, is_new=False)
    if row is None or not _opens(row, user_id, now):
        note_misses(session, user_id=user_id, codes=[code], source=source, now=now)
        return reject(Code.UNKNOWN)
    if row.held is not None:
        return reject(Code.ALREADY_HELD)
    if row.cap == 1 and session.execute(_BIND, {"code": code, "user_id": user_id}).one_or_none() is None:
        note_misses(session, user_id=user_id, codes=[code], source=source, now=now)
        return reject(Code.UNKNOWN)
    given = give_coupon(
        session, campaign_id=row.campaign_id, user_ids=[user_id], source="code", code=code, actor=actor, now=now
    )
    note_claim(session, user_id=user_id, campaign_id=row.campaign_id, code=code, source=source, now=now)
    return Claimed(row.campaign_id, is_new=bool(given))


def _opens(row: Row[Any], user_id: uuid.UUID, now: datetime) -> bool:
    """Whether the code opens its campaign for this person just now."""
    if row.distribution != BY_CODE or row.code_state != "active" or row.holder_id not in (None, user_id):
        return False
    if row.cap is not None and row.used >= row.cap:
        return False
    return why_not(Offer(row.state, row.valid_from, row.valid_until), now=now) is None
