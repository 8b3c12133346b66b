"""Segments: what their rules ask about, who is in them, how large they were, and what they share (INC-02)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from portal.queries.exchange import platform_currency
from portal.queries.risk_rules import rules_in_force
from portal.rules.fraud_features import Value, Values

HISTORY_DAYS = 30
PREVIEWED = 10


def _values(condition: str) -> TextClause:
    """The statement for people of whom `condition` holds, as a fragment with their column for {}.

    Each sum is made once for all of them: one by one, every person would read the refunds of all.
    """
    return text(_VALUES.format(*(condition.format(one) for one in _PEOPLE)))


_PEOPLE = ("k.user_id", "user_id", "user_id", "o.buyer_id", "u.id")
_VALUES = """
    SELECT u.id, coalesce(s.purchases, 0) AS purchases,
           extract(epoch FROM CAST(:now AS timestamptz) - s.last_on::timestamptz)::bigint AS since,
           coalesce(s.spent_minor, 0) AS spent, s.spent_minor / s.purchases AS mean,
           s.expected_milli / 1000.0 AS expected, s.expected_minor AS expected_value, s.churn_bp / 100.0 AS churn,
           s.response_bp / 100.0 AS response, s.recency, s.frequency, s.money,
           extract(epoch FROM CAST(:now AS timestamptz) - u.created_at)::bigint AS account_age, m.tier,
           u.locale AS language, coalesce(p.balance_minor - p.held_minor, 0) AS points,
           coalesce(c.things, 0) AS cart, coalesce(g.coupons, 0) AS coupons,
           coalesce(w.uses, 0) AS coupon_uses_90d, coalesce(r.refunds, 0) AS refunds_90d
      FROM user_account u
      LEFT JOIN customer_score s ON s.user_id = u.id
      LEFT JOIN member_tier m ON m.user_id = u.id
      LEFT JOIN ledger_account p ON p.owner = 'user:' || u.id AND p.kind = 'mileage' AND p.currency = 'PTS'
      LEFT JOIN (SELECT k.user_id, sum(l.quantity) AS things FROM cart k JOIN cart_line l ON l.cart_id = k.id
                  WHERE {} GROUP BY 1) c ON c.user_id = u.id
      LEFT JOIN (SELECT user_id, count(*) AS coupons FROM coupon_grant
                  WHERE state = 'held' AND {} GROUP BY 1) g ON g.user_id = u.id
      LEFT JOIN (SELECT user_id, count(*) AS uses FROM coupon_use
                  WHERE status = 'redeemed' AND claimed_at > CAST(:now AS timestamptz) - interval '90 days'
                    AND {} GROUP BY 1) w ON w.user_id = u.id
      LEFT JOIN (SELECT o.buyer_id, count(*) AS refunds FROM orders o JOIN refund f ON f.order_id = o.id
                  WHERE f.requested_at > CAST(:now AS timestamptz) - interval '90 days'
                    AND {} GROUP BY 1) r ON r.buyer_id = u.id
     WHERE u.state = 'active' AND 'buyer' = ANY(u.roles) AND {}
     ORDER BY u.id
"""
# Two statements, so that a plan that is kept for everybody never serves a few.
_VALUES_OF_ALL = _values("true")
_VALUES_OF_SOME = _values("{} = ANY(CAST(:user_ids AS uuid[]))")


def load_customers(
    session: Session, *, user_ids: Sequence[uuid.UUID] | None = None, now: datetime
) -> Iterator[tuple[uuid.UUID, Values]]:
    """These customers, or all of them, with everything that a segment may ask about. Money is in the platform's."""
    values: dict[str, Any] = {"now": now}
    if user_ids is not None:
        values["user_ids"] = list(user_ids)
    for row in session.execute(_VALUES_OF_ALL if user_ids is None else _VALUES_OF_SOME, values):
        known = row._asdict()
        user_id = known.pop("id")
        yield user_id, {name: _value(value) for name, value in known.items()}


def _value(value: object) -> Value | None:
    return value if value is None or isinstance(value, str) else Decimal(str(value))


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A version of a segment; of the newest one, how many are in it, and what uses it."""

    key: str
    version: int
    title: str
    source: str
    is_live: bool
    author: str
    created_at: datetime
    size: int


_SEGMENTS = text(
    """
    SELECT v.key, v.version, v.title, v.source, v.is_live, v.author_id::text AS author, v.created_at,
           (SELECT count(*) FROM segment_member m WHERE m.key = v.key) AS size
      FROM segment_version v
     WHERE (CAST(:key AS text) IS NULL
            AND v.version = (SELECT max(w.version) FROM segment_version w WHERE w.key = v.key))
        OR v.key = :key
     ORDER BY v.key, v.version DESC
    """
)


def list_segments(session: Session) -> list[SegmentRow]:
    """Every segment in its newest version."""
    return [SegmentRow(*row) for row in session.execute(_SEGMENTS, {"key": None})]


def load_versions(session: Session, *, key: str) -> list[SegmentRow]:
    """All versions of one segment, the newest first; empty where there is none."""
    return [SegmentRow(*row) for row in session.execute(_SEGMENTS, {"key": key})]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Somebody in a segment, and what is known of him."""

    user_id: uuid.UUID
    since: datetime
    purchases: int | None
    spent_minor: int | None
    currency: str | None
    churn_bp: int | None


_MEMBERS = text(
    """
    SELECT m.user_id, m.since, s.purchases, s.spent_minor, s.currency, s.churn_bp
      FROM segment_member m LEFT JOIN customer_score s ON s.user_id = m.user_id
     WHERE m.key = :key ORDER BY m.since DESC, m.user_id LIMIT :limit
    """
)


