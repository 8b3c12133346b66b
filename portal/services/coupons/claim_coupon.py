"""Claim a coupon that everybody may have, from the page where they are shown (CPN-02)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError, RejectedError, Rejection
from portal.kit.text import N_
from portal.queries.buyer_facts import load_buyer_facts
from portal.rules.coupons.claiming import BY_CLAIM, SHOWN_STATES, Offer, audience_of, not_among, why_not
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.terms import ConditionTerms
from portal.rules.permissions import Actor, Permission, may
from portal.services.coupons.give_coupon import give_coupon
from portal.services.coupons.note_act import Source, note_claim


class CouponNotOfferedError(PortalError):
    """No coupon of this number can be claimed by anybody."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class ClaimNotAllowedError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You cannot hold coupons with this account.")


@dataclass(frozen=True, slots=True)
class Claimed:
    """The campaign whose coupon is now in the wallet; `is_new` is False if it had been there before."""

    campaign_id: int
    is_new: bool


_OFFER = text(
    """
    SELECT c.state, c.distribution, c.valid_from, c.valid_until, c.cap, c.conditions,
           (SELECT m.tier FROM member_tier m WHERE m.user_id = :user_id) AS tier,
           (SELECT g.state FROM coupon_grant g WHERE g.campaign_id = c.id AND g.user_id = :user_id) AS held
      FROM campaign c WHERE c.id = :campaign_id
    """
)
# Who comes last to a limit waits for the row of those before him, and finds it full.
_COUNT = text(
    """
    INSERT INTO campaign_counter AS n (campaign_id, scope, entity, used, cap)
    VALUES (:campaign_id, 'claim', '', 1, :cap)
    ON CONFLICT (campaign_id, scope, entity)
    DO UPDATE SET used = n.used + 1, cap = excluded.cap WHERE n.used < excluded.cap
    RETURNING used
    """
)


def claim_coupon(session: Session, *, campaign_id: int, actor: Actor, source: Source, now: datetime) -> Claimed:
    """Put the coupon into the actor's wallet; a second time changes nothing. As many as may use it may claim it.

    Raises ClaimNotAllowedError, CouponNotOfferedError, RejectedError.
    """
    user_id = actor.user_id
    if user_id is None or not may(actor, Permission.COUPON_APPLY, owner_id=user_id):
        raise ClaimNotAllowedError
    row = session.execute(_OFFER, {"campaign_id": campaign_id, "user_id": user_id}).one_or_none()
    if row is None or row.distribution != BY_CLAIM or row.state not in SHOWN_STATES:
        raise CouponNotOfferedError
    refused = why_not(Offer(row.state, row.valid_from, row.valid_until, held=row.held), now=now)
    if refused is None and row.held is None:
        refused = _not_for(session, user_id, row, now)
    if refused is not None:
        raise RejectedError(refused)
    given = give_coupon(session, campaign_id=campaign_id, user_ids=[user_id], source="claimed", actor=actor, now=now)
    if not given:
        return Claimed(campaign_id, is_new=False)
    if row.cap is not None:
        counted = session.execute(_COUNT, {"campaign_id": campaign_id, "cap": row.cap}).one_or_none()
        if counted is None:
            raise RejectedError(reject(Code.USED_UP))
    note_claim(session, user_id=user_id, campaign_id=campaign_id, code=None, source=source, now=now)
    return Claimed(campaign_id, is_new=True)


def _not_for(session: Session, user_id: uuid.UUID, row: Row[Any], now: datetime) -> Rejection | None:
    """Why the coupon is not for this person; what he would buy with it is asked when he does."""
    audience = audience_of([ConditionTerms(one["name"], one.get("params") or {}) for one in row.conditions])
    if not audience:
        return None
    person = load_buyer_facts(session, user_id=user_id, tier=row.tier, now=now)
    facts = Facts(
        now=now,
        currency="",
        channel_id=0,
        lines=(),
        paid_orders=person.paid_orders,
        user_id=user_id,
        tier=person.tier,
        segments=person.segments,
        groups=person.groups,
    )
    return not_among(audience, facts)
