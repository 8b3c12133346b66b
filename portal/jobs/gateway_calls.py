"""What becomes of a call that brought no answer: counted, kept, sent again or elsewhere, or asked about."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import atomically, transaction
from portal.gateways.base import Declined, DeclineReason
from portal.kit import clock
from portal.models import PaymentAttempt
from portal.queries.gateway_health import note_call
from portal.queries.gateways import gateway_directory
from portal.rules.health import Health, Turn
from portal.rules.permissions import SYSTEM
from portal.services.payments.fail_over import fail_over
from portal.services.payments.note_incident import IncidentKind, NextStep, note_incident
from portal.services.payments.note_unknown import note_not_sent, note_unknown
from portal.services.payments.settle_attempt import settle_attempt

log = structlog.get_logger()

# So often one account is asked before the next one is, if there is one.
SENDS_PER_ACCOUNT = 2
TURNS = {Turn.OPENED: IncidentKind.BREAKER_OPENED, Turn.CLOSED: IncidentKind.BREAKER_CLOSED}


@dataclass(frozen=True, slots=True)
class GatewayCall:
    """One call to an account, from the moment that this is made."""

    account_id: int
    attempt_id: uuid.UUID
    _began: float = field(default_factory=time.monotonic)

    def went_well(self) -> None:
        """It was answered, whatever the answer."""
        self._count(failed=False)

    def went_wrong(self) -> int:
        """It was not; returns how long it took, in milliseconds."""
        self._count(failed=True)
        return round((time.monotonic() - self._began) * 1000)

    def _count(self, *, failed: bool) -> None:
        now = clock.now()
        turn = note_call(self.account_id, failed=failed, now=now)
        if turn is not None:
            log.warning("gateway_breaker", account=self.account_id, turn=turn.value)
            with transaction() as session:
                note_incident(session, account_id=self.account_id, kind=TURNS[turn], now=now)


def not_executed(call: GatewayCall, kind: IncidentKind, code: str) -> None:
    """Nothing was executed: the same again a little later, another gateway, or the truth for the buyer."""
    duration_ms = call.went_wrong()
    log.warning("gateway_not_executed", attempt=str(call.attempt_id), kind=kind.value, code=code)

    def work(session: Session) -> None:
        now = clock.now()
        step = _go_on(session, call, kind, code)
        note_incident(
            session,
            account_id=call.account_id,
            attempt_id=call.attempt_id,
            kind=kind,
            code=code,
            duration_ms=duration_ms,
            next_step=step,
            now=now,
        )

    atomically(work)


def _go_on(session: Session, call: GatewayCall, kind: IncidentKind, code: str) -> NextStep:
    attempt_id, now = call.attempt_id, clock.now()
    is_refused = kind is IncidentKind.REFUSED  # The same request would be refused again.
    if (is_refused or _is_spent(session, call)) and fail_over(session, attempt_id=attempt_id, code=code, now=now):
        return NextStep.FAILED_OVER
    if not is_refused and note_not_sent(session, attempt_id=attempt_id, reason=code, now=now):
        return NextStep.SENT_AGAIN
    reason = DeclineReason.PROCESSING_ERROR if is_refused else DeclineReason.ISSUER_UNAVAILABLE
    declined = Declined("refused" if is_refused else "unavailable", reason, retry_helps=not is_refused)
    settle_attempt(session, attempt_id=attempt_id, outcome=declined, actor=SYSTEM, now=now)
    return NextStep.GIVEN_UP


def _is_spent(session: Session, call: GatewayCall) -> bool:
    """Whether the account has had its turn: asked often enough, or known to be dead."""
    configured = gateway_directory(session).get(call.account_id)
    if configured is None or configured.account.health is Health.OPEN:
        return True
    sends = select(PaymentAttempt.sends).where(PaymentAttempt.id == call.attempt_id)
    return session.execute(sends).scalar_one() >= SENDS_PER_ACCOUNT


def outcome_unknown(call: GatewayCall, code: str) -> None:
    """It may have been executed: nothing else is tried before the gateway was asked."""
    duration_ms = call.went_wrong()
    log.warning("outcome_unknown", attempt=str(call.attempt_id), code=code)
    with transaction() as session:
        now = clock.now()
        note_unknown(session, attempt_id=call.attempt_id, reason=code[:200], now=now)
        note_incident(
            session,
            account_id=call.account_id,
            attempt_id=call.attempt_id,
            kind=IncidentKind.UNKNOWN,
            code=code,
            duration_ms=duration_ms,
            next_step=NextStep.LOOKED_UP,
            now=now,
        )
