"""Bring the figures of some days up to date with the rows behind them (ANA-01)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import FigureState
from portal.queries.exchange import platform_currency
from portal.queries.figure_facts import FACTS
from portal.services.figures import LOADING_LOCK

_IS_LOADED = text("SELECT NOT pg_try_advisory_xact_lock_shared(:key)")
# One statement reads so many days at most: it stays short also where a day has ten thousand orders.
DAYS_AT_ONCE = 31
# Transitions get their numbers before they are committed: those of the last moments are read once more.
READ_AGAIN = 2_000
# What is paid for an exchange moves no state of its order; it is committed a moment after the time that it bears.
COMMITTED_WITHIN = timedelta(hours=1)
COMMITTED_SOON = timedelta(minutes=1)

_SPAN = text(
    """
    SELECT min(first)::date AS first, max(last)::date AS last FROM (
        SELECT min(placed_at) - interval '1 day' AS first, max(placed_at) + interval '1 day' AS last FROM orders
        UNION ALL SELECT min(at) - interval '1 day', max(at) + interval '1 day' FROM ledger_posting
        UNION ALL SELECT min(granted_at) - interval '1 day', max(granted_at) + interval '1 day' FROM coupon_grant
        UNION ALL SELECT min(chosen_at) - interval '1 day', max(chosen_at) + interval '1 day' FROM offer_choice
        UNION ALL SELECT min(at) - interval '1 day', max(at) + interval '1 day' FROM review_invitation
        UNION ALL SELECT min(e.at) - interval '1 day', least(max(e.at), now()) + interval '1 day'
            FROM incentive_assignment a JOIN automation g ON g.id = a.automation_id
           CROSS JOIN LATERAL (SELECT a.assigned_at + make_interval(days => g.window_days) AS at) e
        UNION ALL SELECT min(day), max(day) FROM figure_day) s
    """
)
# The days of everything that has changed its state since, whenever it began, of exchanges paid, offers taken and
# reviews written; and those on which the time of people of experiments was over whose orders moved.
_CHANGED = text(
    """
    WITH moved AS (SELECT DISTINCT order_id, subject, subject_id FROM transition
                    WHERE id > :from_id AND (id > :seen OR at >= :lately))
    SELECT DISTINCT (d.at AT TIME ZONE c.time_zone)::date AS day FROM (
        SELECT o.placed_at AS at, o.channel_id FROM moved m JOIN orders o ON o.id = m.order_id
        UNION ALL SELECT p.created_at, p.channel_id FROM moved m JOIN payment p
            ON m.subject = 'payment' AND p.id = m.subject_id::uuid
        UNION ALL SELECT r.requested_at, o.channel_id FROM moved m JOIN refund r ON r.order_id = m.order_id
            JOIN orders o ON o.id = r.order_id
        UNION ALL SELECT o.placed_at, o.channel_id FROM ledger_posting g JOIN ledger_entry e ON e.id = g.entry_id
            JOIN orders o ON o.id = e.order_id
            WHERE g.at >= :since AND e.kind IN ('exchange_paid', 'exchange_given_back')
        UNION ALL SELECT g.granted_at, (SELECT min(id) FROM channel) FROM moved m
            JOIN coupon_use u ON u.order_id = m.order_id
            JOIN coupon_grant g ON g.user_id = u.user_id AND g.campaign_id = u.campaign_id
        UNION ALL SELECT chosen_at, channel_id FROM offer_choice WHERE taken_at >= :since
        UNION ALL SELECT i.at, (SELECT min(id) FROM channel) FROM remark r JOIN order_line l ON l.id = r.line_id
            JOIN review_invitation i ON i.part_id = l.part_id WHERE r.kind = 'review' AND r.at >= :since
        UNION ALL SELECT e.at, (SELECT min(id) FROM channel) FROM moved m JOIN orders o ON o.id = m.order_id
            JOIN incentive_assignment a ON a.user_id = o.buyer_id AND o.paid_at > a.assigned_at
            JOIN automation g ON g.id = a.automation_id
           CROSS JOIN LATERAL (SELECT a.assigned_at + make_interval(days => g.window_days) AS at) e
           WHERE o.paid_at <= e.at) d
      JOIN channel c ON c.id = d.channel_id
    """
)
_RENEW = text(
    f"""
    WITH fresh AS ({FACTS}), gone AS (
        DELETE FROM figure_day d WHERE d.day BETWEEN :first AND :last AND NOT EXISTS (SELECT FROM fresh f
         WHERE (f.fact, f.day, f.channel_id, f.store_id, f.currency, f.key)
             = (d.fact, d.day, d.channel_id, d.store_id, d.currency, d.key)) RETURNING d.day
    ), put AS (
        INSERT INTO figure_day AS d (fact, day, channel_id, store_id, currency, key, value)
        SELECT fact, day, channel_id, store_id, currency, key, value FROM fresh
        ON CONFLICT (fact, day, channel_id, store_id, currency, key) DO UPDATE SET value = EXCLUDED.value
         WHERE d.value <> EXCLUDED.value RETURNING d.day
    )
    SELECT day FROM gone UNION ALL SELECT day FROM put
    """  # noqa: S608 - our own fragment
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days that follow each other, both included."""

    first: date
    last: date


