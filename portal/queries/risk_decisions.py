"""Past decisions of risk as they were kept, for a replay, and the newest as examples for whoever writes a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.fraud import Outcome
from portal.rules.fraud_features import from_json
from portal.rules.fraud_replay import PastDecision

PAST_MAX = 5_000
EXAMPLES = 10

_PAST = text(
    """
    SELECT d.id, d.decided_at, d.event, d.currency, d.features, d.outcome,
           ARRAY(SELECT f->>'rule' FROM jsonb_array_elements(d.fired) f) AS fired, l.label, o.number
      FROM risk_decision d
      LEFT JOIN risk_label l ON l.decision_id = d.id
      LEFT JOIN orders o ON o.id = d.order_id
     WHERE d.decided_at >= :since AND d.decided_at < :until
     ORDER BY d.decided_at DESC, d.id DESC LIMIT :limit
    """
)
_EXAMPLES = text("SELECT features, currency FROM risk_decision ORDER BY decided_at DESC, id DESC LIMIT :limit")


@dataclass(frozen=True, slots=True)
class Past:
    """The newest decisions of a time; `is_cut` says that it held more."""

    decisions: Sequence[PastDecision]
    is_cut: bool


def load_past(session: Session, *, since: datetime, until: datetime, limit: int = PAST_MAX) -> Past:
    """At most `limit` decisions from `since` to before `until`, the newest first."""
    found = session.execute(_PAST, {"since": since, "until": until, "limit": limit + 1}).all()
    return Past([_past(row) for row in found[:limit]], len(found) > limit)


def load_examples(session: Session) -> Sequence[tuple[Mapping[str, Any], str | None]]:
    """The features of the newest decisions, each with its currency."""
    return [(row.features, row.currency) for row in session.execute(_EXAMPLES, {"limit": EXAMPLES})]


def _past(row: Any) -> PastDecision:
    return PastDecision(
        id=row.id,
        at=row.decided_at,
        event=row.event,
        order_number=row.number,
        currency=row.currency,
        values=from_json(row.features),
        outcome=Outcome(row.outcome),
        fired=frozenset(row.fired),
        label=row.label,
    )
