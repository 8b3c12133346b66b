"""Make the offer of somebody who was drawn for one: a coupon, points or deposit, within budget and hours (INC-03)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.models import Automation, Campaign, Channel, IncentiveAssignment, User
from portal.queries.loyalty import loyalty_directory
from portal.rules.automations import Action, ToldBy, may_tell_at
from portal.rules.balance_posting import balance_adjusted
from portal.rules.notices import NoticeKind
from portal.rules.permissions import SYSTEM
from portal.rules.posting import AccountKind, EntryKind, of_user
from portal.services.audit import AuditAction, Fact, record
from portal.services.coupons.give_coupon import give_coupon
from portal.services.incentives.consents import who_may_be_told
from portal.services.incentives.tell_offer import Telling, may_be_mailed_at, tell_offer
from portal.services.ledger.post import post
from portal.services.mileage.grant_mileage import grant_mileage

AT_ONCE = 500


def offers_due(session: Session, *, now: datetime) -> list[int]:
    """Who waits to be offered something, and may be told now."""
    return list(
        session.scalars(
            select(IncentiveAssignment.id)
            .join(Automation, Automation.id == IncentiveAssignment.automation_id)
            .where(IncentiveAssignment.state == "waiting", IncentiveAssignment.due_at <= now)
            .where(Automation.state == "running")
            .order_by(IncentiveAssignment.due_at)
            .limit(AT_ONCE)
        )
    )


def make_offer(session: Session, *, assignment_id: int, now: datetime) -> str | None:
    """Make it, and return None; or why it is not made: paused, later, consent, budget, has_it, ended, gone.

    Hours and consent are asked anew: they may have changed since it was drawn. A second call does nothing.
    """
    row = session.execute(
        select(IncentiveAssignment)
        .where(IncentiveAssignment.id == assignment_id, IncentiveAssignment.state == "waiting")
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if row is None:
        return "gone"
    automation = session.get_one(Automation, row.automation_id)
    if automation.state != "running":
        return "paused"
    channel = session.execute(
        select(Channel.time_zone, Channel.country).where(Channel.id == automation.channel_id)
    ).one()
    quiet = automation.quiet_from, automation.quiet_until
    at = may_tell_at(now, zone=channel.time_zone, country=channel.country, quiet=quiet)
    if at > now:
        row.due_at = at
        return "later"
    ways = _ways(session, automation, row.user_id)
    if ToldBy.MAIL in ways:
        # In his quiet hours it waits with the mail: nobody is to find something of which he was not told.
        at = may_be_mailed_at(session, user_id=row.user_id, channel_id=automation.channel_id, now=now)
        if at > now:
            row.due_at = at
            return "later"
    reason = _withheld(session, automation, row.user_id, ways) or _give(session, automation, row, ways, now)
    row.state, row.reason, row.made_at = ("withheld", reason, None) if reason else ("made", None, now)
    return reason


def _ways(session: Session, automation: Automation, user_id: uuid.UUID) -> frozenset[ToldBy]:
    told_by = ToldBy(automation.told_by)
    found = who_may_be_told(session, user_ids=[user_id], channel_id=automation.channel_id, told_by=told_by)
    return frozenset(way for way, people in found.items() if people)


def _withheld(session: Session, automation: Automation, user_id: uuid.UUID, ways: frozenset[ToldBy]) -> str | None:
    if session.scalar(select(User.state).where(User.id == user_id)) != "active":
        return "ended"
    if not ways:
        return "consent"
    counted = session.execute(
        update(Automation)
        .where(Automation.id == automation.id, Automation.made < Automation.people_max)
        .values(made=Automation.made + 1)
        .returning(Automation.made)
    ).one_or_none()
    return None if counted else "budget"


def _give(
    session: Session, automation: Automation, row: IncentiveAssignment, ways: frozenset[ToldBy], now: datetime
) -> str | None:
    key = f"incentive:{row.automation_id}:{row.user_id}"
    params: dict[str, object]
    names: Mapping[str, str] = {}
    if automation.action == Action.COUPON:
        campaign = session.execute(
            select(Campaign.name, Campaign.state, Campaign.valid_until).where(Campaign.id == automation.campaign_id)
        ).one()
        if campaign.state != "running" or campaign.valid_until <= now:
            return _uncount(session, automation, "ended")
        assert automation.campaign_id is not None
        given = give_coupon(
            session,
            campaign_id=automation.campaign_id,
            user_ids=[row.user_id],
            source="given",
            actor=SYSTEM,
            now=now,
            reason=automation.title,
        )
        if not given:
            return _uncount(session, automation, "has_it")
        names = campaign.name
        kind, params, path = NoticeKind.COUPON_GIVEN, {"name": campaign.name.get("en", "")}, "/account/coupons"
    elif automation.action == Action.MILEAGE:
        assert automation.amount_minor is not None
        life = timedelta(days=loyalty_directory(session).terms(now).life_days)
        grant_mileage(
            session,
            user_id=row.user_id,
            points=automation.amount_minor,
            source="incentive",
            idem_key=key,
            expires_at=now + life,
            actor=SYSTEM,
            now=now,
        )
        kind, params, path = NoticeKind.POINTS_GIVEN, {"points": automation.amount_minor}, "/account/mileage"
    else:
        assert automation.amount_minor is not None
        account = of_user(AccountKind.DEPOSIT, row.user_id, automation.currency)
        entry_id, _ = post(
            session,
            kind=EntryKind.BALANCE_ADJUSTED,
            idem_key=key,
            lines=balance_adjusted(account=account, amount_minor=automation.amount_minor),
            now=now,
            note=automation.title,
        )
        amount = {"amount_minor": automation.amount_minor, "currency": automation.currency}
        adjusted = Fact(AuditAction.BALANCE_ADJUSTED, f"entry:{entry_id}", after=amount, reason=automation.title)
        record(session, adjusted, actor=SYSTEM, now=now)
        kind, params, path = NoticeKind.DEPOSIT_GIVEN, dict(amount), "/account/balances"
    telling = Telling(kind, params, path, names, key)
    tell_offer(session, automation=automation, user_id=row.user_id, ways=ways, telling=telling, now=now)
    after = {"automation": automation.id, "user": str(row.user_id), "action": automation.action}
    after["told_by"] = " ".join(sorted(ways))
    record(session, Fact(AuditAction.INCENTIVE_MADE, f"automation:{automation.id}", after=after), actor=SYSTEM, now=now)
    return None


def _uncount(session: Session, automation: Automation, reason: str) -> str:
    session.execute(update(Automation).where(Automation.id == automation.id).values(made=Automation.made - 1))
    return reason
