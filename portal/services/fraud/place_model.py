"""Put a model of the mall's own decisions in its place: champion, or challenger that is tried beside it (FRD-09)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import FraudModelPlace, FraudModelVersion, TrainingSet
from portal.queries.risk_models import OWN, PLACES
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record

REASON_LENGTH_MAX = 200
# One after the other: what processes keep is told by the newest row, so none may become seen after a newer one.
_ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtext('fraud_model_place'))")


class ModelForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not change which fraud model decides.")


class ModelVersionUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class ModelReasonUnfitError(PortalError):
    code = "model_reason_unfit"
    sentence = N_("Say in at most 200 characters why.")


def place_model(session: Session, *, actor: Actor, place: str, version: int | None, reason: str, now: datetime) -> None:
    """Let this version score in this place from the commit on, in every process; None clears the place.

    What is there already stays. Raises ModelForbiddenError, ModelVersionUnknownError, ModelReasonUnfitError.
    """
    if not may(actor, Permission.FRAUD_CONFIGURE):
        raise ModelForbiddenError
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise ModelReasonUnfitError
    if place not in PLACES:
        raise ModelVersionUnknownError
    session.execute(_ONE_BY_ONE)
    model_id = None if version is None else _model_id(session, version)
    if _there(session, place) == model_id:
        return
    _put(session, place, model_id, actor, reason, now)
    # Who has become champion is tried beside himself no longer.
    if place == "champion" and model_id is not None and _there(session, "challenger") == model_id:
        _put(session, "challenger", None, actor, reason, now)
    after = {"place": place, "version": version}
    fact = Fact(AuditAction.RISK_MODEL_PLACED, "risk-model:own", after=after, reason=reason)
    record(session, fact, actor=actor, now=now)


def _there(session: Session, place: str) -> int | None:
    newest = select(FraudModelPlace.model_id).where(FraudModelPlace.place == place)
    return session.scalar(newest.order_by(FraudModelPlace.id.desc()).limit(1))


def _put(session: Session, place: str, model_id: int | None, actor: Actor, reason: str, now: datetime) -> None:
    row = FraudModelPlace(place=place, model_id=model_id, placed_by=actor.user_id, placed_at=now, reason=reason)
    session.add(row)
    session.flush()


def _model_id(session: Session, version: int) -> int:
    found = session.scalar(
        select(FraudModelVersion.id)
        .join(TrainingSet, TrainingSet.id == FraudModelVersion.training_set_id)
        .where(TrainingSet.name == OWN, FraudModelVersion.version == version)
    )
    if found is None:
        raise ModelVersionUnknownError
    return found
