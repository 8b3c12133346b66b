"""What the models in their places say of an event (FRD-01, FRD-09). Without them rules decide alone, and say so."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy.orm import Session

from portal.queries.risk_models import InPlace, models_by_stamp, models_in_place, plain
from portal.rules.fraud_features import Value, Values, to_json

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Said:
    """The champion's word as features, and what every model said and why, to be kept with the decision."""

    values: Mapping[str, Value | None]
    kept: dict[str, Any] | None


NOTHING = Said({"model_risk": None, "anomaly": None}, None)


def score_by_models(session: Session, *, values: Values, currency: str | None, stamp: int) -> Said:
    """Ask the models. Only the champion's word is a feature; the challenger's is kept beside it and decides nothing."""
    in_place = models_by_stamp(session, stamp) if currency is not None else InPlace()
    kept: dict[str, Any] = {place: _silent(version) for place, version in in_place.silent.items()}
    for place, placed in in_place.models.items():
        try:
            scored = placed.model.score(plain(to_json(values)), currency)
        except (ImportError, ValueError) as error:
            # The engine is not installed, or cannot read its trees: an order is not lost for that.
            log.warning("risk_model_silent", place=place, version=placed.version, error=str(error))
            kept[place] = _silent(placed.version)
            continue
        kept[place] = {
            "version": placed.version,
            "risk": scored.risk,
            "anomaly": scored.anomaly,
            "parts": dict(scored.parts),
        }
    champion = kept.get("champion")
    if champion is None or champion.get("is_silent"):
        return Said(NOTHING.values, kept or None)
    return Said(
        {"model_risk": Decimal(str(champion["risk"])), "anomaly": Decimal(str(champion["anomaly"]))}, kept or None
    )


def get_ready(session: Session) -> None:
    """Ask the models about nothing: the first question loads their engine, which takes a while that no buyer waits.

    For a process that asks models and trains none.
    """
    in_place = models_in_place(session)
    if not in_place.models:
        return
    from portal.learning.boosting import load_engine_alone

    with suppress(ImportError):  # Who asks without it is told so.
        load_engine_alone()
    score_by_models(session, values={}, currency="", stamp=in_place.stamp)


def _silent(version: int) -> dict[str, Any]:
    """What a decision keeps of a model that could not be asked."""
    return {"version": version, "is_silent": True}
