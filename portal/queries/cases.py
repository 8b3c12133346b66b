"""Cases of risk for those who decide: the queue, one of them with all that is known, and how fast they were told."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, text, tuple_
from sqlalchemy.orm import Session, aliased

from portal.crypto import EncryptedText
from portal.kit.paging import Page, fingerprint
from portal.models import RiskCase, RiskCasePerson, User
from portal.queries.keyset import Sorting, count_up_to, fetch_page

AnyRow = Row[*tuple[Any, ...]]
QUEUE = Sorting((RiskCase.expected_loss_minor, RiskCase.id), (int, uuid.UUID))
STATES = ("open", "decided", "closed")


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of the queue."""

    id: uuid.UUID
    user_id: uuid.UUID
    user_name: str
    user_state: str
    state: str
    score: int
    currency: str
    stake_minor: int
    expected_loss_minor: int
    opened_at: datetime
    due_at: datetime
    told_at: datetime | None
    assignee_id: uuid.UUID | None
    assignee: str
    assigned_at: datetime | None
    verdict: str | None
    note: str | None
    decided_by: uuid.UUID | None
    decider: str
    decided_at: datetime | None
    effects_at: datetime | None
    closed_at: datetime | None
    version: int
    people: int
    merged_into: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case with its people, decisions and orders, whom these are linked to, and what was said of them before."""

    case: CaseRow
    people: Sequence[AnyRow]
    decisions: Sequence[AnyRow]
    orders: Sequence[AnyRow]
    links: Sequence[AnyRow]
    earlier: Sequence[AnyRow]
    events: Sequence[AnyRow]


@dataclass(frozen=True, slots=True)
class AlertTimes:
    """How long it took from a decision to the bell and to the first mail that was sent, over some days."""

    cases: int
    mailed: int
    in_time: int
    slowest: timedelta | None
    median: timedelta | None


def _statement() -> Any:
    assignee, decider = aliased(User), aliased(User)
    return (
        select(
            RiskCase.id,
            RiskCase.user_id,
            User.name,
            User.state.label("user_state"),
            RiskCase.state,
            RiskCase.score,
            RiskCase.currency,
            RiskCase.stake_minor,
            RiskCase.expected_loss_minor,
            RiskCase.opened_at,
            RiskCase.due_at,
            RiskCase.told_at,
            RiskCase.assignee_id,
            assignee.name.label("assignee"),
            RiskCase.assigned_at,
            RiskCase.verdict,
            RiskCase.note,
            RiskCase.decided_by,
            decider.name.label("decider"),
            RiskCase.decided_at,
            RiskCase.effects_at,
            RiskCase.closed_at,
            RiskCase.version,
            select(func.count()).where(RiskCasePerson.case_id == RiskCase.id).scalar_subquery().label("people"),
            RiskCase.merged_into,
        )
        .join(User, User.id == RiskCase.user_id)
        .outerjoin(assignee, assignee.id == RiskCase.assignee_id)
        .outerjoin(decider, decider.id == RiskCase.decided_by)
    )


def _row(row: Any) -> CaseRow:
    values = list(row)
    values[13], values[18] = row.assignee or "", row.decider or ""
    return CaseRow(*values)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases: in this state, looked at by somebody, with a verdict, decided from a moment to before another."""

    state: str
    mine: uuid.UUID | None = None
    verdict: str | None = None
    decided_from: datetime | None = None
    decided_before: datetime | None = None


def list_cases(session: Session, *, chosen: CaseFilter, cursor: str | None) -> Page[CaseRow]:
    """One page of the queue, the largest expected loss first. Raises CursorInvalidError."""
    statement = _statement().where(RiskCase.state == chosen.state)
    if chosen.mine is not None:
        statement = statement.where(RiskCase.assignee_id == chosen.mine)
    if chosen.verdict is not None:
        statement = statement.where(RiskCase.verdict == chosen.verdict)
    if chosen.decided_from is not None:
        statement = statement.where(RiskCase.decided_at >= chosen.decided_from)
    if chosen.decided_before is not None:
        statement = statement.where(RiskCase.decided_at < chosen.decided_before)
    return fetch_page(
        session,
        statement,
        QUEUE,
        make=_row,
        key=lambda row: (row.expected_loss_minor, row.id),
        cursor_text=cursor,
        mark=fingerprint([str(one) for one in astuple(chosen)]),
        total=count_up_to(session, statement.with_only_columns(RiskCase.id)),
    )


