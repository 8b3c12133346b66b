"""Parcels at carriers: ask with no transaction open, then take what is said. Safe to run any number of times."""

from __future__ import annotations

import uuid

import structlog

from portal.config import Settings
from portal.db import atomically
from portal.gateways.carriers.base import Tracker, TrackerUnavailableError
from portal.gateways.carriers.trackhub import Trackhub
from portal.kit import clock
from portal.services.fulfilment.take_report import claim_parcel, take_report

log = structlog.get_logger()


class _Tracker:
    """Whom this process asks, set once at its start; nobody where none is configured."""

    def __init__(self) -> None:
        self.of_process: Tracker | None = None


_tracker = _Tracker()


def set_tracker(settings: Settings) -> None:
    """Ask whom the settings name."""
    if not settings.trackhub_url or not settings.trackhub_api_key:
        _tracker.of_process = None
        return
    _tracker.of_process = Trackhub(
        url=settings.trackhub_url, key=settings.trackhub_api_key, secrets=settings.trackhub_webhook_secrets
    )


def tracker() -> Tracker | None:
    """Who speaks for the carriers, if anybody does."""
    return _tracker.of_process


def follow_parcel(shipment_id: str) -> None:
    """Ask how one parcel stands, and to be told of it from the first time on."""
    asked = tracker()
    if asked is None:
        return
    claimed = atomically(lambda s: claim_parcel(s, shipment_id=uuid.UUID(shipment_id), now=clock.now()))
    if claimed is None:
        return
    try:
        report = asked.ask(carrier=claimed.carrier, number=claimed.number)  # No transaction is open here.
        if report is None:
            report = asked.follow(carrier=claimed.carrier, number=claimed.number)
    except TrackerUnavailableError as error:
        log.warning("parcel_not_known", shipment=shipment_id, problem=error.problem)
        return
    atomically(lambda s: take_report(s, report=report, told_by="poll", now=clock.now()))
