"""Bring messages to endpoints: claim, call with no transaction open, settle. Safe to run any number of times.

A receiver can take ten seconds for each answer. Those that have just answered at once are served by threads of their
own; of all others those that have not failed, new ones too, come before those that have.
"""

from __future__ import annotations

import secrets
import time
import uuid

import structlog

from portal.config import Settings
from portal.db import atomically, reading
from portal.gateways.standard_webhooks import signed_headers
from portal.gateways.webhook_target import Problem, TargetAnswer, TargetRefusedError, look_up, post
from portal.jobs.live import publish
from portal.jobs.queue import CALLS, FAILING_CALLS, SLOW_CALLS, begin_webhooks, enqueue_slow_webhooks, enqueue_webhooks
from portal.kit import clock
from portal.kit.networks import AllowedTarget, read_allowed
from portal.rules.webhooks import body_of
from portal.services.webhooks.claim_delivery import Claimed, claim_delivery, endpoints_due, has_failed, release_endpoint
from portal.services.webhooks.settle_delivery import Outcome, forget_deliveries, settle_delivery

log = structlog.get_logger()

# So many messages, and for so long, one run brings before others of the queue have their turn.
RUN_MAX = 50
RUN_S_MAX = 2.0
# Whose last answer took no longer is quick.
QUICK_MS = 1_000
USER_AGENT = "Portal-Webhooks/1"
SPREAD = 1_000


class _Allowed:
    """What this process may call beside the internet, set once at its start."""

    def __init__(self) -> None:
        self.targets: tuple[AllowedTarget, ...] = ()


_allowed = _Allowed()
# The endpoints whose last answer to this process was quick. Forgotten with it: then they prove it anew.
_quick: set[uuid.UUID] = set()


def allow_targets(settings: Settings) -> None:
    """Call what the settings allow."""
    _allowed.targets = tuple(read_allowed(text) for text in settings.webhook_targets)


def is_forbidden(url: str) -> bool:
    """Whether an address leads where we do not call. One whose name is not known yet may come to be."""
    try:
        look_up(url, _allowed.targets)
    except TargetRefusedError as refused:
        return refused.problem is Problem.FORBIDDEN_ADDRESS
    return False


def send_at_once(endpoint_id: str) -> None:
    """Bring what is due to one that is known to be quick; others go where nobody quick waits behind them."""
    wanted = uuid.UUID(endpoint_id)
    begin_webhooks(wanted, CALLS)
    if wanted in _quick:
        send_messages(endpoint_id)
        return
    with reading() as session:
        fails = has_failed(session, endpoint_id=wanted)
    enqueue_slow_webhooks(wanted, fails=fails)


def send_messages(endpoint_id: str) -> None:
    """Bring what is due for one endpoint, in order, until it fails, has had its time, or nothing is left."""
    lease, wanted, began = uuid.uuid4(), uuid.UUID(endpoint_id), time.monotonic()
    begin_webhooks(wanted, SLOW_CALLS, FAILING_CALLS)
    for _ in range(RUN_MAX):
        claimed = atomically(lambda s: claim_delivery(s, endpoint_id=wanted, lease=lease, now=clock.now()))
        if claimed is None:
            return
        answer = _bring(claimed)  # No transaction is open here.
        was_quick = answer.problem is None and answer.latency_ms <= QUICK_MS
        (_quick.add if was_quick else _quick.discard)(wanted)
        outcome = Outcome(
            answer.status_code,
            answer.latency_ms,
            answer.problem,
            answer.excerpt,
            answer.retry_after_s,
            secrets.randbelow(2 * SPREAD + 1) - SPREAD,
        )
        goes_on = atomically(
            lambda s, claimed=claimed, outcome=outcome: settle_delivery(  # type: ignore[misc]  # mypy does not infer a lambda's default.
                s, endpoint_id=wanted, claimed=claimed, lease=lease, outcome=outcome, now=clock.now()
            )
        )
        publish([(claimed.topic, "webhook", {"id": endpoint_id})])
        if not goes_on:
            log.info("webhook_failed", endpoint=endpoint_id, problem=answer.problem, status=answer.status_code)
            return
        if not was_quick or time.monotonic() - began > RUN_S_MAX:
            break
    atomically(lambda s: release_endpoint(s, endpoint_id=wanted, lease=lease, busy_until=clock.now()))
    enqueue_webhooks(wanted)


def send_webhooks() -> None:
    """Give a job to endpoints with messages that are due: after a pause, a crash, an emptied Redis."""
    with reading() as session:
        due = endpoints_due(session, now=clock.now())
    for endpoint_id in due:
        enqueue_webhooks(endpoint_id)


def forget_webhooks() -> None:
    """Forget the log of webhooks beyond its time."""
    atomically(lambda s: forget_deliveries(s, now=clock.now()))


def _bring(claimed: Claimed) -> TargetAnswer:
    body = body_of(claimed.message)
    headers = {
        **signed_headers(claimed.secrets, message_id=f"msg_{claimed.message_id.hex}", body=body, now=clock.now()),
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
    }
    try:
        target = look_up(claimed.url, _allowed.targets)
    except TargetRefusedError as refused:
        return TargetAnswer(None, 0, refused.problem)
    return post(target, headers=headers, body=body)
