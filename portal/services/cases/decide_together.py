"""One verdict for the accounts that act from one device, and its undoing: all of them or none (FRD-06)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.queries.device_cases import cases_beside, decided_with
from portal.rules.cases import Verdict
from portal.rules.permissions import Actor
from portal.services.cases.decide_case import CaseMovedError, decide_case, undo_verdict


def decide_together(
    session: Session,
    *,
    case_id: uuid.UUID,
    version: int,
    beside: Mapping[uuid.UUID, int],
    verdict: Verdict,
    note: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Give a verdict on a case and on those `beside` it, each as the reviewer saw it: {case: version}.

    Raises CaseMovedError where one of them is no longer open at a device of this case, and what decide_case raises.
    """
    if beside and not beside.keys() <= {one.id for one in cases_beside(session, case_id=case_id)}:
        raise CaseMovedError
    # In one order, so that two reviewers wait for each other and do not lock each other out.
    for one, seen in sorted({**beside, case_id: version}.items()):
        decide_case(session, case_id=one, verdict=verdict, note=note, version=seen, actor=actor, now=now)


def undo_together(session: Session, *, case_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Open the case again, and all that were decided in one go with it. Raises what undo_verdict raises."""
    for one in decided_with(session, case_id=case_id) or [case_id]:
        undo_verdict(session, case_id=one, actor=actor, now=now)
