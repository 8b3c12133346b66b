"""Somebody hears of the offer that an automation made him: behind the bell, by mail, or both (INC-03, INC-06)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal import site
from portal.models import Automation, Channel, User
from portal.queries.notice_wishes import notice_wishes_of
from portal.rules.automations import AD_MARK_BY_LAW, MAILED_EVERY, ToldBy
from portal.rules.notice_topics import quiet_until
from portal.rules.notices import NoticeKind
from portal.services.incentives.stop_mails import stop_address
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

_LAST_MAILED = text(
    """
    SELECT max(a.made_at) FROM incentive_assignment a JOIN automation g ON g.id = a.automation_id
     WHERE a.user_id = :user_id AND a.state = 'made' AND g.channel_id = :channel_id AND g.told_by <> 'bell'
    """
)


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told: the line behind the bell, what the mail says of it, and where it leads. `key` makes it once."""

    kind: NoticeKind
    params: Mapping[str, object]
    path: str
    # What is given, by language where it has a name.
    names: Mapping[str, str]
    key: str


def may_be_mailed_at(session: Session, *, user_id: uuid.UUID, channel_id: int, now: datetime) -> datetime:
    """When a mail that advertises may come: a week after the last one at the soonest, and in no quiet hour of his."""
    last = session.scalar(_LAST_MAILED, {"user_id": user_id, "channel_id": channel_id})
    at = max(now, last + MAILED_EVERY) if last is not None else now
    return quiet_until(at, notice_wishes_of(session, user_id))


def tell_offer(
    session: Session,
    *,
    automation: Automation,
    user_id: uuid.UUID,
    ways: Collection[ToldBy],
    telling: Telling,
    now: datetime,
) -> None:
    """Tell it once by each of these ways, to which he has agreed."""
    if ToldBy.BELL in ways:
        write_notices(
            session,
            user_ids=[user_id],
            kind=telling.kind,
            params=telling.params,
            path=telling.path,
            dedup_key=telling.key,
            now=now,
        )
    if ToldBy.MAIL in ways:
        _mail(session, automation, user_id, telling, now)


def _mail(session: Session, automation: Automation, user_id: uuid.UUID, telling: Telling, now: datetime) -> None:
    user = session.execute(select(User.email, User.name, User.locale).where(User.id == user_id)).one()
    sender = session.execute(
        select(
            Channel.code,
            Channel.country,
            Channel.brand,
            Channel.name.label("channel_name"),
            Channel.default_locale,
        ).where(Channel.id == automation.channel_id)
    ).one()
    locale = user.locale or sender.default_locale
    write_mail(
        session,
        template="offer",
        dedup_key=telling.key,
        recipient=user.email,
        user_id=user_id,
        locale=locale,
        now=now,
        unsubscribe=stop_address(user_id=user_id, channel_id=automation.channel_id, channel=sender.code, locale=locale),
        mark=AD_MARK_BY_LAW.get(sender.country, ""),
        sender=sender,
        name=user.name,
        action=automation.action,
        coupon=telling.names,
        amount_minor=automation.amount_minor,
        currency=automation.currency,
        link=site.address(telling.path, channel=sender.code),
    )
