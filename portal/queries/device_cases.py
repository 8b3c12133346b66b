"""Open cases that hang together by a device: several accounts of one hand are looked at and decided as one (FRD-06)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText

MOST = 50


@dataclass(frozen=True, slots=True)
class DeviceCase:
    """Another person's open case with an alarming decision from a device of this case."""

    id: uuid.UUID
    version: int
    user_id: uuid.UUID
    user_name: str
    user_state: str
    score: int
    currency: str
    stake_minor: int
    expected_loss_minor: int


_BESIDE = text(
    """
    SELECT k.id, k.version, k.user_id, u.name, u.state, k.score, k.currency, k.stake_minor, k.expected_loss_minor
      FROM risk_case k JOIN user_account u ON u.id = k.user_id
     WHERE k.state = 'open' AND k.id <> :case_id AND k.id IN (
           SELECT m.case_id FROM risk_case_decision l JOIN risk_decision d ON d.id = l.decision_id
             JOIN risk_decision e ON e.device_id = d.device_id JOIN risk_case_decision m ON m.decision_id = e.id
            WHERE l.case_id = :case_id)
     ORDER BY k.expected_loss_minor DESC, k.id LIMIT :most
    """
).columns(name=EncryptedText("user_account.name"))
_COUNTS = text(
    """
    SELECT l.case_id, count(DISTINCT k.id) AS beside
      FROM risk_case_decision l JOIN risk_decision d ON d.id = l.decision_id
      JOIN risk_decision e ON e.device_id = d.device_id JOIN risk_case_decision m ON m.decision_id = e.id
      JOIN risk_case k ON k.id = m.case_id AND k.state = 'open' AND k.id <> l.case_id
     WHERE l.case_id = ANY(:case_ids) GROUP BY l.case_id
    """
)
_DECIDED = text(
    """
    SELECT k.id FROM risk_case k JOIN risk_case w ON w.id = :case_id AND w.state = 'decided' AND k.state = 'decided'
       AND (k.decided_at, k.decided_by, k.verdict) = (w.decided_at, w.decided_by, w.verdict)
     ORDER BY k.id
    """
)


def cases_beside(session: Session, *, case_id: uuid.UUID) -> Sequence[DeviceCase]:
    """The other open cases at the devices of this one, the largest expected loss first; at most MOST."""
    return [DeviceCase(*row) for row in session.execute(_BESIDE, {"case_id": case_id, "most": MOST})]


def count_beside(session: Session, *, case_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """How many other open cases are at the devices of each; who shares no device is left out."""
    if not case_ids:
        return {}
    return {row.case_id: row.beside for row in session.execute(_COUNTS, {"case_ids": list(case_ids)})}


def decided_with(session: Session, *, case_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """The cases that were decided in one go with this one, itself among them, in the order of locks."""
    return session.scalars(_DECIDED, {"case_id": case_id}).all()