def is_being_filled(session: Session) -> bool:
    """Whether somebody loads orders in bulk; until this transaction ends nobody begins to."""
    return bool(session.execute(_IS_LOADED, {"key": LOADING_LOCK}).scalar_one())


def lock_figures(session: Session) -> FigureState:
    """The state of the figures; whoever has it is the only one who renews them."""
    session.execute(insert(FigureState).values(id=1).on_conflict_do_nothing())
    return session.execute(select(FigureState).where(FigureState.id == 1).with_for_update()).scalar_one()


def renew(session: Session, stretch: Stretch, *, now: datetime) -> list[date]:
    """Make the facts of these days what the rows say. Returns the day of each that was not."""
    days = {"first": stretch.first, "last": stretch.last, "now": now, "platform": platform_currency(session)}
    return list(session.scalars(_RENEW, days))


def prove(session: Session, state: FigureState, stretch: Stretch, *, now: datetime) -> int:
    """Renew these days, and say how many facts were wrong: not what has changed since figures were last renewed."""
    wrong = renew(session, stretch, now=now)
    if not wrong or state.renewed_at is None:
        return 0
    moved = _moved(session, state, now=now, lately=state.renewed_at - COMMITTED_SOON)
    return sum(day not in moved for day in wrong)


def renew_changed(session: Session, *, now: datetime) -> int | None:
    """Renew the days of all that has changed since the last time, and the present ones.

    Returns how many facts were renewed, or None where there never were any: then everything is to be renewed.
    """
    state = lock_figures(session)
    if state.renewed_at is None:
        return None
    newest = session.execute(text("SELECT coalesce(max(id), 0) FROM transition")).scalar_one()
    days = _moved(session, state, now=now, lately=datetime.min.replace(tzinfo=UTC))
    changed = sum(len(renew(session, stretch, now=now)) for stretch in stretches(sorted(days)))
    note_renewal(session, now=now, transition_id=newest)
    return changed


def _moved(session: Session, state: FigureState, *, now: datetime, lately: datetime) -> set[date]:
    """The days of what has changed since the last renewal, the present ones always among them.

    Of the transitions that stood there already only those of `lately` or after it count.
    """
    assert state.renewed_at is not None
    last = {
        "from_id": state.transition_id - READ_AGAIN,
        "seen": state.transition_id,
        "lately": lately,
        "since": state.renewed_at - COMMITTED_WITHIN,
    }
    # Balances, decisions and disputes have no transition. Wherever a channel lies, its day is one of these three.
    return set(session.scalars(_CHANGED, last)) | {now.date() + timedelta(days=n) for n in (-1, 0, 1)}


def note_renewal(session: Session, *, now: datetime, transition_id: int | None = None) -> None:
    """Up to now the figures are true."""
    newest = text("(SELECT coalesce(max(id), 0) FROM transition)") if transition_id is None else transition_id
    session.execute(update(FigureState).values(renewed_at=now, transition_id=newest))


def note_proof(session: Session, *, now: datetime, differences: int) -> None:
    """All days were compared with the rows behind them, and so many facts were not what these say."""
    session.execute(update(FigureState).values(proved_at=now, proved_differences=differences))


def whole_span(session: Session) -> Stretch | None:
    """From the first day on which anything happened to the last; None in an empty house."""
    row = session.execute(_SPAN).one()
    return Stretch(row.first, row.last) if row.first else None


def pieces(stretch: Stretch) -> Iterator[Stretch]:
    """The same days in stretches that one statement reads."""
    first = stretch.first
    while first <= stretch.last:
        last = min(first + timedelta(days=DAYS_AT_ONCE - 1), stretch.last)
        yield Stretch(first, last)
        first = last + timedelta(days=1)


def stretches(days: Sequence[date]) -> Iterator[Stretch]:
    """Sorted days as few stretches, none longer than one statement reads."""
    first = last = None
    for day in days:
        if first is not None and last is not None and day - last == timedelta(days=1):
            last = day
            continue
        if first is not None and last is not None:
            yield from pieces(Stretch(first, last))
        first = last = day
    if first is not None and last is not None:
        yield from pieces(Stretch(first, last))
