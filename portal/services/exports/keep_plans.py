"""Reports that come by themselves: set, ended, and made in the name of who set them (ANA-04)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.crypto import read_link
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.tables import Format
from portal.kit.text import N_
from portal.models import ReportPlan, User
from portal.queries.actors import actor_of
from portal.queries.listings.books import BalanceFilter, JournalFilter
from portal.queries.listings.finance import ExpiryFilter, StatementFilter, TaxFilter
from portal.queries.payments import PaymentFilter
from portal.rules.figures import Period, Sight
from portal.rules.measures import is_board
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.reports import (
    PLANS_MAX,
    Every,
    PlanUnfitError,
    Report,
    days_of,
    due_after,
    made_for,
    name_of,
    next_due,
)
from portal.services.audit import AuditAction, Fact, record
from portal.services.exports.ask_export import ExportUnknownError, TooManyListExportsError, ask_export, may_take
from portal.services.exports.write_figures import STOP_PURPOSE, may_see, write_figures

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


class StopUnknownError(PortalError):
    """It was cut off or altered."""

    code = "stop_link_unknown"
    status = 404
    sentence = N_("This link is not complete. Copy all of it out of the mail, or end these mails on the dashboard.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants regularly, in which language and by which calendar; for figures, which."""

    report: str
    kind: str
    every: str
    locale: str
    zone: str
    sight: Sight | None = None


def set_plan(session: Session, *, wish: Wish, actor: Actor, now: datetime) -> uuid.UUID | None:
    """Have a report made from the next morning on that fits; None where these very figures come already.

    Raises PlanUnfitError, ExportUnknownError, TooManyListExportsError.
    """
    _check(wish, actor)
    own = (ReportPlan.made_by == actor.user_id, ReportPlan.ended_at.is_(None))
    if (session.scalar(select(func.count()).select_from(ReportPlan).where(*own)) or 0) >= PLANS_MAX:
        raise TooManyListExportsError(most=PLANS_MAX)
    row = {
        "id": new_id(),
        "report": wish.report,
        "format": wish.kind,
        "every": wish.every,
        "locale": wish.locale,
        "zone": wish.zone,
        "made_by": actor.user_id,
        "made_at": now,
        "next_at": next_due(Every(wish.every), now, ZoneInfo(wish.zone)),
    }
    seen = {} if wish.sight is None else asdict(wish.sight)
    # A second click finds the first one's.
    statement = insert(ReportPlan).values(**row, **seen).on_conflict_do_nothing().returning(ReportPlan.id)
    plan_id = session.execute(statement).scalar_one_or_none()
    if plan_id is not None:
        after = {"report": wish.report, "format": wish.kind, "every": wish.every, **seen}
        record(session, Fact(AuditAction.REPORT_PLAN_SET, f"report-plan:{plan_id}", after=after), actor=actor, now=now)
    return plan_id


def _check(wish: Wish, actor: Actor) -> None:
    if wish.every not in set(Every):
        raise PlanUnfitError
    if wish.sight is not None:
        if not is_board(wish.sight.board):
            raise PlanUnfitError
        if not may_see(actor, wish.sight):
            raise ExportUnknownError
    elif wish.report not in LISTING_OF or wish.kind not in set(Format):
        raise PlanUnfitError
    elif not may_take(actor, LISTING_OF[Report(wish.report)]):
        raise ExportUnknownError


def end_plan(session: Session, *, plan_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Let it come no longer; what was made stays. Raises ExportUnknownError for somebody else's."""
    plan = session.scalars(
        select(ReportPlan)
        .where(ReportPlan.id == plan_id, ReportPlan.made_by == actor.user_id, ReportPlan.ended_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if plan is None:
        raise ExportUnknownError
    _end(session, plan, "asked", actor, now)


def comes_still(session: Session, *, token: str) -> bool:
    """Whether the mails of a stop link come; changes nothing, as programs open every link. Raises StopUnknownError."""
    return _of_link(session, token).ended_at is None


def stop_by_link(session: Session, *, token: str, now: datetime) -> None:
    """End the mails that the link came with; a second call changes nothing. Raises StopUnknownError."""
    plan = _of_link(session, token, lock=True)
    if plan.ended_at is None:
        _end(session, plan, "mail", SYSTEM, now)


def _of_link(session: Session, token: str, *, lock: bool = False) -> ReportPlan:
    body = read_link(STOP_PURPOSE, token)
    plan = session.get(ReportPlan, uuid.UUID(bytes=body), with_for_update=lock) if body and len(body) == 16 else None
    if plan is None:
        raise StopUnknownError
    return plan


def _end(session: Session, plan: ReportPlan, why: str, actor: Actor, now: datetime) -> None:
    plan.ended_at = now
    session.flush()
    fact = Fact(AuditAction.REPORT_PLAN_ENDED, f"report-plan:{plan.id}", after={"why": why})
    record(session, fact, actor=actor, now=now)


def plans_due(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Reports whose morning has come."""
    due = select(ReportPlan.id).where(ReportPlan.ended_at.is_(None), ReportPlan.next_at <= now)
    return list(session.scalars(due.order_by(ReportPlan.next_at).limit(50)))


def make_report(session: Session, *, plan_id: uuid.UUID, now: datetime) -> bool:
    """Ask for the report of the oldest period that is over, or write the figures of the last one, once.

    False when somebody else has, when it is made with a later look, or when it comes no longer: who has lost the
    permission gets nothing more.
    """
    plan = session.scalars(
        select(ReportPlan)
        .where(ReportPlan.id == plan_id, ReportPlan.ended_at.is_(None), ReportPlan.next_at <= now)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if plan is None:
        return False
    report, every, zone = Report(plan.report), Every(plan.every), ZoneInfo(plan.zone)
    owner = session.get_one(User, plan.made_by)
    may_work = owner.state == "active" and owner.blocked_at is None
    actor = actor_of(session, owner) if may_work else Actor(user_id=owner.id, roles=frozenset())
    due = made_for(report, every, plan.next_at, now, zone)
    make = write_figures if report is Report.FIGURES else _ask
    try:
        is_made = make(session, plan=plan, actor=actor, due=due, now=now)
    except ExportUnknownError:
        _end(session, plan, "permission", SYSTEM, now)
        return False
    if is_made:
        plan.next_at = due_after(report, every, due, now, zone)
        session.flush()
    return is_made


def _ask(session: Session, *, plan: ReportPlan, actor: Actor, due: datetime, now: datetime) -> bool:
    """Ask for the list of its days; False while too many of his files are being made. Raises ExportUnknownError."""
    zone, report = ZoneInfo(plan.zone), Report(plan.report)
    days = days_of(Every(plan.every), due, zone)
    start = datetime.combine(days.first, time(), tzinfo=zone).astimezone(now.tzinfo)
    end = datetime.combine(days.last + timedelta(days=1), time(), tzinfo=zone).astimezone(now.tzinfo)
    try:
        ask_export(
            session,
            listing=LISTING_OF[report],
            chosen=_FILTERS[report](days, (start, end)),
            kind=Format(plan.format),
            locale=plan.locale,
            actor=actor,
            now=now,
            plan_id=plan.id,
            name=name_of(report, days, Format(plan.format)),
        )
    except TooManyListExportsError:
        return False
    return True
