"""Points for somebody else, as pages and programs send them: scored first, and the decision stays whatever it is."""

from __future__ import annotations

import uuid

from flask import request
from sqlalchemy.orm import Session

from portal.db import atomically
from portal.kit import clock
from portal.rules.fraud import Outcome
from portal.rules.permissions import Actor
from portal.rules.split import MileageTerms
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.fraud.prove_risk import leave_behind
from portal.services.fraud.score_acts import GiftBlockedError, score_mileage_gift
from portal.services.mileage.send_mileage import send_mileage


def send_gift(*, actor: Actor, email: str, points: int, message: str, terms: MileageTerms, key: str) -> uuid.UUID:
    """Send the points and return the gift. Raises GiftBlockedError, and what send_mileage() raises."""
    now = clock.now()

    def work(session: Session) -> uuid.UUID | None:
        risk = score_mileage_gift(session, actor=actor, points=points, ip=request.remote_addr, now=now)
        if risk.outcome is Outcome.BLOCK:
            return None
        try:
            return send_mileage(
                session,
                actor=actor,
                email=email,
                points=points,
                message=message.replace("\0", ""),
                terms=terms,
                key=key,
                now=now,
                proves=risk.outcome is not Outcome.ALLOW,
            )
        except StepUpNeededError as needed:
            leave_behind(needed, risk)
            raise

    made = atomically(work)
    if made is None:
        raise GiftBlockedError
    return made