_SIGNS = text(
    """
    SELECT DISTINCT ON (l.case_id) l.case_id, o.number, p.method, p.card -> 'card' AS card, s.ip, s.user_agent
      FROM risk_case_decision l
      JOIN risk_decision d ON d.id = l.decision_id
      JOIN orders o ON o.id = d.order_id
      LEFT JOIN web_session s ON s.id = o.session_id
      LEFT JOIN LATERAL (SELECT y.method, to_jsonb(a) AS card FROM payment y
                           LEFT JOIN payment_attempt a ON a.payment_id = y.id
                          WHERE y.order_id = o.id ORDER BY a.n DESC NULLS LAST LIMIT 1) p ON true
     WHERE l.case_id = ANY(:case_ids)
     ORDER BY l.case_id, d.decided_at DESC, d.id
    """
).columns(ip=EncryptedText("web_session.ip"), user_agent=EncryptedText("web_session.user_agent"))


def signs_of_cases(session: Session, *, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, AnyRow]:
    """How the latest order of each case was paid, and from where, for the rows of the queue (A01)."""
    return {row.case_id: row for row in session.execute(_SIGNS, {"case_ids": list(case_ids)})}


def next_case(session: Session, *, after: uuid.UUID) -> uuid.UUID | None:
    """The open case that follows this one in the queue, after the last its first; None where no other is open."""
    place = tuple_(RiskCase.expected_loss_minor, RiskCase.id)
    here = select(RiskCase.expected_loss_minor, RiskCase.id).where(RiskCase.id == after).scalar_subquery()
    return session.scalar(
        select(RiskCase.id)
        .where(RiskCase.state == "open", RiskCase.id != after)
        .order_by((place < here).desc(), RiskCase.expected_loss_minor.desc(), RiskCase.id.desc())
        .limit(1)
    )


_PEOPLE = text(
    """
    SELECT u.id, u.name, u.state, p.froze, count(d.id) AS decisions, coalesce(max(d.score), 0) AS score
      FROM risk_case_person p JOIN user_account u ON u.id = p.user_id
      LEFT JOIN (risk_case_decision l JOIN risk_decision d ON d.id = l.decision_id)
             ON l.case_id = p.case_id AND d.user_id = p.user_id
     WHERE p.case_id = :case_id GROUP BY u.id, p.froze ORDER BY min(d.decided_at), u.id
    """
).columns(name=EncryptedText("user_account.name"))
_DECISIONS = text(
    """
    SELECT d.id, d.user_id, d.event, d.order_id, d.score, d.outcome, d.features, d.fired, d.unsure, d.currency,
           d.decided_at, d.place, d.contributions, o.number, coalesce(d.currency, o.currency) AS told_currency
      FROM risk_case_decision l JOIN risk_decision d ON d.id = l.decision_id LEFT JOIN orders o ON o.id = d.order_id
     WHERE l.case_id = :case_id ORDER BY d.decided_at DESC, d.id LIMIT 50
    """
)
_ORDERS = text(
    """
    SELECT o.id, o.buyer_id, o.number, o.status, o.currency, o.payable_minor, o.placed_at, o.address,
           s.ip, s.user_agent, o.placed_at - s.created_at AS session_length,
           EXISTS (SELECT FROM order_hold h WHERE h.order_id = o.id AND h.reason = 'high_risk'
                      AND h.released_at IS NULL) AS is_held,
           EXISTS (SELECT FROM payment p WHERE p.order_id = o.id AND p.status = 'authorised') AS is_authorised,
           p.id AS payment_id, p.status AS payment_status, p.method, p.card
      FROM orders o
      LEFT JOIN web_session s ON s.id = o.session_id
      LEFT JOIN LATERAL (SELECT y.id, y.status, y.method, to_jsonb(a) AS card FROM payment y
                           LEFT JOIN payment_attempt a ON a.payment_id = y.id
                          WHERE y.order_id = o.id ORDER BY a.n DESC NULLS LAST LIMIT 1) p ON true
     WHERE o.id IN (SELECT d.order_id FROM risk_case_decision l JOIN risk_decision d ON d.id = l.decision_id
                     WHERE l.case_id = :case_id)
     ORDER BY o.placed_at DESC, o.id LIMIT 50
    """
).columns(
    address=EncryptedText("orders.address"), ip=EncryptedText("web_session.ip"),
    user_agent=EncryptedText("web_session.user_agent"),
)  # fmt: skip
# Who else was seen at the same device, network address, door or card; counts say how the others turned out.
_LINKS = text(
    """
    WITH own AS (
        SELECT device_id, ip_index, address_index FROM risk_decision
         WHERE user_id = ANY(:people) ORDER BY decided_at DESC LIMIT 200
    ), linked AS (
        SELECT d.user_id, 'device' AS kind FROM risk_decision d
         WHERE d.device_id IN (SELECT device_id FROM own WHERE device_id IS NOT NULL)
         UNION SELECT d.user_id, 'ip' FROM risk_decision d
         WHERE d.ip_index IN (SELECT ip_index FROM own WHERE ip_index IS NOT NULL)
         UNION SELECT d.user_id, 'address' FROM risk_decision d
         WHERE d.address_index IN (SELECT address_index FROM own WHERE address_index IS NOT NULL)
         UNION SELECT p.user_id, 'card' FROM payment_attempt t JOIN payment p ON p.id = t.payment_id
         WHERE t.card ->> 'fingerprint' IN (
               SELECT a.card ->> 'fingerprint' FROM payment_attempt a JOIN payment y ON y.id = a.payment_id
                WHERE y.user_id = ANY(:people) AND a.card ->> 'fingerprint' IS NOT NULL)
         UNION SELECT w.user_id, 'device' FROM web_session w
         WHERE w.device_id IN (SELECT device_id FROM web_session WHERE user_id = ANY(:people))
    )
    SELECT u.id, u.name, u.state, u.created_at, array_agg(DISTINCT l.kind ORDER BY l.kind) AS kinds,
           (SELECT count(*) FROM orders o WHERE o.buyer_id = u.id) AS orders,
           (SELECT p.case_id FROM risk_case_person p WHERE p.user_id = u.id AND p.case_state = 'open') AS open_case,
           (SELECT count(*) FROM risk_case_person p JOIN risk_case k ON k.id = p.case_id
             WHERE p.user_id = u.id AND k.verdict IS NOT NULL AND k.verdict <> 'genuine') AS bad
      FROM linked l JOIN user_account u ON u.id = l.user_id
     WHERE u.id <> ALL(:people) GROUP BY u.id ORDER BY bad DESC, orders DESC, u.id LIMIT 20
    """
).columns(name=EncryptedText("user_account.name"))
_EARLIER = text(
    """
    SELECT k.id, k.verdict, k.note, k.decided_at, k.stake_minor, k.currency, u.name AS decider
      FROM risk_case k LEFT JOIN user_account u ON u.id = k.decided_by
     WHERE k.id IN (SELECT case_id FROM risk_case_person WHERE user_id = ANY(:people))
       AND k.id <> :case_id AND k.verdict IS NOT NULL ORDER BY k.decided_at DESC LIMIT 20
    """
).columns(decider=EncryptedText("user_account.name"))
_EVENTS = text(
    """
    SELECT r.at, r.action, r.payload, u.name FROM audit_row r
      LEFT JOIN user_account u ON u.id = CASE WHEN r.actor LIKE 'user:%' THEN substr(r.actor, 6)::uuid END
     WHERE r.ref = :ref ORDER BY r.id DESC LIMIT 50
    """
).columns(name=EncryptedText("user_account.name"))


