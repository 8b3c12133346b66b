"""Reports that come by themselves: set, ended, and made in the name of who set them (ANA-04)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kit.ids import new_id
from portal.kit.tables import Format
from portal.models import ReportPlan, User
from portal.queries.listings.books import BalanceFilter, JournalFilter
from portal.queries.listings.finance import ExpiryFilter, StatementFilter, TaxFilter
from portal.queries.payments import PaymentFilter
from portal.rules.figures import Period
from portal.rules.permissions import Actor, Role
from portal.rules.reports import PLANS_MAX, Every, PlanUnfitError, Report, days_of, due_after, next_due
from portal.services.audit import AuditAction, Fact, record
from portal.services.exports.ask_export import ExportUnknownError, TooManyListExportsError, ask_export, may_take

# How far ahead the points are that are about to end.
ENDS_WITHIN = timedelta(days=30)
_Bounds = tuple[datetime, datetime]

LISTING_OF: Mapping[Report, str] = {
    Report.JOURNAL: "ledger",
    Report.TAX: "tax",
    Report.LIABILITY: "balances",
    Report.EXPIRY: "mileage-ending",
    Report.PAYMENTS: "payments",
    Report.STATEMENTS: "statements",
}
_FILTERS: Mapping[Report, Callable[[Period, _Bounds], Any]] = {
    Report.JOURNAL: lambda _days, at: JournalFilter(since=at[0], until=at[1]),
    Report.TAX: lambda days, _at: TaxFilter(days.first, days.last),
    Report.LIABILITY: lambda _days, _at: BalanceFilter(is_open=True),
    Report.EXPIRY: lambda _days, at: ExpiryFilter(at[1] + ENDS_WITHIN),
    Report.PAYMENTS: lambda _days, at: PaymentFilter(created_from=at[0], created_until=at[1]),
    Report.STATEMENTS: lambda _days, at: StatementFilter(at[0], at[1]),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants regularly, in which language and by which calendar."""

    report: str
    kind: str
    every: str
    locale: str
    zone: str


def set_plan(session: Session, *, wish: Wish, actor: Actor, now: datetime) -> uuid.UUID:
    """Have a report made from the next morning on that fits. Raises PlanUnfitError, ExportUnknownError."""
    if wish.report not in set(Report) or wish.kind not in set(Format) or wish.every not in set(Every):
        raise PlanUnfitError
    if not may_take(actor, LISTING_OF[Report(wish.report)]):
        raise ExportUnknownError
    own = (ReportPlan.made_by == actor.user_id, ReportPlan.ended_at.is_(None))
    if (session.scalar(select(func.count()).select_from(ReportPlan).where(*own)) or 0) >= PLANS_MAX:
        raise TooManyListExportsError(most=PLANS_MAX)
    plan = ReportPlan(
        id=new_id(),
        report=wish.report,
        format=wish.kind,
        every=wish.every,
        locale=wish.locale,
        zone=wish.zone,
        made_by=actor.user_id,
        made_at=now,
        next_at=next_due(Every(wish.every), now, ZoneInfo(wish.zone)),
    )
    session.add(plan)
    session.flush()
    after = {"report": wish.report, "format": wish.kind, "every": wish.every}
    record(session, Fact(AuditAction.REPORT_PLAN_SET, f"report-plan:{plan.id}", after=after), actor=actor, now=now)
    return plan.id


def end_plan(session: Session, *, plan_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Let it come no longer; what was made stays. Raises ExportUnknownError for somebody else's."""
    plan = session.scalars(
        select(ReportPlan)
        .where(ReportPlan.id == plan_id, ReportPlan.made_by == actor.user_id, ReportPlan.ended_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if plan is None:
        raise ExportUnknownError
    plan.ended_at = now
    session.flush()
    record(session, Fact(AuditAction.REPORT_PLAN_ENDED, f"report-plan:{plan_id}"), actor=actor, now=now)


def plans_due(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Reports whose morning has come."""
    due = select(ReportPlan.id).where(ReportPlan.ended_at.is_(None), ReportPlan.next_at <= now)
    return list(session.scalars(due.order_by(ReportPlan.next_at).limit(50)))


def make_report(session: Session, *, plan_id: uuid.UUID, now: datetime) -> uuid.UUID | None:
    """Ask for the report of the oldest period that is over, once; None when somebody else has, or it comes no longer.

    Who has lost the permission gets nothing more: the plan ends.
    """
    plan = session.scalars(
        select(ReportPlan)
        .where(ReportPlan.id == plan_id, ReportPlan.ended_at.is_(None), ReportPlan.next_at <= now)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if plan is None:
        return None
    every, zone, report = Every(plan.every), ZoneInfo(plan.zone), Report(plan.report)
    days = days_of(every, plan.next_at, zone)
    start = datetime.combine(days.first, time(), tzinfo=zone).astimezone(now.tzinfo)
    end = datetime.combine(days.last + timedelta(days=1), time(), tzinfo=zone).astimezone(now.tzinfo)
    owner = session.get_one(User, plan.made_by)
    may_work = owner.state == "active" and owner.blocked_at is None
    actor = Actor(user_id=owner.id, roles=frozenset(Role(one) for one in owner.roles if may_work))
    try:
        export_id = ask_export(
            session,
            listing=LISTING_OF[report],
            chosen=_FILTERS[report](days, (start, end)),
            kind=Format(plan.format),
            locale=plan.locale,
            actor=actor,
            now=now,
            plan_id=plan.id,
        )
    except ExportUnknownError:
        plan.ended_at = now
        session.flush()
        return None
    except TooManyListExportsError:
        return None  # Once more with the next look.
    plan.next_at = due_after(report, every, plan.next_at, now, zone)
    session.flush()
    return export_id
