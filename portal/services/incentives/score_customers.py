"""Score customers: all of them with models fitted anew, or those whose orders moved, by the models of last night."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import CustomerScore, ScoreState, ScoreVersion
from portal.queries.automations import load_drawn
from portal.queries.exchange import platform_currency
from portal.queries.purchases import History, buyers_changed, load_histories, newest_transition

if TYPE_CHECKING:
    from portal.learning.response import Curve
    from portal.learning.scores import Histories, Scored, ScoreModel

_COLUMNS = (
    "purchases, first_on, last_on, spent_minor, recency, frequency, money, expected_milli, expected_minor, churn_bp, "
    "response_bp"
)
_WRITE = text(
    f"""
    INSERT INTO customer_score AS s (user_id, version, scored_at, currency, {_COLUMNS})
    SELECT user_id, :version, :now, :currency, {_COLUMNS}
      FROM unnest(CAST(:user_ids AS uuid[]), CAST(:purchases AS int[]), CAST(:first_on AS date[]),
                  CAST(:last_on AS date[]), CAST(:spent AS bigint[]), CAST(:recency AS int[]),
                  CAST(:frequency AS int[]), CAST(:money AS int[]), CAST(:expected AS bigint[]),
                  CAST(:worth AS bigint[]), CAST(:churn AS int[]), CAST(:response AS int[]))
           AS t (user_id, {_COLUMNS})
     ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET version = EXCLUDED.version, scored_at = EXCLUDED.scored_at,
        currency = EXCLUDED.currency, purchases = EXCLUDED.purchases, first_on = EXCLUDED.first_on,
        last_on = EXCLUDED.last_on, spent_minor = EXCLUDED.spent_minor, recency = EXCLUDED.recency,
        frequency = EXCLUDED.frequency, money = EXCLUDED.money, expected_milli = EXCLUDED.expected_milli,
        expected_minor = EXCLUDED.expected_minor, churn_bp = EXCLUDED.churn_bp, response_bp = EXCLUDED.response_bp
    """  # noqa: S608  # Names of columns, written above.
)
AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Fitted:
    """Models of a moment, kept under their version."""

    version: int
    currency: str
    model: ScoreModel
    fitted_at: datetime


def keep_model(session: Session, *, histories: Sequence[History], now: datetime) -> Fitted:
    """Fit the models to these customers and keep them as the next version."""
    from portal.learning.scores import fit

    model = replace(fit(_numbers(histories, now)), response=_response(session, now))
    currency = platform_currency(session)
    row = ScoreVersion(
        model=model.to_json(), customers=len(histories), currency=currency, reason=model.reason, fitted_at=now
    )
    session.add(row)
    session.flush()
    return Fitted(row.version, currency, model, now)


def _response(session: Session, now: datetime) -> Curve | None:
    """What was learned of offers from everybody who was drawn at random and whose time is over."""
    import numpy as np

    from portal.learning.response import fit_response

    drawn = load_drawn(session, now=now)
    table = np.array([(one.is_offer, one.bought, one.churn_bp, one.chance_bp) for one in drawn]).reshape(-1, 4)
    treated, bought, churn, chance = table.T
    return fit_response(treated > 0, bought, churn / 10_000, chance / 10_000)


def newest_model(session: Session) -> Fitted | None:
    """The models that were fitted last."""
    from portal.learning.scores import ScoreModel

    row = session.execute(
        select(ScoreVersion.version, ScoreVersion.currency, ScoreVersion.model, ScoreVersion.fitted_at)
        .order_by(ScoreVersion.version.desc())
        .limit(1)
    ).one_or_none()
    return Fitted(row.version, row.currency, ScoreModel.from_json(row.model), row.fitted_at) if row else None


def write_scores(session: Session, *, fitted: Fitted, histories: Sequence[History], now: datetime) -> None:
    """Score these customers and keep it; at most AT_ONCE of them, so that the statement stays short."""
    from portal.learning.scores import score

    if not histories:
        return
    found = score(fitted.model, _numbers(histories, now))
    session.execute(_WRITE, _values(fitted, histories, found, now))


def lock_scores(session: Session) -> ScoreState:
    """The state of the scores; whoever has it is the only one who renews them."""
    session.execute(insert(ScoreState).values(id=1).on_conflict_do_nothing())
    return session.execute(select(ScoreState).where(ScoreState.id == 1).with_for_update()).scalar_one()


def note_scores(session: Session, *, transition_id: int, now: datetime) -> None:
    """All that moved up to this transition is in the scores."""
    session.execute(update(ScoreState).values(transition_id=transition_id, scored_at=now))


def score_changed(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Score those again whose orders moved since the last time; who kept nothing of what he bought has no score.

    Returns them. Before the first night there are no models, and nothing is done.
    """
    state = lock_scores(session)
    fitted, newest = newest_model(session), newest_transition(session)
    if fitted is None or newest == state.transition_id:
        return []
    changed = buyers_changed(session, since_transition=state.transition_id)
    gone = set(changed)
    # An import moves more than one statement scores; all of them are noted as scored below.
    for place in range(0, len(changed), AT_ONCE):
        histories = load_histories(session, user_ids=changed[place : place + AT_ONCE])
        write_scores(session, fitted=fitted, histories=histories, now=now)
        gone -= {one.user_id for one in histories}
    if gone:
        session.execute(delete(CustomerScore).where(CustomerScore.user_id.in_(gone)))
    note_scores(session, transition_id=newest, now=now)
    return changed


def _numbers(histories: Sequence[History], now: datetime) -> Histories:
    import numpy as np

    from portal.learning.scores import Histories

    today = now.date()
    rows = np.array(
        [
            (
                one.purchases,
                # Somewhere it is tomorrow already.
                max((today - one.first_on).days, (one.last_on - one.first_on).days),
                max((today - one.last_on).days, 0),
                one.spent_minor,
                one.first_minor,
            )
            for one in histories
        ],
        dtype=np.float64,
    ).reshape(-1, 5)
    return Histories(*rows.T)


def _values(fitted: Fitted, histories: Sequence[History], found: Scored, now: datetime) -> dict[str, Any]:
    def listed(values: Any) -> list[int | None]:
        return [None] * len(histories) if values is None else values.tolist()

    return {
        "version": fitted.version,
        "currency": fitted.currency,
        "now": now,
        "user_ids": [one.user_id for one in histories],
        "purchases": [one.purchases for one in histories],
        "first_on": [one.first_on for one in histories],
        "last_on": [one.last_on for one in histories],
        "spent": [one.spent_minor for one in histories],
        "recency": listed(found.recency),
        "frequency": listed(found.frequency),
        "money": listed(found.money),
        "expected": listed(found.expected_milli),
        "worth": listed(found.expected_minor),
        "churn": listed(found.churn_bp),
        "response": listed(found.response_bp),
    }
