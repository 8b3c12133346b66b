"""Somebody chooses what he hears of, by which way and when; and gets a digest where he wants one (NOT-01)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import site
from portal.models import Channel, Notice, User
from portal.models import NoticePreference as Kept
from portal.rules.notice_topics import TOPIC_OF_KIND, NoticeWishes, Topic, next_digest, read_choices, write_choices
from portal.services.notifications.write_mail import write_mail


def keep_notice_wishes(
    session: Session, *, user_id: uuid.UUID, wishes: NoticeWishes, channel_id: int, now: datetime
) -> None:
    """Keep what somebody chose, for all that is written from now on."""
    values = {
        "choices": write_choices(wishes.choices),
        "quiet_from": wishes.quiet[0] if wishes.quiet else None,
        "quiet_until": wishes.quiet[1] if wishes.quiet else None,
        "time_zone": wishes.zone,
        "channel_id": channel_id,
        "digest_at": next_digest(now, wishes.zone) if wishes.digest_topics else None,
    }
    statement = insert(Kept).values(user_id=user_id, digested_at=now, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[Kept.user_id], set_=values))


def digests_due(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Whose digest is due."""
    return list(session.scalars(select(Kept.user_id).where(Kept.digest_at <= now).order_by(Kept.digest_at).limit(200)))


def write_digest(session: Session, *, user_id: uuid.UUID, now: datetime) -> bool:
    """Write what came since the last one, counted by topic, if anything did; a second run finds nothing due."""
    row = session.execute(
        select(Kept.choices, Kept.time_zone, Kept.channel_id, Kept.digested_at)
        .where(Kept.user_id == user_id, Kept.digest_at <= now)
        .with_for_update()
    ).one_or_none()
    if row is None:
        return False
    wishes = NoticeWishes(read_choices(row.choices), zone=row.time_zone)
    session.execute(
        update(Kept).where(Kept.user_id == user_id).values(digested_at=now, digest_at=next_digest(now, row.time_zone))
    )
    counts = _counts(session, user_id, wishes, row.digested_at, now)
    if not counts:
        return False
    person = session.execute(
        select(
            User.email,
            User.name,
            User.locale,
            Channel.code,
            Channel.brand,
            Channel.name.label("channel_name"),
            Channel.default_locale,
        )
        .join(Channel, Channel.id == row.channel_id)
        .where(User.id == user_id)
    ).one()
    write_mail(
        session,
        template="digest",
        dedup_key=f"digest:{user_id}:{row.digested_at.isoformat()}",
        recipient=person.email,
        user_id=user_id,
        locale=person.locale or person.default_locale,
        now=now,
        person=person,
        counts={topic.value: count for topic, count in counts.items()},
        link=site.address("/account/notices", channel=person.code),
    )
    return True


def _counts(
    session: Session, user_id: uuid.UUID, wishes: NoticeWishes, since: datetime, until: datetime
) -> Mapping[Topic, int]:
    """How many lines came of each topic that he wants in the digest."""
    statement = (
        select(Notice.kind, func.count())
        .where(Notice.user_id == user_id, Notice.created_at > since, Notice.created_at <= until)
        .group_by(Notice.kind)
    )
    counts: dict[Topic, int] = {}
    for kind, count in session.execute(statement):
        topic = TOPIC_OF_KIND.get(kind)
        if topic in wishes.digest_topics:
            counts[topic] = counts.get(topic, 0) + count
    return counts
