"""Take the coupon that was offered on a page, or say no to it (INC-04)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Campaign, Offer, OfferChoice
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record
from portal.services.coupons.give_coupon import give_coupon
from portal.services.incentives.consents import MAY_BE_SHOWN

_ALLOWS = text(f"SELECT {MAY_BE_SHOWN} FROM user_account u WHERE u.id = :user_id AND u.state = 'active'")  # noqa: S608  # Our own fragment.


class OfferGoneError(PortalError):
    """It is not his, has ended, or he does not allow it any more."""

    code = "offer_gone"
    status = 409
    sentence = N_("This offer is not there any more.")


def take_offer(session: Session, *, choice_id: int, actor: Actor, now: datetime) -> None:
    """Put the coupon into his wallet. A second time changes nothing. Raises OfferGoneError."""
    row = _own(session, choice_id, actor, now)
    if row.taken_at is not None:
        return
    offer = session.get_one(Offer, row.offer_id)
    campaign = session.execute(
        select(Campaign.state, Campaign.valid_until).where(Campaign.id == offer.campaign_id)
    ).one()
    allows = session.scalar(_ALLOWS, {"user_id": row.user_id, "channel_id": row.channel_id})
    if offer.state != "running" or campaign.state != "running" or campaign.valid_until <= now or not allows:
        raise OfferGoneError
    if not may(actor, Permission.COUPON_APPLY):
        raise OfferGoneError
    give_coupon(
        session,
        campaign_id=offer.campaign_id,
        user_ids=[row.user_id],
        source="given",
        actor=actor,
        now=now,
        reason=offer.title,
    )
    row.taken_at = now
    after = {"choice": row.id, "offer": offer.id}
    record(session, Fact(AuditAction.OFFER_TAKEN, f"offer:{offer.id}", after=after), actor=actor, now=now)


def dismiss_offer(session: Session, *, choice_id: int, actor: Actor, now: datetime) -> None:
    """Show it no more. Raises OfferGoneError."""
    row = _own(session, choice_id, actor, now)
    if row.taken_at is None and row.dismissed_at is None:
        row.dismissed_at = now


def _own(session: Session, choice_id: int, actor: Actor, now: datetime) -> OfferChoice:
    row = session.get(OfferChoice, choice_id, with_for_update=True)
    if row is None or row.offer_id is None or row.user_id != actor.user_id or row.stands_until <= now:
        raise OfferGoneError
    return row
