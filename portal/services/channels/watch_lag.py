"""Notice that changes come late to other channels, tell who runs the house, and notice that it is over (CHN-08)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import LagIncident
from portal.queries.channels import channel_directory
from portal.queries.propagation import lags_since
from portal.rules.propagation import WATCHED, Lag, cause_of, is_missed
from portal.services.notifications.notify_lag import tell_of_lag


def watch_lag(session: Session, *, redis_answers: bool, now: datetime) -> bool:
    """Open, go on with and close incidents; whether anything has changed that pages show.

    People are told in this transaction: an event would have to take the way that is blocked.
    """
    lags = lags_since(session, since=now - WATCHED, now=now)
    open_ones = session.scalars(select(LagIncident).where(LagIncident.closed_at.is_(None)).with_for_update()).all()
    known = {one.channel_id: one for one in open_ones}
    changed = False
    for channel_id, lag in lags.items():
        incident = known.get(channel_id)
        if incident is not None:
            incident.late = max(incident.late, lag.late)
            incident.worst_ms = max(incident.worst_ms, lag.worst_ms)
        elif is_missed(lag):
            _open(session, lag, redis_answers, now)
            changed = True
    for channel_id, incident in known.items():
        last = lags.get(channel_id)
        if last is None or not last.late:
            incident.closed_at = now
            _tell(session, incident, now)
            changed = True
    session.flush()
    return changed


def _open(session: Session, lag: Lag, redis_answers: bool, now: datetime) -> None:
    cause = cause_of(lag, redis_answers=redis_answers)
    incident = LagIncident(
        channel_id=lag.channel_id, cause=cause.value, late=lag.late, worst_ms=lag.worst_ms, opened_at=now
    )
    session.add(incident)
    session.flush()
    _tell(session, incident, now)


def _tell(session: Session, incident: LagIncident, now: datetime) -> None:
    code = "" if incident.channel_id is None else channel_directory(session).by_id(incident.channel_id).code
    tell_of_lag(
        session,
        incident_id=incident.id,
        code=code,
        seconds=incident.worst_ms // 1_000,
        is_over=incident.closed_at is not None,
        now=now,
    )
