"""Set bounds on figures, end them, and note that somebody has seen an alert (ANA-05)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Channel, FigureAlert, FigureBound, Store
from portal.rules.bounds import Bound, BoundUnfitError, check_bound
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.services.audit import AuditAction, Fact, record

BOUNDS_MAX = 100


class AlertUnknownError(PortalError):
    """No such bound or alert, or one that this person may not touch."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class TooManyBoundsError(PortalError):
    code = "too_many_bounds"
    status = 409
    sentence = N_("There are %(most)s bounds already. End one first.")


def set_bound(session: Session, *, bound: Bound, is_shared: bool, actor: Actor, now: datetime) -> uuid.UUID:
    """Watch a figure from now on; told are who set it, and with `is_shared` all administrators.

    Raises BoundUnfitError, TooManyBoundsError, AlertUnknownError.
    """
    _require(actor)
    check_bound(bound)
    if bound.channel_id is not None and session.get(Channel, bound.channel_id) is None:
        raise BoundUnfitError("channel", N_("Choose one of the channels."))
    if bound.store_id is not None and session.get(Store, bound.store_id) is None:
        raise BoundUnfitError("store", N_("Choose one of the stores."))
    count = session.scalar(select(func.count()).select_from(FigureBound).where(FigureBound.ended_at.is_(None))) or 0
    if count >= BOUNDS_MAX:
        raise TooManyBoundsError(most=BOUNDS_MAX)
    bound_id = new_id()
    session.add(
        FigureBound(
            id=bound_id,
            measure=bound.measure,
            direction=bound.direction.value,
            limit_value=bound.limit,
            days=bound.days,
            currency=bound.currency,
            channel_id=bound.channel_id,
            store_id=bound.store_id,
            is_shared=is_shared,
            made_by=actor.user_id,
            made_at=now,
            watched_at=now,
        )
    )
    session.flush()
    after = {"measure": bound.measure, "direction": bound.direction.value, "limit": bound.limit, "days": bound.days}
    record(session, Fact(AuditAction.FIGURE_BOUND_SET, f"figure-bound:{bound_id}", after=after), actor=actor, now=now)
    return bound_id


def end_bound(session: Session, *, bound_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Watch it no longer; its open alert ends with it. Raises AlertUnknownError."""
    _require(actor)
    ended = session.execute(
        update(FigureBound)
        .where(FigureBound.id == bound_id, FigureBound.ended_at.is_(None))
        .values(ended_at=now)
        .returning(FigureBound.id)
    ).scalar_one_or_none()
    if ended is None:
        raise AlertUnknownError
    session.execute(
        update(FigureAlert).where(FigureAlert.bound_id == bound_id, FigureAlert.ended_at.is_(None)).values(ended_at=now)
    )
    record(session, Fact(AuditAction.FIGURE_BOUND_ENDED, f"figure-bound:{bound_id}"), actor=actor, now=now)


def see_alert(session: Session, *, alert_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Note that somebody takes care of it; the first one stays. Raises AlertUnknownError."""
    _require(actor)
    if session.get(FigureAlert, alert_id) is None:
        raise AlertUnknownError
    seen = session.execute(
        update(FigureAlert)
        .where(FigureAlert.id == alert_id, FigureAlert.seen_at.is_(None))
        .values(seen_at=now, seen_by=actor.user_id)
        .returning(FigureAlert.id)
    ).scalar_one_or_none()
    if seen is not None:
        record(session, Fact(AuditAction.FIGURE_ALERT_SEEN, f"figure-alert:{alert_id}"), actor=actor, now=now)


def _require(actor: Actor) -> None:
    if actor.user_id is None or Scope.ALL not in scopes_of(actor, Permission.ANALYTICS_VIEW):
        raise AlertUnknownError
