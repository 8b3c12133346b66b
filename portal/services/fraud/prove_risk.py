"""Ask for a second proof where the risk of an act wants one, and keep why, though nothing else of the act stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.models import RiskDecision
from portal.rules.fraud import Decision, Outcome
from portal.rules.permissions import Actor
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, StepUpNeededError, check_step_up, require_step_up


def prove_risk(
    session: Session, *, risk: Decision, actor: Actor, action: StepUpAction, binding: Binding, now: datetime
) -> None:
    """Want a proof above the channel's threshold, and whatever the amount is unless the risk lets the act through.

    Nothing is fulfilled here that a reviewer could stop: what would be reviewed as an order asks for a proof, too.
    Raises StepUpNeededError, which brings the decision along to be kept.
    """
    if risk.outcome is Outcome.ALLOW:
        check_step_up(session, actor=actor, action=action, binding=binding, now=now)
        return
    try:
        require_step_up(session, actor=actor, action=action, binding=binding, now=now)
    except StepUpNeededError as needed:
        leave_behind(needed, risk)
        raise


def leave_behind(needed: StepUpNeededError, risk: Decision) -> None:
    """Let the decision stay although its transaction goes. What it was about does not come to be with it."""
    if risk.row is not None and risk.outcome is not Outcome.ALLOW:
        needed.kept = [(RiskDecision, {**risk.row, "order_id": None, "subject": None})]
