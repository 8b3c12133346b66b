"""Keep a trained model as the next version of its training set (FRD-09)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.learning import fraud
from portal.models import FraudModelVersion, TrainingSet
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record


def keep_model(
    session: Session,
    *,
    set_id: int,
    kept: dict[str, Any],
    trees: str,
    card: dict[str, Any],
    actor: Actor,
    now: datetime,
) -> int:
    """Write the model, everything but its trees as `kept`, with its card; returns its version."""
    session.scalar(select(TrainingSet.id).where(TrainingSet.id == set_id).with_for_update())
    newest = session.scalar(
        select(func.max(FraudModelVersion.version)).where(FraudModelVersion.training_set_id == set_id)
    )
    version = (newest or 0) + 1
    sha256 = fraud.fingerprint(kept, trees)
    session.add(
        FraudModelVersion(
            training_set_id=set_id,
            version=version,
            kept=kept,
            trees=trees,
            sha256=sha256,
            card=card,
            trained_at=now,
        )
    )
    session.flush()
    fact = Fact(AuditAction.FRAUD_MODEL_TRAINED, f"training-set:{set_id}", after={"version": version, "sha256": sha256})
    record(session, fact, actor=actor, now=now)
    return version
