"""Disputes at gateways: record, call with no transaction open, record. Each job is safe to run any number of times."""

from __future__ import annotations

import uuid

import structlog

from portal.db import atomically, transaction
from portal.gateways.base import (
    DisputeNotice,
    DisputingGateway,
    GatewayRefusedError,
    GatewayUnavailableError,
    OutcomeUnknownError,
    TellingGateway,
)
from portal.kit import clock
from portal.queries.gateways import gateway_directory
from portal.rules.permissions import SYSTEM
from portal.services.disputes.find_due import dispute_to_ask
from portal.services.disputes.settle_dispute import settle_dispute
from portal.services.payments.receive_webhook import DisputeToAsk

log = structlog.get_logger()


def take_dispute_notice(asked: DisputeToAsk) -> bool:
    """Look a dispute up that a notice speaks of, and settle it; False when that must be tried again.

    The notice is only a hint; that of a gateway which cannot be asked is all there is.
    """
    configured = gateway_directory().get(asked.gateway_account_id)
    if configured is None:
        return False
    gateway = configured.gateway
    if isinstance(gateway, DisputingGateway):
        try:
            notice = gateway.fetch_dispute(dispute_ref=asked.dispute_ref, now=clock.now())
        except (GatewayUnavailableError, OutcomeUnknownError, GatewayRefusedError) as error:
            log.warning("dispute_waits", dispute=asked.dispute_ref, error=str(error))
            return False
        return _settle(asked, notice)
    told = gateway.read_notice(asked.body).outcome if isinstance(gateway, TellingGateway) else None
    return isinstance(told, DisputeNotice) and _settle(asked, told)


def ask_dispute(dispute_id: str) -> None:
    """Ask how an open dispute stands, should its notices be lost."""
    with transaction() as session:
        asked = dispute_to_ask(session, dispute_id=uuid.UUID(dispute_id), now=clock.now())
    if asked is not None:
        take_dispute_notice(asked)


def _settle(asked: DisputeToAsk, notice: DisputeNotice) -> bool:
    return atomically(
        lambda s: settle_dispute(
            s,
            gateway=asked.gateway,
            gateway_account_id=asked.gateway_account_id,
            notice=notice,
            actor=SYSTEM,
            now=clock.now(),
        )
    )
