"""What customers bought, day by day in sums: what their scores are computed of (INC-01)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.exchange import platform_currency

# Transitions get their numbers before they are committed: those of the last moments are read once more.
READ_AGAIN = 200

# Goods that were paid and kept, without shipping fees, in the platform's currency at the rate of the order; what is
# bought on one day of its channel is one purchase.
_HISTORIES = """
    WITH days AS (
        SELECT o.buyer_id, (o.paid_at AT TIME ZONE c.time_zone)::date AS day,
               sum(CASE WHEN o.currency = :platform THEN l.kept
                        ELSE floor(l.kept * o.platform_minor::numeric / nullif(o.payable_minor, 0)) END) AS kept
          FROM orders o JOIN channel c ON c.id = o.channel_id
          JOIN LATERAL (SELECT sum(payable_minor - refunded_minor) AS kept FROM order_line WHERE order_id = o.id) l
            ON l.kept > 0
         WHERE o.paid_at IS NOT NULL AND (o.currency = :platform OR o.platform_currency = :platform)
           AND {}
         GROUP BY 1, 2
    )
    SELECT buyer_id, count(*) AS purchases, min(day) AS first_on, max(day) AS last_on,
           sum(kept)::bigint AS spent_minor, (array_agg(kept ORDER BY day))[1]::bigint AS first_minor
      FROM days GROUP BY 1 ORDER BY 1
"""
# Two statements, so that the few whose orders moved are found by their index and not among the orders of all.
_HISTORIES_OF_ALL = text(_HISTORIES.format("true"))
_HISTORIES_OF_SOME = text(_HISTORIES.format("o.buyer_id = ANY(CAST(:user_ids AS uuid[]))"))
_CHANGED = text(
    """
    SELECT DISTINCT o.buyer_id FROM transition t JOIN orders o ON o.id = t.order_id
     WHERE t.id > :seen AND o.paid_at IS NOT NULL
    """
)


@dataclass(frozen=True, slots=True)
class History:
    """What somebody bought: days with purchases, the first and last, minor units of the platform's currency."""

    user_id: uuid.UUID
    purchases: int
    first_on: date
    last_on: date
    spent_minor: int
    first_minor: int


def load_histories(session: Session, *, user_ids: Sequence[uuid.UUID] | None = None) -> list[History]:
    """The histories of these people, or of everybody who has bought and kept something."""
    values: dict[str, object] = {"platform": platform_currency(session)}
    if user_ids is not None:
        values["user_ids"] = list(user_ids)
    return [
        History(row.buyer_id, row.purchases, row.first_on, row.last_on, row.spent_minor, row.first_minor)
        for row in session.execute(_HISTORIES_OF_ALL if user_ids is None else _HISTORIES_OF_SOME, values)
    ]


def newest_transition(session: Session) -> int:
    """The number of the latest move of any order."""
    return int(session.execute(text("SELECT coalesce(max(id), 0) FROM transition")).scalar_one())


def buyers_changed(session: Session, *, since_transition: int) -> list[uuid.UUID]:
    """Who has an order that moved since then: paid, refunded, sent."""
    return list(session.scalars(_CHANGED, {"seen": since_transition - READ_AGAIN}))


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """What is kept of a customer, as in models/incentive.py, with the day on which it was computed."""

    version: int
    scored_at: datetime
    currency: str
    purchases: int
    first_on: date
    last_on: date
    spent_minor: int
    recency: int
    frequency: int
    money: int
    expected_milli: int | None
    expected_minor: int | None
    churn_bp: int | None
    response_bp: int | None
    fitted_at: datetime
    customers: int
    reason: str | None


_SCORE = text(
    """
    SELECT s.version, s.scored_at, s.currency, s.purchases, s.first_on, s.last_on, s.spent_minor, s.recency,
           s.frequency, s.money, s.expected_milli, s.expected_minor, s.churn_bp, s.response_bp, v.fitted_at,
           v.customers, v.reason
      FROM customer_score s JOIN score_version v ON v.version = s.version WHERE s.user_id = :user_id
    """
)


def load_score(session: Session, *, user_id: uuid.UUID) -> ScoreRow | None:
    """The score of a person; None for who never bought, or was not scored yet."""
    row = session.execute(_SCORE, {"user_id": user_id}).one_or_none()
    return ScoreRow(*row) if row else None
