"""Who hears of coupons: their holders by bell and mail, administrators of suspicions and appeals (CPN-02, 11, 14)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from portal import site
from portal.models import Campaign, CouponCode, CouponGrant, OutboxEvent, User
from portal.queries.channels import channel_directory
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

PATH = "/account/coupons"
_MAILED = {"coupon.given": NoticeKind.COUPON_GIVEN, "coupon.expires": NoticeKind.COUPON_EXPIRES}
_TOLD = {
    "coupon.suspended": NoticeKind.COUPON_SUSPENDED,
    "coupon.restored": NoticeKind.COUPON_RESTORED,
    "coupon.revoked": NoticeKind.COUPON_REVOKED,
}


def tell_holders(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Tell everybody of a coupon that he was given, or that ends soon: by bell and by mail, each once."""
    kind, directory = _MAILED[event.kind], channel_directory(session)
    # A person is of no channel: times are told as in the mall's first one.
    zone = directory[directory.default].time_zone
    grant_ids = [uuid.UUID(one) for one in event.payload["grants"]]
    for row in _holders(session, grant_ids):
        name = _name(row)
        write_notices(
            session,
            user_ids=[row.user_id],
            kind=kind,
            params={"name": name},
            path=PATH,
            dedup_key=f"{kind}:{row.id}",
            now=now,
        )
        write_mail(
            session,
            template="coupon",
            dedup_key=f"{kind}:{row.id}",
            recipient=row.email,
            user_id=row.user_id,
            locale=row.locale or "en",
            now=now,
            step=kind.value.removeprefix("coupon_"),
            name=row.user_name,
            coupon=row.name,
            ends_at=row.valid_until,
            zone=zone,
            link=site.address(PATH),
        )
    return ()


def tell_holder(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Tell a holder that his coupon was suspended, withdrawn or given back to him; of a code or batch every holder."""
    kind = _TOLD[event.kind]
    for row in _holders(session, _grants_of(session, event)):
        write_notices(
            session,
            user_ids=[row.user_id],
            kind=kind,
            params={"name": _name(row)},
            path=PATH,
            dedup_key=f"{kind}:{event.id}",
            now=now,
        )
    return ["admin"]


def tell_holders_of_campaign(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Tell everybody who holds a coupon of a campaign that it was withdrawn, each in his language (CPN-10)."""
    if event.payload["state"] == "revoked":
        campaign_id = int(event.subject.partition(":")[2])
        names = session.scalars(select(Campaign.name).where(Campaign.id == campaign_id)).one()
        held = CouponGrant.campaign_id == campaign_id, CouponGrant.state == "held", User.state != "closed"
        holders = select(User.id, User.locale).join(CouponGrant, CouponGrant.user_id == User.id)
        by_locale: dict[str, set[uuid.UUID]] = defaultdict(set)
        for row in session.execute(holders.where(*held)):
            by_locale[row.locale or "en"].add(row.id)
        for locale, user_ids in by_locale.items():
            write_notices(
                session,
                user_ids=sorted(user_ids),
                kind=NoticeKind.COUPON_REVOKED,
                params={"name": names.get(locale) or names.get("en") or next(iter(names.values()), "")},
                path=PATH,
                dedup_key=f"{NoticeKind.COUPON_REVOKED}:campaign:{campaign_id}",
                now=now,
            )
    return ["admin"]


def tell_admins_of_flag(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Tell administrators of a suspicion, or that somebody objects to one."""
    kind = NoticeKind.COUPON_FLAGGED if event.kind == "coupon.flagged" else NoticeKind.COUPON_APPEALED
    flag_id = event.payload["flag"]
    write_notices(
        session,
        user_ids=session.scalars(select(User.id).where(User.roles.op("&&")(["admin", "risk"]))).all(),
        kind=kind,
        params={},
        path=f"/admin/coupon-flags/{flag_id}",
        dedup_key=f"{kind}:{flag_id}",
        now=now,
    )
    return ["admin"]


def _grants_of(session: Session, event: OutboxEvent) -> Sequence[uuid.UUID]:
    """The coupons that an event is about: one, or what is held by a code or by the codes of a batch."""
    if "grant" in event.payload:
        return [uuid.UUID(event.payload["grant"])]
    held = select(CouponGrant.id).where(CouponGrant.state == "held")
    if "code" in event.payload:
        return session.scalars(held.where(CouponGrant.code == event.payload["code"])).all()
    codes = select(CouponCode.code).where(CouponCode.batch_id == uuid.UUID(event.payload["batch"]))
    return session.scalars(held.where(CouponGrant.code.in_(codes))).all()


def _holders(session: Session, grant_ids: Sequence[uuid.UUID]) -> Sequence[Row[Any]]:
    return session.execute(
        select(
            CouponGrant.id,
            CouponGrant.user_id,
            User.email,
            User.name.label("user_name"),
            User.locale,
            Campaign.name,
            Campaign.valid_until,
        )
        .join(User, User.id == CouponGrant.user_id)
        .join(Campaign, Campaign.id == CouponGrant.campaign_id)
        .where(CouponGrant.id.in_(grant_ids), User.state != "closed")
        .order_by(CouponGrant.id)
    ).all()


def _name(row: Row[Any]) -> str:
    """The campaign's name in the holder's language, as it was told to him."""
    names = row.name
    return str(names.get(row.locale or "en") or names.get("en") or next(iter(names.values()), ""))
