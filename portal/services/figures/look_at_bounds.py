"""Compare figures with their bounds, and tell once when one is left; tell of each large redemption (ANA-05)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal import site
from portal.kit.ids import new_id
from portal.models import Channel, FigureAlert, FigureBound, User
from portal.queries.figures import Scope, load_figures
from portal.rules.bounds import Bound, Direction, Single, is_crossed, span_of
from portal.rules.figures import Compare
from portal.rules.notices import NoticeKind
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.notifications.write_mail import write_mails
from portal.services.notifications.write_notices import write_notices

PAGE = "/admin/alerts"
# Rows are seen when their transaction is over: those of the last minute are looked at once more.
LOOK_AGAIN = timedelta(minutes=1)
AT_ONCE_MAX = 50

_NOT_TOLD = "NOT EXISTS (SELECT FROM figure_alert f WHERE f.bound_id = :bound_id AND f.subject = 'order:' || o.number)"
# Names of uses are made by their time, so that the latest are a piece of the table's own index.
_SINGLE = {
    Single.COUPON_USE: text(
        f"""
        SELECT 'order:' || o.number AS subject, u.amount_minor AS value
          FROM coupon_use u JOIN orders o ON o.id = u.order_id
         WHERE u.id >= CAST(:first_id AS uuid) AND u.claimed_at >= :since AND u.status <> 'released'
           AND u.currency = :currency AND u.amount_minor > :limit
           AND (CAST(:channel_id AS bigint) IS NULL OR o.channel_id = :channel_id) AND {_NOT_TOLD}
         ORDER BY u.id LIMIT :most
        """  # noqa: S608  # Our own fragment.
    ),
    Single.MILEAGE_USE: text(
        f"""
        SELECT 'order:' || o.number AS subject, -p.amount_minor AS value
          FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id AND a.kind = 'mileage'
          JOIN ledger_entry e ON e.id = p.entry_id AND e.kind = 'order_paid' JOIN orders o ON o.id = e.order_id
         WHERE p.at >= :since AND p.currency = :currency AND -p.amount_minor > :limit
           AND (CAST(:channel_id AS bigint) IS NULL OR o.channel_id = :channel_id) AND {_NOT_TOLD}
         ORDER BY p.id LIMIT :most
        """  # noqa: S608  # Our own fragment.
    ),
}


def look_at_bounds(session: Session, *, now: datetime) -> int:
    """Raise alerts for what has left its bound, end those that came back; returns how many were raised."""
    rows = session.scalars(
        select(FigureBound)
        .where(FigureBound.ended_at.is_(None))
        .order_by(FigureBound.id)
        .with_for_update(skip_locked=True)
    ).all()
    zones = {row.id: ZoneInfo(row.time_zone) for row in session.execute(select(Channel.id, Channel.time_zone))}
    raised = 0
    for row in rows:
        bound = bound_of(row)
        if bound.single is not None:
            large = _large(session, row)
            raised += sum(_raise(session, row, subject, value, None, now) for subject, value in large)
            # After a full look there may be more: the next one begins where this one began.
            if len(large) < AT_ONCE_MAX:
                row.watched_at = now
            continue
        zone = zones.get(row.channel_id or min(zones, default=0), ZoneInfo("UTC"))
        raised += _compare(session, row, bound, now.astimezone(zone).date(), now)
    session.flush()
    return raised


def bound_of(row: FigureBound) -> Bound:
    """A bound as rules know it."""
    return Bound(
        row.measure,
        Direction(row.direction),
        row.limit_value,
        row.days,
        row.currency,
        row.channel_id,
        row.store_id,
    )


def _compare(session: Session, row: FigureBound, bound: Bound, today: date, now: datetime) -> int:
    if bound.watched is None:
        return 0  # A figure that there is no longer.
    period = span_of(bound, today)
    scope = Scope(bound.currency, bound.channel_id, bound.store_id)
    beside = period.beside(Compare.PREVIOUS) if bound.direction is Direction.CHANGE else None
    [figure] = load_figures(session, measures=[bound.watched], scope=scope, period=period, beside=beside)
    crossed = is_crossed(bound, figure.now, figure.before)
    if crossed:
        assert figure.now is not None  # Nothing is crossed by nothing.
        return _raise(session, row, "", figure.now, figure.before, now)
    if crossed is False:
        session.execute(
            update(FigureAlert)
            .where(FigureAlert.bound_id == row.id, FigureAlert.ended_at.is_(None), FigureAlert.subject == "")
            .values(ended_at=now)
        )
    return 0


def _large(session: Session, row: FigureBound) -> list[tuple[str, int]]:
    """Redemptions above the limit that nobody was told of, the earliest first; at most AT_ONCE_MAX."""
    since = row.watched_at - LOOK_AGAIN
    values = {
        "since": since,
        "first_id": f"{int(since.timestamp() * 1000):012x}".ljust(32, "0"),
        "currency": row.currency,
        "limit": row.limit_value,
        "channel_id": row.channel_id,
        "bound_id": row.id,
        "most": AT_ONCE_MAX,
    }
    return [(found.subject, found.value) for found in session.execute(_SINGLE[Single(row.measure)], values)]


def _raise(session: Session, row: FigureBound, subject: str, value: int, before: int | None, now: datetime) -> int:
    """Once for each crossing, and for each redemption; 1 when it is new."""
    values = {
        "id": new_id(),
        "bound_id": row.id,
        "subject": subject,
        "value": value,
        "before_value": before,
        "raised_at": now,
        "ended_at": now if subject else None,
    }
    made = session.execute(
        insert(FigureAlert).values(**values).on_conflict_do_nothing().returning(FigureAlert.id)
    ).scalar_one_or_none()
    if made is None:
        return 0
    after = {"bound": str(row.id), "measure": row.measure, "value": value, "subject": subject}
    record(session, Fact(AuditAction.FIGURE_ALERT_RAISED, f"figure-alert:{made}", after=after), actor=SYSTEM, now=now)
    told = User.id == row.made_by
    if row.is_shared:
        told = told | User.roles.op("&&", is_comparison=True)(["admin"])
    people = session.execute(
        select(User.id, User.email, User.name, User.locale).where(told, User.state == "active")
    ).all()
    kind = NoticeKind.REDEMPTION_LARGE if subject else NoticeKind.FIGURE_CROSSED
    write_notices(
        session,
        user_ids=[one.id for one in people],
        kind=kind,
        params={"measure": row.measure},
        path=PAGE,
        dedup_key=f"figure_alert:{made}",
        now=now,
    )
    write_mails(
        session,
        people=people,
        template="figure_alert",
        dedup_key=f"figure_alert:{made}",
        now=now,
        is_large=bool(subject),
        subject_name=subject.partition(":")[2],
        link=site.address(PAGE),
    )
    return 1
