"""Saved ways of paying at gateways: record, call with no transaction open, record (PAY-14)."""

from __future__ import annotations

import uuid

import structlog

from portal.db import atomically, reading
from portal.gateways.base import GatewayRefusedError, GatewayUnavailableError, OutcomeUnknownError
from portal.jobs.queue import enqueue_removal, enqueue_setup
from portal.kit import clock
from portal.queries.gateways import gateway_directory
from portal.services.methods.begin_setup import claim_setup, setups_due
from portal.services.methods.change_methods import claim_removal, note_detached, note_removed, removals_due
from portal.services.methods.settle_setup import note_setup_refused, note_setup_waits, settle_setup
from portal.services.payments.receive_webhook import EventHint

log = structlog.get_logger()


def run_setup(setup_id: str) -> None:
    """Have a card kept, or ask what became of it once the gateway has it. Safe to run any number of times."""
    setup = uuid.UUID(setup_id)
    found = atomically(lambda s: claim_setup(s, setup_id=setup, now=clock.now()))
    if found is None:
        return
    configured = gateway_directory().get(found.gateway_account_id)
    if configured is None:
        atomically(lambda s: note_setup_waits(s, setup_id=setup, now=clock.now()))
        return
    gateway = configured.gateway
    try:
        # No transaction is open here.
        outcome = (
            gateway.fetch_saved(gateway_ref=found.gateway_ref)
            if found.gateway_ref is not None
            else gateway.save_method(found.request)
        )
    except (GatewayUnavailableError, OutcomeUnknownError) as error:
        # The key is the same next time, so that what did execute is only found again.
        log.warning("setup_waits", setup=setup_id, error=str(error))
        atomically(lambda s: note_setup_waits(s, setup_id=setup, now=clock.now()))
        return
    except GatewayRefusedError:
        log.exception("setup_refused", setup=setup_id)
        atomically(lambda s: note_setup_refused(s, setup_id=setup, now=clock.now()))
        return
    atomically(lambda s: settle_setup(s, setup_id=setup, outcome=outcome, now=clock.now()))


def take_method_notice(hint: EventHint) -> bool:
    """A notice about a kept card: one that was saved is asked about, one that the gateway has forgotten is gone."""
    if hint.setup_id is not None:
        run_setup(str(hint.setup_id))
        return True
    detached = hint.detached
    return detached is not None and atomically(
        lambda s: note_detached(
            s, gateway_account_id=detached.gateway_account_id, method_ref=detached.method_ref, now=clock.now()
        )
    )


def forget_method(method_id: str) -> None:
    """Have a card forgotten at its gateway. Safe to run any number of times."""
    method = uuid.UUID(method_id)
    found = atomically(lambda s: claim_removal(s, method_id=method, now=clock.now()))
    configured = gateway_directory().get(found.gateway_account_id) if found is not None else None
    if found is None or configured is None:
        return
    try:
        configured.gateway.remove_method(method_ref=found.method_ref)
    except (GatewayUnavailableError, OutcomeUnknownError, GatewayRefusedError) as error:
        log.warning("removal_waits", method=method_id, error=str(error))
        return
    atomically(lambda s: note_removed(s, method_id=method))


def sweep_methods() -> None:
    """Give a job to cards that are to be kept or forgotten and whose hint was lost."""
    with reading() as session:
        setups = setups_due(session, now=clock.now())
        removals = removals_due(session, now=clock.now())
    for setup_id in setups:
        enqueue_setup(setup_id)
    for method_id in removals:
        enqueue_removal(method_id)