def load_case(session: Session, *, case_id: uuid.UUID) -> CaseDetail | None:
    """Everything about one case; None when there is none."""
    row = session.execute(_statement().where(RiskCase.id == case_id)).one_or_none()
    if row is None:
        return None
    case = _row(row)
    people = session.execute(_PEOPLE, {"case_id": case_id}).all()
    values = {"case_id": case_id, "people": [one.id for one in people]}
    return CaseDetail(
        case=case,
        people=people,
        decisions=session.execute(_DECISIONS, {"case_id": case_id}).all(),
        orders=session.execute(_ORDERS, {"case_id": case_id}).all(),
        links=session.execute(_LINKS, values).all(),
        earlier=session.execute(_EARLIER, values).all(),
        events=session.execute(_EVENTS, {"ref": f"case:{case_id}"}).all(),
    )


_TIMES = text(
    """
    WITH mailed AS (
        SELECT split_part(m.dedup_key, ':', 2) AS case_id, min(m.sent_at) AS at FROM mail m
         WHERE m.template = 'risk_case' AND m.created_at >= :since GROUP BY 1
    ), told AS (
        SELECT k.alarm_at, k.told_at, mailed.at AS mailed_at
          FROM risk_case k LEFT JOIN mailed ON mailed.case_id = k.id::text
         WHERE k.opened_at >= :since AND k.apart_from IS NULL
    )
    SELECT count(*) AS cases, count(mailed_at) AS mailed,
           count(*) FILTER (WHERE greatest(told_at, mailed_at) - alarm_at <= CAST(:within AS interval)
                              AND told_at IS NOT NULL AND mailed_at IS NOT NULL) AS in_time,
           max(mailed_at - alarm_at) AS slowest,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY mailed_at - alarm_at) AS median
      FROM told
    """
)


def alert_times(session: Session, *, since: datetime, within: timedelta) -> AlertTimes:
    """How fast administrators were told of the cases since then: measured from the rows themselves (FRD-03)."""
    row = session.execute(_TIMES, {"since": since, "within": within}).one()
    return AlertTimes(row.cases, row.mailed, row.in_time, row.slowest, row.median)
