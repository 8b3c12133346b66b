"""Training and measuring the fraud model (FRD-09): hours of work for a processor, no lock held meanwhile."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from portal.db import database, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.learning import fraud
from portal.learning.features import Events
from portal.queries.training import KeptModel, TrainingSetView, find_model, find_set, load_events
from portal.rules.permissions import Actor
from portal.services.fraud.keep_model import keep_model


class TrainingSetUnknownError(PortalError):
    code = "training_set_unknown"
    status = 404
    sentence = N_("There is no training set %(name)s.")


class ModelUnknownError(PortalError):
    code = "fraud_model_unknown"
    status = 404
    sentence = N_("%(name)s has no such model: train one first.")


class NothingToMeasureError(PortalError):
    code = "fraud_nothing_to_measure"
    status = 422
    sentence = N_("No labelled events of %(name)s lie in this period.")


@dataclass(frozen=True, slots=True)
class Period:
    """From its first moment up to, and without, its last."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Measured:
    """A model's version with what it was worth in a period; `weights` are the greatest first."""

    version: int
    learned: Period
    period: Period
    evaluation: fraud.Evaluation
    weights: dict[str, float]
    left_out: dict[str, str]


def train_model(
    name: str,
    *,
    actor: Actor,
    label_delay: timedelta | None = None,
    until: datetime | None = None,
    since: datetime | None = None,
    measured_until: datetime | None = None,
) -> Measured:
    """Learn from what was known at `until`, measure on what came after it, and keep the model as the next version.

    Without `until` the newest fifth of the events is kept for measuring. Raises TrainingSetUnknownError, TooFewError,
    NothingToMeasureError.
    """
    found, events = _loaded(name)
    until_s = until.timestamp() if until else fraud.default_until(events)
    delay_s = fraud.default_delay_s(events) if label_delay is None else label_delay.total_seconds()
    trained = fraud.learn(
        events,
        until_s=until_s,
        label_delay_s=delay_s,
        since_s=since.timestamp() if since else None,
    )
    period = Period(_moment(until_s), measured_until or _end(events))
    measured = _measure(name, trained, 0, events, period)
    card = {"measured": _plain(period), "evaluation": asdict(measured.evaluation), "weights": measured.weights}
    with transaction() as session:
        version = keep_model(
            session,
            set_id=found.id,
            kept=fraud.to_json(trained),
            trees=trained.model.trees,
            card=card,
            actor=actor,
            now=clock.now(),
        )
    return Measured(version, measured.learned, period, measured.evaluation, measured.weights, trained.left_out)


def evaluate_model(
    name: str,
    *,
    of: str | None = None,
    version: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Measured:
    """Measure a kept model of the set `of`, or of the same, on events of `name`; as a rule on those after its training.

    Raises TrainingSetUnknownError, ModelUnknownError, ModelAlteredError, NothingToMeasureError.
    """
    _found, events = _loaded(name)
    kept = _kept(of or name, version)
    trained = fraud.from_json(kept.kept, kept.trees, kept.sha256)
    period = Period(since or _moment(trained.learned_until_s), until or _end(events))
    return _measure(name, trained, kept.version, events, period)


def _loaded(name: str) -> tuple[TrainingSetView, Events]:
    with database.snapshot() as session:
        found = find_set(session, name)
        if found is None or not found.events:
            raise TrainingSetUnknownError(name=name)
        return found, load_events(session, found)


def _kept(name: str, version: int | None) -> KeptModel:
    with database.snapshot() as session:
        found = find_set(session, name)
        kept = find_model(session, found.id, version) if found else None
    if kept is None:
        raise ModelUnknownError(name=name)
    return kept


def _measure(name: str, trained: fraud.FraudModel, version: int, events: Events, period: Period) -> Measured:
    table = trained.table(events)
    evaluation = fraud.evaluate(
        trained, events, table, since_s=period.since.timestamp(), until_s=period.until.timestamp()
    )
    if not evaluation.everybody.events:
        raise NothingToMeasureError(name=name)
    learned = Period(_moment(trained.learned_from_s), _moment(trained.learned_until_s))
    weights = fraud.weights(trained, table)
    return Measured(version, learned, period, evaluation, weights, trained.left_out)


def _end(events: Events) -> datetime:
    return _moment(float(events.at_s[-1])) + timedelta(seconds=1)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _plain(period: Period) -> dict[str, str]:
    return {"since": period.since.isoformat(), "until": period.until.isoformat()}
