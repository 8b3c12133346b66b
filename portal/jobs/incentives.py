"""Incentives by the clock: scores renewed by night and when orders move, offers learned from (INC-01, INC-04)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import delete

from portal.db import atomically, database, reading, transaction
from portal.jobs.one_by_one import one_by_one
from portal.jobs.queue import enqueue_scores
from portal.kit import clock
from portal.models import CustomerScore, ScoreState
from portal.queries.offers import strategy_of
from portal.queries.purchases import load_histories, newest_transition
from portal.services.figures.renew_figures import is_being_filled
from portal.services.incentives.assign_offers import assign_offers, running
from portal.services.incentives.learn_offers import AT_ONCE as REWARDED_AT_ONCE
from portal.services.incentives.learn_offers import learn_offers, pause_offers, reward_choices
from portal.services.incentives.make_offer import make_offer, offers_due
from portal.services.incentives.pause_automations import pause_automations
from portal.services.incentives.renew_segments import renew_segments
from portal.services.incentives.renew_suggestions import renew_suggestions
from portal.services.incentives.score_customers import (
    AT_ONCE,
    keep_model,
    lock_scores,
    newest_model,
    note_scores,
    score_changed,
    write_scores,
)

log = structlog.get_logger()

FIT_EVERY = timedelta(hours=24)


def watch_scores() -> None:
    """Give a job to scores that are older than a night, or than what has happened; not while orders are loaded."""
    with reading() as session:
        state = session.get(ScoreState, 1)
        newest = newest_transition(session)
        is_filled = is_being_filled(session)
    if is_filled:
        return
    if state is None or state.transition_id != newest or _fit_is_due(clock.now()):
        enqueue_scores()


def renew_scores() -> None:
    """The job: once a night everybody by models fitted anew, in between those whose orders moved."""
    now = clock.now()
    with transaction() as session:
        if is_being_filled(session):
            return
    if _fit_is_due(now):
        log.info("customers_scored", customers=score_everybody())
    else:
        with transaction() as session:
            changed = score_changed(session, now=now)
            renew_segments(session, now=now, user_ids=changed)


def score_everybody() -> int:
    """Fit the models and score all who have bought, in short transactions; returns how many there are."""
    now = clock.now()
    with database.snapshot() as session:
        newest = newest_transition(session)
        histories = load_histories(session)
    with transaction() as session:
        lock_scores(session)
        fitted = keep_model(session, histories=histories, now=now)
    for place in range(0, len(histories), AT_ONCE):
        with transaction() as session:
            write_scores(session, fitted=fitted, histories=histories[place : place + AT_ONCE], now=now)
    with transaction() as session:
        lock_scores(session)
        # Whoever was not among them keeps nothing of what he bought.
        session.execute(delete(CustomerScore).where(CustomerScore.version < fitted.version))
        note_scores(session, transition_id=newest, now=now)
    with transaction() as session:
        renew_segments(session, now=now)
    learn_by_night()
    return len(histories)


def learn_by_night() -> None:
    """Write down what came of choices whose time is over, pause what is abused, learn from it, and say what it
    suggests.
    """
    while atomically(partial(reward_choices, now=clock.now())) == REWARDED_AT_ONCE:
        pass
    with transaction() as session:
        version = learn_offers(session, now=clock.now())
    with transaction() as session:
        strategy = strategy_of(session)
        pause_offers(session, strategy=strategy, now=clock.now())
        pause_automations(session, strategy=strategy, now=clock.now())
    with transaction() as session:
        renew_suggestions(session, strategy=strategy, now=clock.now())
    if version is not None:
        log.info("offers_learned", version=version)


def run_automations() -> None:
    """Draw those whom automations reach, and only after that is committed make the offers that are due."""
    with reading() as session:
        automation_ids = running(session)
    for automation_id in automation_ids:
        atomically(partial(assign_offers, automation_id=automation_id, now=clock.now()))
    one_by_one(offers_due, make_offer, name="assignment_id")


def _fit_is_due(now: datetime) -> bool:
    with reading() as session:
        state, fitted = session.get(ScoreState, 1), newest_model(session)
    return state is None or state.scored_at is None or fitted is None or now - fitted.fitted_at >= FIT_EVERY
