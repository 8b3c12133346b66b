"""Training and measuring the fraud model (FRD-09): hours of work for a processor, no lock held meanwhile."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from portal.db import database, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.learning import fraud
from portal.learning.baseline import measure_baseline
from portal.learning.features import Events
from portal.learning.measures import Report
from portal.learning.split import TIME, Asked, split
from portal.learning.windows import DAY_S
from portal.queries.training import KeptModel, TrainingSetView, find_model, find_set, load_events
from portal.rules.permissions import Actor
from portal.services.fraud.keep_model import keep_model

BY_TIME = Asked()


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
    """A model's version with what it was worth in a period; `weights` are the greatest first.

    `split` says how events were parted, `others_share` which share of those without fraud was learned from. `baseline`
    is what plain boosting of the same events' columns is worth on the same events; None where it was not asked for.
    """

    version: int
    learned: Period
    period: Period
    evaluation: fraud.Evaluation
    weights: dict[str, float]
    left_out: dict[str, str]
    split: str = TIME
    label_delay_days: float = 0.0
    others_share: float = 1.0
    baseline: Report | None = None


def train_model(name: str, *, actor: Actor, asked: Asked = BY_TIME, compares: bool = True) -> Measured:
    """Learn from what the split gives to learn from, measure on the rest, and keep the model as the next version.

    Raises TrainingSetUnknownError, TooFewError, NothingToMeasureError.
    """
    found, events = _loaded(name)
    parted = split(events, asked)
    trained = fraud.learn(
        events, until_s=parted.until_s, label_delay_s=parted.delay_s, since_s=parted.since_s, held=parted.held
    )
    since_s = parted.until_s if parted.held is None else trained.learned_from_s
    period = Period(_moment(since_s), _moment(parted.measured_until_s))
    measured = _measure(name, trained, 0, events, period, kind=parted.kind, compares=compares)
    card = {
        "measured": _plain(period),
        "split": parted.kind,
        "others_share": trained.others_share,
        "evaluation": asdict(measured.evaluation),
        "baseline": asdict(measured.baseline) if measured.baseline else None,
        "weights": measured.weights,
    }
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
    return replace(measured, version=version)


def evaluate_model(
    name: str,
    *,
    of: str | None = None,
    version: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    compares: bool = True,
) -> Measured:
    """Measure a kept model of the set `of`, or of the same, on events of `name`; as a rule on those after its training.

    A model that learned from all times is measured on the events that were drawn, of another set on all. Raises
    TrainingSetUnknownError, ModelUnknownError, ModelAlteredError, NothingToMeasureError.
    """
    _found, events = _loaded(name)
    kept = _kept(of or name, version)
    trained = fraud.from_json(kept.kept, kept.trees, kept.sha256)
    is_own = of is None or of == name
    kind = kept.card.get("split", TIME)
    if trained.held is not None and not is_own:
        trained, kind = replace(trained, held=None), TIME
        since = since or _moment(float(events.at_s[0]))
    begins_s = trained.learned_until_s if trained.held is None else trained.learned_from_s
    period = Period(since or _moment(begins_s), until or _end(events))
    return _measure(name, trained, kept.version, events, period, kind=kind, compares=compares and is_own)


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


def _measure(
    name: str,
    trained: fraud.FraudModel,
    version: int,
    events: Events,
    period: Period,
    *,
    kind: str,
    compares: bool,
) -> Measured:
    since_s, until_s = period.since.timestamp(), period.until.timestamp()
    table = trained.table(events)
    evaluation = fraud.evaluate(trained, events, table, since_s=since_s, until_s=until_s)
    if not evaluation.everybody.events:
        raise NothingToMeasureError(name=name)
    weights = fraud.weights(trained, table)
    del table
    baseline = None
    if compares:
        baseline = measure_baseline(
            events,
            learned=trained.learned(events),
            measured=fraud.measured_on(trained.held, events, since_s=since_s, until_s=until_s),
            left_out=trained.left_out,
            most=fraud.LEARNED_MAX,
        )
    return Measured(
        version,
        Period(_moment(trained.learned_from_s), _moment(trained.learned_until_s)),
        period,
        evaluation,
        weights,
        trained.left_out,
        kind,
        trained.label_delay_s / DAY_S,
        trained.others_share,
        baseline,
    )


def _end(events: Events) -> datetime:
    return _moment(float(events.at_s[-1])) + timedelta(seconds=1)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _plain(period: Period) -> dict[str, str]:
    return {"since": period.since.isoformat(), "until": period.until.isoformat()}
