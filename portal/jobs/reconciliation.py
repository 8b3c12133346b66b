"""The nightly comparison of the books with themselves and with what the gateways report (BAL-11)."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, text

from portal.db import atomically, database, reading
from portal.gateways.base import GatewayRefusedError, GatewayUnavailableError, OutcomeUnknownError
from portal.gateways.settlement import SettlingGateway
from portal.kit import clock
from portal.models import ReconciliationRun
from portal.queries.gateways import gateway_directory
from portal.queries.reconciliation import CHECKS, find_differences
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.reconciliation import is_due, report_period
from portal.services.reconciliation.receive_report import MovementChangedError, last_report_end, receive_report
from portal.services.reconciliation.record_run import record_run

log = structlog.get_logger()

# A report is held in memory between the call and the transaction, so it is asked for in pieces.
PIECE = timedelta(days=1)
RUN_LOCK = 7_236_403


def reconcile_if_due() -> None:
    """This night's run, unless it was made. Safe to run any number of times, also at once."""
    with database.engine.connect() as connection:
        # Held by the connection: the run has several transactions, and none while a gateway is asked.
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": RUN_LOCK}).scalar_one():
            return
        connection.commit()  # lint: allow commit: nothing was written, and no transaction may stay open
        try:
            if nightly_run_is_due(clock.now()):
                fetch_reports()
                compare(SYSTEM)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": RUN_LOCK})


def nightly_run_is_due(now: datetime) -> bool:
    """Whether this night's run is still to be made."""
    with reading() as session:
        last = session.execute(select(func.max(ReconciliationRun.started_at))).scalar_one()
    return is_due(last_started_at=last, now=now)


def fetch_reports() -> None:
    """Ask every gateway that reports for what is new. One that does not answer is asked again with the next run."""
    for account_id, configured in gateway_directory().items():
        gateway = configured.gateway
        if not isinstance(gateway, SettlingGateway):
            continue
        try:
            while _fetch_piece(account_id, gateway):
                pass
        except (GatewayUnavailableError, OutcomeUnknownError, GatewayRefusedError, MovementChangedError) as error:
            log.warning("report_not_received", account=configured.account.name, error=str(error))


def _fetch_piece(account_id: int, gateway: SettlingGateway) -> bool:
    """Receive the next piece; False when there is none."""
    now = clock.now()
    with reading() as session:
        whole = report_period(last_to_at=last_report_end(session, gateway_account_id=account_id), now=now)
    if whole is None:
        return False
    period = whole[0], min(whole[1], whole[0] + PIECE)
    movements = list(gateway.movements(since=period[0], until=period[1]))
    atomically(
        lambda s: receive_report(
            s,
            gateway_account_id=account_id,
            source="gateway",
            period=period,
            movements=movements,
            actor=SYSTEM,
            now=now,
        )
    )
    return period[1] < whole[1]


def compare(actor: Actor) -> ReconciliationRun:
    """Compare everything in one snapshot, and keep what was found."""
    started_at = clock.now()
    with database.snapshot() as session:
        differences = list(find_differences(session))
    return atomically(
        lambda s: record_run(
            s, differences=differences, checks=CHECKS, started_at=started_at, actor=actor, now=clock.now()
        )
    )
