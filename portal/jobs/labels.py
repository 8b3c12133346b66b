"""Labels at carriers: bought, looked up and given back with no transaction open. Safe to run any number of times."""

from __future__ import annotations

import uuid

import structlog

from portal.db import atomically, reading
from portal.gateways.carriers.base import (
    LabelRefusedError,
    LabelUnknownError,
    Tracker,
    TrackerUnavailableError,
)
from portal.jobs.parcels import tracker
from portal.jobs.queue import enqueue_labels
from portal.kit import clock
from portal.services.fulfilment.settle_label import (
    ClaimedLabel,
    claim_label,
    labels_due,
    labels_left_behind,
    leave_label,
    note_unknown_label,
    settle_bought,
    settle_not_bought,
    settle_void,
)

log = structlog.get_logger()


def sweep_labels() -> None:
    """Buy and give back labels whose hint was lost, or whose carrier was away."""
    if tracker() is None:
        return
    with reading() as session:
        waiting = labels_due(session, now=clock.now()) or labels_left_behind(session)
    if waiting:
        enqueue_labels()


def tend_labels() -> None:
    """Buy what is wanted and give back what is not, until nothing is due."""
    with reading() as session:
        left = labels_left_behind(session)
    for label_id in left:
        atomically(lambda s, label_id=label_id: leave_label(s, label_id=label_id, now=clock.now()))  # type: ignore[misc]  # mypy does not infer a lambda's default.
    while due := _due():
        for label_id in due:
            tend_label(label_id)


def tend_label(label_id: uuid.UUID) -> None:
    """Ask the carrier about one label that is due."""
    asked = tracker()
    if asked is None:
        return
    claimed = atomically(lambda s: claim_label(s, label_id=label_id, now=clock.now()))
    if claimed is None:
        return
    try:
        if claimed.voids:
            _void(asked, label_id)
        else:
            _buy(asked, label_id, claimed)
    except TrackerUnavailableError as error:
        log.warning("carrier_not_reached", label=str(label_id), problem=error.problem)
        problem = error.problem
        if claimed.voids or claimed.look_first:
            atomically(lambda s: note_unknown_label(s, label_id=label_id, now=clock.now()))
        else:
            atomically(lambda s: settle_not_bought(s, label_id=label_id, problem=problem, again=True, now=clock.now()))


def _buy(asked: Tracker, label_id: uuid.UUID, claimed: ClaimedLabel) -> None:
    """Buy it, or first look whether a call before has. No transaction is open where the carrier is asked."""
    try:
        bought = asked.find_label(claimed.request.key) if claimed.look_first else None
        bought = bought or asked.buy_label(claimed.request)
    except LabelUnknownError:
        atomically(lambda s: note_unknown_label(s, label_id=label_id, now=clock.now()))
    except LabelRefusedError as error:
        problem = error.problem
        atomically(lambda s: settle_not_bought(s, label_id=label_id, problem=problem, again=False, now=clock.now()))
    else:
        atomically(lambda s: settle_bought(s, label_id=label_id, bought=bought, now=clock.now()))


def _void(asked: Tracker, label_id: uuid.UUID) -> None:
    try:
        asked.void_label(str(label_id))
    except LabelRefusedError:
        atomically(lambda s: settle_void(s, label_id=label_id, is_void=False, now=clock.now()))
    else:
        atomically(lambda s: settle_void(s, label_id=label_id, is_void=True, now=clock.now()))


def _due() -> list[uuid.UUID]:
    if tracker() is None:
        return []
    with reading() as session:
        return labels_due(session, now=clock.now())
