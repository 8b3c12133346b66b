"""Models of the mall's own decisions: those in their places, for whoever decides, and all, with cards (FRD-09)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.models import FraudModelPlace, FraudModelVersion, TrainingSet, User
from portal.rules.fraud_features import FEATURES, Kind, Source
from portal.rules.fraud_features import from_json as values_from_json

if TYPE_CHECKING:
    # Arrays are for those who train or have a model: pages and workers without one are spared them.
    from portal.learning.decisions import DecisionModel, Labelled, Plain

log = structlog.get_logger()

# The training set that the mall's own decisions are.
OWN = "@decisions"
PLACES = ("champion", "challenger")
# What a model sees: everything that is a number, but what models said.
NAMES = tuple(
    name
    for name, one in FEATURES.items()
    if one.kind in {Kind.NUMBER, Kind.MONEY, Kind.DURATION, Kind.BOOL} and one.source is not Source.MODEL
)
MONEY = frozenset(name for name in NAMES if FEATURES[name].kind is Kind.MONEY)
PAST_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Placed:
    """A model in its place, ready to score."""

    version: int
    model: DecisionModel


@dataclass(frozen=True, slots=True)
class InPlace:
    """The models that score now, by their place; `stamp` is the newest change.

    `silent` are the versions that stand in a place and cannot be asked, as they are not what was trained.
    """

    stamp: int = 0
    models: Mapping[str, Placed] = field(default_factory=dict)
    silent: Mapping[str, int] = field(default_factory=dict)


class _Kept:
    found = InPlace()


_kept = _Kept()

_PLACED = text(
    """
    SELECT p.id, p.place, m.version, m.kept, m.trees, m.sha256
      FROM (SELECT DISTINCT ON (place) * FROM fraud_model_place ORDER BY place, id DESC) p
      LEFT JOIN fraud_model m ON m.id = p.model_id
    """
)


def models_by_stamp(session: Session, stamp: int) -> InPlace:
    """The models in their places. What this process keeps is good until the stamp is another.

    One that was altered, or that this release cannot read, is not there: rules decide without it, and say so.
    """
    if _kept.found.stamp != stamp:
        _kept.found = _load(session, stamp) if stamp else InPlace()
    return _kept.found


def models_in_place(session: Session) -> InPlace:
    """The same for whoever does not know the stamp."""
    return models_by_stamp(session, session.scalar(select(func.max(FraudModelPlace.id))) or 0)


def forget_models() -> None:
    """Read the models anew: between tests, which begin to count anew."""
    _kept.found = InPlace()


def _load(session: Session, stamp: int) -> InPlace:
    from portal.learning.decisions import from_json
    from portal.learning.fraud import ModelAlteredError

    found, silent = {}, {}
    for row in session.execute(_PLACED):
        stamp = max(stamp, row.id)
        if row.version is None:
            continue
        try:
            found[row.place] = Placed(row.version, from_json(row.kept, row.trees, row.sha256))
        except (ModelAlteredError, KeyError, ValueError) as error:
            log.warning("risk_model_unusable", place=row.place, version=row.version, error=str(error))
            silent[row.place] = row.version
    return InPlace(stamp, found, silent)


def plain(features: Mapping[str, Any]) -> Plain:
    """The features that a model sees, as numbers."""
    return {name: _number(value) for name, value in values_from_json(features).items() if name in _SEEN}


_SEEN = frozenset(NAMES)


def _number(value: object) -> float | None:
    # A feature of a model, not money.
    return float(value) if isinstance(value, Decimal | bool) else None  # lint: allow float: a feature of a model


_LABELLED = text(
    """
    SELECT * FROM (
        SELECT extract(epoch FROM d.decided_at)::float8 AS at_s, d.user_id, d.features, d.currency,
               CASE WHEN l.label IS NOT NULL THEN l.label
                    -- Nobody complained of what was let through. What was held and not looked at says nothing.
                    WHEN d.outcome IN ('allow', 'step_up') THEN false END AS label
          FROM risk_decision d LEFT JOIN risk_label l ON l.decision_id = d.id
         -- Before that only the frauds that were told quickly would be there.
         WHERE d.currency IS NOT NULL AND d.decided_at < :settled
         ORDER BY d.decided_at DESC LIMIT :limit) x
     WHERE label IS NOT NULL ORDER BY at_s
    """
)


def load_labelled(session: Session, *, now: datetime, delay: timedelta) -> Labelled:
    """Decisions older than `delay` of which it is known what they were; what was let through was no fraud."""
    import numpy as np

    from portal.learning.decisions import Labelled

    rows = session.execute(_LABELLED, {"settled": now - delay, "limit": PAST_MAX}).all()
    people: dict[Any, int] = {}
    return Labelled(
        at_s=np.array([row.at_s for row in rows], dtype=np.float64),
        label=np.array([row.label for row in rows], dtype=np.float64),
        customer=np.array([people.setdefault(row.user_id, len(people)) for row in rows], dtype=np.int64),
        rows=[plain(row.features) for row in rows],
        currencies=[row.currency for row in rows],
    )


_RECENT = text(
    """
    SELECT features, currency FROM risk_decision
     WHERE decided_at > :since AND currency IS NOT NULL ORDER BY decided_at DESC LIMIT 2000
    """
)


def load_recent(session: Session, *, since: datetime) -> tuple[Sequence[Plain], Sequence[str]]:
    """What was decided lately, as a model sees it."""
    rows = session.execute(_RECENT, {"since": since}).all()
    return [plain(row.features) for row in rows], [row.currency for row in rows]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model with its card; `place` is where it is now, if anywhere."""

    id: int
    version: int
    trained_at: datetime
    sha256: str
    card: dict[str, Any]
    place: str | None


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """When a model was put in a place, by whom (None is the job's rule) and why."""

    version: int | None
    place: str
    at: datetime
    by: str | None
    reason: str


def list_models(session: Session) -> Sequence[ModelRow]:
    """The models of the mall's own decisions, the newest first."""
    placed = {row.version: row.place for row in session.execute(_PLACED) if row.version is not None}
    rows = session.execute(
        select(
            FraudModelVersion.id,
            FraudModelVersion.version,
            FraudModelVersion.trained_at,
            FraudModelVersion.sha256,
            FraudModelVersion.card,
        )
        .join(TrainingSet, TrainingSet.id == FraudModelVersion.training_set_id)
        .where(TrainingSet.name == OWN)
        .order_by(FraudModelVersion.version.desc())
        .limit(50)
    )
    return [
        ModelRow(row.id, row.version, row.trained_at, row.sha256, row.card, placed.get(row.version)) for row in rows
    ]


def list_places(session: Session) -> Sequence[PlaceRow]:
    """Which model was where since when, the latest first."""
    rows = session.execute(
        select(
            FraudModelVersion.version,
            FraudModelPlace.place,
            FraudModelPlace.placed_at,
            User.name,
            FraudModelPlace.reason,
        )
        .select_from(FraudModelPlace)
        .outerjoin(FraudModelVersion, FraudModelVersion.id == FraudModelPlace.model_id)
        .outerjoin(User, User.id == FraudModelPlace.placed_by)
        .order_by(FraudModelPlace.id.desc())
        .limit(50)
    )
    return [PlaceRow(*row) for row in rows]
