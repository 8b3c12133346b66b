"""Who hears of mileage and tiers: their owner, when points come and a week before they go, and of a tier's change."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.models import Channel, OutboxEvent, User
from portal.queries.loyalty import loyalty_directory
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

PATH = "/account/mileage"


def tell_of_matured_mileage(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The points of a parcel can be spent now: a line behind the bell."""
    assert event.profile_id is not None  # Points have an owner.
    write_notices(
        session,
        user_ids=[event.profile_id],
        kind=NoticeKind.MILEAGE_MATURED,
        params={"points": event.payload["points"], "number": event.payload["number"]},
        path=PATH,
        dedup_key=f"mileage_matured:{event.payload['part']}",
        now=now,
    )
    return ()


def tell_of_ending_mileage(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Points that go within a week: bell and mail, once for each lot."""
    assert event.profile_id is not None  # Points have an owner.
    points, key = event.payload["points"], f"mileage_ending:{event.payload['lot']}"
    user = session.execute(select(User.email, User.name, User.locale).where(User.id == event.profile_id)).one()
    zone = session.execute(select(Channel.time_zone).order_by(Channel.id).limit(1)).scalar_one_or_none() or "UTC"
    first_day = datetime.fromisoformat(event.payload["first_at"]).astimezone(ZoneInfo(zone)).date()
    write_notices(
        session,
        user_ids=[event.profile_id],
        kind=NoticeKind.MILEAGE_ENDING,
        params={"points": points, "day": first_day.isoformat()},
        path=PATH,
        dedup_key=key,
        now=now,
    )
    write_mail(
        session,
        template="mileage_ending",
        dedup_key=key,
        recipient=user.email,
        user_id=event.profile_id,
        locale=user.locale or "en",
        now=now,
        name=user.name,
        points=points,
        first_day=first_day,
        link=site.address(PATH),
    )
    return ()


def tell_of_tier(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Somebody came into another tier: a line behind the bell, if there still is such a tier."""
    assert event.profile_id is not None  # A tier is somebody's.
    ladder = loyalty_directory(session).ladder(now)
    tier = ladder.find(event.payload["to"])
    if tier is not None and tier.code == event.payload["to"]:
        codes = [one.code for one in ladder.tiers]
        before = event.payload["from"]
        is_up = before not in codes or codes.index(tier.code) > codes.index(before)
        write_notices(
            session,
            user_ids=[event.profile_id],
            kind=NoticeKind.TIER_UP if is_up else NoticeKind.TIER_DOWN,
            params={"tier": dict(tier.names)},
            path=PATH,
            dedup_key=f"event:{event.id}",
            now=now,
        )
    return ()