def list_members(session: Session, *, key: str, limit: int = PREVIEWED) -> list[MemberRow]:
    """The newest members."""
    return [MemberRow(*row) for row in session.execute(_MEMBERS, {"key": key, "limit": limit})]


_OVERLAPS = text(
    """
    SELECT o.key, count(*) AS people FROM segment_member m JOIN segment_member o ON o.user_id = m.user_id
     WHERE m.key = :key AND o.key <> :key GROUP BY 1 ORDER BY 2 DESC, 1
    """
)


def list_overlaps(session: Session, *, key: str) -> list[tuple[str, int]]:
    """How many of its members are in which other segments."""
    return [(row.key, row.people) for row in session.execute(_OVERLAPS, {"key": key})]


@dataclass(frozen=True, slots=True)
class SizeDay:
    """A day of a segment: who came, who left, and how many there were at its end."""

    day: date
    entered: int
    left: int
    size: int


_MOVES = text(
    """
    SELECT (at AT TIME ZONE 'UTC')::date AS day, count(*) FILTER (WHERE entered) AS entered,
           count(*) FILTER (WHERE NOT entered) AS gone
      FROM segment_move WHERE key = :key GROUP BY 1 ORDER BY 1
    """
)


def size_history(session: Session, *, key: str, now: datetime) -> list[SizeDay]:
    """The days of the last HISTORY_DAYS on which somebody came or left, the latest first."""
    found, size = [], 0
    for row in session.execute(_MOVES, {"key": key}):
        size += row.entered - row.gone
        if now.date() - row.day <= timedelta(days=HISTORY_DAYS):
            found.append(SizeDay(row.day, row.entered, row.gone, size))
    return found[::-1]


def segment_keys_of(session: Session, *, user_id: uuid.UUID) -> frozenset[str]:
    """The segments that somebody is in."""
    return frozenset(session.scalars(text("SELECT key FROM segment_member WHERE user_id = :id"), {"id": user_id}))


_PAST = text(
    """
    SELECT user_id, key, entered, at FROM segment_move
     WHERE key = ANY(:keys) AND user_id = ANY(CAST(:user_ids AS uuid[])) ORDER BY user_id, at, id
    """
)


class PastMembership:
    """Who was in which segments when, by the moves that are kept."""

    def __init__(self, moves: Iterable[Row[Any]]) -> None:
        self._moves: dict[str, list[tuple[datetime, str, bool]]] = {}
        for move in moves:
            self._moves.setdefault(str(move.user_id), []).append((move.at, move.key, move.entered))

    def of(self, user_id: str, at: datetime) -> frozenset[str]:
        """The segments that somebody was in at an instant."""
        found: set[str] = set()
        for moved_at, key, entered in self._moves.get(user_id, ()):
            if moved_at > at:
                break
            (found.add if entered else found.discard)(key)
        return frozenset(found)


def past_membership(session: Session, *, keys: Collection[str], user_ids: Collection[str]) -> PastMembership:
    """What these people were of these segments, at any time. Without a segment nobody is asked."""
    values = {"keys": list(keys), "user_ids": list(user_ids)}
    return PastMembership(session.execute(_PAST, values) if keys else ())


# Rules of mileage are the newest version's, which counts now or from its start on.
_USES = text(
    """
    SELECT 'campaign' AS kind, c.id::text AS ref, c.name
      FROM campaign c CROSS JOIN LATERAL jsonb_array_elements(c.conditions) d
     WHERE d ->> 'name' = 'segment' AND d -> 'params' -> 'any_of' ? :key AND c.state NOT IN ('ended', 'revoked')
    UNION ALL SELECT 'automation', id::text, jsonb_build_object('en', title) FROM automation
     WHERE segment = :key AND state <> 'ended'
    UNION ALL SELECT 'offer', id::text, jsonb_build_object('en', title) FROM offer
     WHERE segment = :key AND state <> 'ended'
    UNION ALL SELECT 'mileage', v.version::text, jsonb_build_object('en', r ->> 'name')
      FROM (SELECT version, body FROM loyalty_version WHERE kind = 'mileage' ORDER BY version DESC LIMIT 1) v
     CROSS JOIN LATERAL jsonb_array_elements(v.body -> 'rules') r WHERE r -> 'segments' ? :key
     ORDER BY 1, 2
    """
)


@dataclass(frozen=True, slots=True)
class SegmentUse:
    """What asks who is in a segment: a campaign, an automation, an offer, a rule of mileage or of risk."""

    kind: str
    ref: str
    name: Mapping[str, str]


def uses_of_segment(session: Session, *, key: str) -> list[SegmentUse]:
    """All that asks for this segment at present."""
    found = [SegmentUse(row.kind, row.ref, row.name) for row in session.execute(_USES, {"key": key})]
    rules = rules_in_force(session)
    return found + [
        SegmentUse("risk", rule.name, {"en": rule.name})
        for rule in (*rules.rules, *rules.shadows)
        if "segments" in rule.asks and f'"{key}"' in rule.source
    ]


def campaigns_asking(session: Session, *, key: str) -> list[tuple[int, Mapping[str, str]]]:
    """Campaigns whose coupon is for this segment, by id and name."""
    return [(int(one.ref), one.name) for one in uses_of_segment(session, key=key) if one.kind == "campaign"]


def segment_currency(session: Session) -> str:
    """In which currency rules of segments speak of money."""
    return platform_currency(session)
