"""Train the model of the mall's own decisions, and put it where its figures say (FRD-09)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import structlog

from portal.db import database, transaction
from portal.kit import clock
from portal.learning.boosting import TooFewError
from portal.learning.columns import Columns
from portal.learning.decisions import Labelled, learn, to_json
from portal.learning.measures import Report
from portal.queries.risk_models import MONEY, NAMES, OWN, list_models, load_labelled
from portal.rules.permissions import SYSTEM, Actor
from portal.services.fraud.keep_events import open_set
from portal.services.fraud.keep_model import keep_model
from portal.services.fraud.place_model import place_model

log = structlog.get_logger()

# What was let through and not complained about for so long was none.
DELAY = timedelta(days=30)
# A challenger takes the champion's place where it is better by so much on the same kind of days.
BETTER_BY = 0.02


@dataclass(frozen=True, slots=True)
class Learned:
    """A version with its figures, and where it was put."""

    version: int
    report: Report
    place: str


def learn_risk() -> None:
    """The job: too few labels are no failure, rules stand alone meanwhile."""
    try:
        learned = learn_from_decisions(actor=SYSTEM)
    except TooFewError as reason:
        log.info("risk_model_not_trained", reason=str(reason))
        return
    log.info("risk_model_trained", version=learned.version, place=learned.place)


def learn_from_decisions(*, actor: Actor, delay: timedelta = DELAY, promotes: bool = False) -> Learned:
    """Learn by time from decisions whose labels are known, keep the model, and put it in its place.

    The first is tried as challenger like every other. With `promotes` it becomes champion where there is none, or where
    its average precision beats the champion's of its own training by BETTER_BY. Raises TooFewError.
    """
    with database.snapshot() as session:
        past = load_labelled(session, now=clock.now(), delay=delay)
    return _learn(past, actor=actor, promotes=promotes, known={"delay_days": delay.days})


def learn_from_play(past: Labelled, *, actor: Actor) -> Learned:
    """Learn from a past that was played instead of recorded, as a demo has no other; its card says so.

    It is tried as challenger: rules decide alone. Raises TooFewError.
    """
    return _learn(past, actor=actor, promotes=False, known={"delay_days": 0, "is_played": True})


def _learn(past: Labelled, *, actor: Actor, promotes: bool, known: dict[str, Any]) -> Learned:
    now = clock.now()
    with database.snapshot() as session:
        before = {row.place: row for row in list_models(session) if row.place is not None}
    model, report = learn(past, names=NAMES, money=MONEY)
    champion = before.get("champion")
    is_better = report.average_precision is not None and (
        champion is None or report.average_precision >= _precision(champion.card) + BETTER_BY
    )
    place = "champion" if promotes and is_better else "challenger"
    card: dict[str, Any] = known | {
        "report": asdict(report),
        "events": int(past.at_s.size),
        "frauds": int(past.label.sum()),
        "from_s": float(past.at_s[0]),
        "until_s": float(past.at_s[-1]),
        "learned_until_s": model.learned_until_s,
        "features": list(model.names),
    }
    with transaction() as session:
        set_id = open_set(session, name=OWN, columns=Columns({}, (), ()), now=now)
        version = keep_model(
            session, set_id=set_id, kept=to_json(model), trees=model.model.trees, card=card, actor=actor, now=now
        )
        reason = f"AP {report.average_precision:.3f}" if report.average_precision is not None else "AP -"
        place_model(session, actor=actor, place=place, version=version, reason=f"Trained: {reason}", now=now)
    return Learned(version, report, place)


def _precision(card: dict[str, Any]) -> float:
    return card["report"]["average_precision"] or 0.0
