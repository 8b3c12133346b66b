"""Keep the figures by day: what has changed at once, and by night all of them against the rows behind them (ANA-01)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from portal.db import reading, transaction
from portal.kit import clock
from portal.models import FigureState
from portal.services.figures.look_at_bounds import look_at_bounds
from portal.services.figures.renew_figures import (
    is_being_filled,
    lock_figures,
    note_proof,
    note_renewal,
    pieces,
    prove,
    renew_changed,
    whole_span,
)

log = structlog.get_logger()

PROVE_EVERY = timedelta(hours=24)


def _ignore(_days: int) -> None:
    """Nobody watches."""


def renew_figures() -> None:
    """Renew what has changed; everything, where there are no figures yet; nothing while orders are loaded in bulk."""
    with transaction() as session:
        if is_being_filled(session):
            return
        missing = renew_changed(session, now=clock.now()) is None
    if missing:
        renew_all()


def renew_all(progress: Callable[[int], object] = _ignore) -> int:
    """Renew all days from the rows behind them, in short transactions; returns how many facts had not been right.

    A fact of the present days, or of what moves meanwhile, is not wrong but not yet renewed.
    """
    with transaction() as session:
        span = whole_span(session)
        lock_figures(session)
    differences = 0
    for piece in pieces(span) if span else ():
        with transaction() as session:
            differences += prove(session, lock_figures(session), piece, now=clock.now())
        progress((piece.last - piece.first).days + 1)
    with transaction() as session:
        lock_figures(session)
        note_renewal(session, now=clock.now())
    return differences


def watch_bounds() -> None:
    """Tell of figures that have left their bounds, and of large redemptions."""
    with transaction() as session:
        look_at_bounds(session, now=clock.now())


def prove_figures() -> None:
    """Once a day compare all days with the rows behind them. A difference is mended, told of and shown."""
    with reading() as session:
        state = session.get(FigureState, 1)
        proved_at = state.proved_at if state else None
        is_filled = is_being_filled(session)
    now = clock.now()
    if is_filled or (proved_at is not None and now - proved_at < PROVE_EVERY):
        return
    renew_figures()
    differences = renew_all()
    if differences:
        log.warning("figures_differed", facts=differences)
    with transaction() as session:
        lock_figures(session)
        note_proof(session, now=now, differences=differences)
