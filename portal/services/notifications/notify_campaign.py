"""Buyers hear that a campaign has begun or is over, and administrators where it does nothing (CHN-07)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.models import Campaign, OutboxEvent
from portal.rules.coupons.claiming import BY_ITSELF
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_notices import write_notices

# What everybody may have is told to who has bought within this time; a code or a gift only to who holds it.
BOUGHT_WITHIN = timedelta(days=365)
PEOPLE_MAX = 50_000
_PUBLIC = frozenset({"claim", BY_ITSELF})

_PEOPLE = text(
    """
    SELECT u.id FROM user_account u
     WHERE u.state = 'active' AND (
           EXISTS (SELECT FROM coupon_grant g WHERE g.user_id = u.id AND g.campaign_id = :id AND g.state = 'held')
        OR (:is_public AND EXISTS (
               SELECT FROM orders o JOIN campaign_turn t ON t.campaign_id = :id AND t.channel_id = o.channel_id
                WHERE t.turn = 'start' AND t.problem IS NULL AND o.buyer_id = u.id AND o.placed_at >= :since)))
     LIMIT :people
    """
)
_FAILED = text("SELECT DISTINCT channel_id FROM campaign_turn WHERE campaign_id = :id AND problem IS NOT NULL")
_ADMINS = text("SELECT id FROM user_account WHERE roles && ARRAY['admin', 'marketing'] AND state = 'active'")


def tell_of_campaign(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """By bell, each once for each turn; open pages of all channels hear of it at the same time."""
    row = _campaign(session, event)
    begins = event.kind == "campaign.opened"
    values = {
        "id": row.id,
        "is_public": begins and row.distribution in _PUBLIC,
        "since": now - BOUGHT_WITHIN,
        "people": PEOPLE_MAX,
    }
    write_notices(
        session,
        user_ids=session.scalars(_PEOPLE, values).all(),
        kind=NoticeKind.CAMPAIGN_BEGUN if begins else NoticeKind.CAMPAIGN_OVER,
        params={"name": row.name},
        path="/coupons" if begins and row.distribution in _PUBLIC else "/account/coupons",
        dedup_key=f"{event.kind}:{event.id}",
        now=now,
    )
    if begins and session.scalars(_FAILED, {"id": row.id}).first() is not None:
        write_notices(
            session,
            user_ids=session.scalars(_ADMINS).all(),
            kind=NoticeKind.CAMPAIGN_STUCK,
            params={"name": row.name},
            path=f"/admin/campaigns/{row.id}",
            dedup_key=f"campaign_stuck:{event.id}",
            now=now,
        )
    return ["admin", "mall"]


def _campaign(session: Session, event: OutboxEvent) -> Row[tuple[int, Any, str]]:
    campaign_id = int(event.subject.partition(":")[2])
    columns = Campaign.id, Campaign.name, Campaign.distribution
    return session.execute(select(*columns).where(Campaign.id == campaign_id)).one()
