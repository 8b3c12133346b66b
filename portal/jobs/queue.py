"""Hints to the workers. A hint may be lost, doubled or late: the database is the truth, and the sweep knows it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import structlog
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from portal.broker import broker

log = structlog.get_logger()

PAYMENTS = "payments"
DEFAULT = "default"
# Whoever names an address can let us wait at it: such calls have threads of their own. Those that are known to answer
# at once are behind nobody else, and who has not failed is not behind those that have: dozens may hang at once.
CALLS = "calls"
SLOW_CALLS = "slow_calls"
FAILING_CALLS = "failing_calls"
CALLERS = (*((CALLS,),) * 3, *((SLOW_CALLS, FAILING_CALLS),) * 4, *((FAILING_CALLS, SLOW_CALLS),) * 4)
QUEUES = (PAYMENTS, DEFAULT, CALLS, SLOW_CALLS, FAILING_CALLS)
JOB_TIMEOUT_S = 60
# A hint whose job was lost with its worker is given anew after so long.
MARKED_FOR_S = 300
TRAINING_TIMEOUT_S = 900


def queue(name: str) -> Queue:
    return Queue(name, connection=broker.client, serializer=JSONSerializer, default_timeout=JOB_TIMEOUT_S)


def enqueue_charge(attempt_id: uuid.UUID) -> None:
    """Let a worker ask the gateway for the money of an attempt."""
    _hint(PAYMENTS, "portal.jobs.payments.charge_attempt", str(attempt_id))


def enqueue_lookup(attempt_id: uuid.UUID) -> None:
    """Let a worker ask the gateway what became of an attempt."""
    _hint(PAYMENTS, "portal.jobs.payments.look_up_attempt", str(attempt_id))


def enqueue_capture(attempt_id: uuid.UUID) -> None:
    """Let a worker take an amount that a gateway holds."""
    _hint(PAYMENTS, "portal.jobs.payments.capture_attempt", str(attempt_id))


def enqueue_reversal(attempt_id: uuid.UUID) -> None:
    """Let a worker give back money that no order can use."""
    _hint(PAYMENTS, "portal.jobs.payments.reverse_attempt", str(attempt_id))


def enqueue_refund_leg(leg_id: uuid.UUID) -> None:
    """Let a worker give back what a decided refund owes."""
    _hint(PAYMENTS, "portal.jobs.refunds.send_leg", str(leg_id))


def enqueue_refund_lookup(leg_id: uuid.UUID) -> None:
    """Let a worker ask the gateway what became of a refund."""
    _hint(PAYMENTS, "portal.jobs.refunds.look_up_leg", str(leg_id))


def enqueue_surplus(surplus_id: uuid.UUID) -> None:
    """Let a worker give money that came in besides back."""
    _hint(PAYMENTS, "portal.jobs.surplus.send_surplus", str(surplus_id))


def enqueue_dispute(dispute_id: uuid.UUID) -> None:
    """Let a worker ask the gateway how a dispute stands."""
    _hint(PAYMENTS, "portal.jobs.disputes.ask_dispute", str(dispute_id))


def enqueue_dispute_answer(dispute_id: uuid.UUID) -> None:
    """Let a worker hand in what was decided about a dispute."""
    _hint(PAYMENTS, "portal.jobs.disputes.send_answer", str(dispute_id))


def enqueue_dispute_search() -> None:
    """Let a worker look for disputes that nobody told us of."""
    _hint(PAYMENTS, "portal.jobs.disputes.find_disputes")


def enqueue_setup(setup_id: uuid.UUID) -> None:
    """Let a worker have a card kept, or ask what became of it."""
    _hint(PAYMENTS, "portal.jobs.methods.run_setup", str(setup_id))


def enqueue_removal(method_id: uuid.UUID) -> None:
    """Let a worker have a card forgotten at its gateway."""
    _hint(PAYMENTS, "portal.jobs.methods.forget_method", str(method_id))


def enqueue_export(export_id: uuid.UUID) -> None:
    """Let a worker put together what is known of a person."""
    _hint(DEFAULT, "portal.jobs.privacy.put_together", str(export_id))


def enqueue_list_export(export_id: uuid.UUID) -> None:
    """Let a worker go on with a list that is wanted as a file."""
    _hint(DEFAULT, "portal.jobs.exports.make_list", str(export_id), timeout_s=TRAINING_TIMEOUT_S)


def enqueue_retention() -> None:
    """Let a worker take away what is too old."""
    _hint(DEFAULT, "portal.jobs.privacy.apply_retention")


def enqueue_provider_event(event_id: int) -> None:
    """Let a worker do what a stored notice asks for."""
    _hint(PAYMENTS, "portal.jobs.payments.handle_provider_event", event_id)


def enqueue_events(event_ids: Sequence[int]) -> bool:
    """Hand outbox events to the workers; False when Redis is away."""
    return _hint(DEFAULT, "portal.jobs.outbox.handle_events", list(event_ids))


def enqueue_webhooks(endpoint_id: uuid.UUID) -> None:
    """Let a worker bring what waits for a webhook endpoint."""
    if _mark(CALLS, endpoint_id):
        _hint(CALLS, "portal.jobs.webhooks.send_at_once", str(endpoint_id))


def enqueue_slow_webhooks(endpoint_id: uuid.UUID, *, fails: bool) -> None:
    """The same for one that is not known to answer at once, or that failed the last time."""
    name = FAILING_CALLS if fails else SLOW_CALLS
    if _mark(name, endpoint_id):
        _hint(name, "portal.jobs.webhooks.send_messages", str(endpoint_id))


def begin_webhooks(endpoint_id: uuid.UUID, *names: str) -> None:
    """Say that a job of these queues has begun: for what happens from here on another one is needed."""
    try:
        broker.client.delete(*(_marked(name, endpoint_id) for name in names))
    except RedisError as error:
        log.warning("mark_kept", endpoint=str(endpoint_id), error=str(error))


def _mark(name: str, endpoint_id: uuid.UUID) -> bool:
    """Whether nothing waits in the queue for this endpoint yet: those that hang would fill it, and all wait behind."""
    try:
        return bool(broker.client.set(_marked(name, endpoint_id), "", nx=True, ex=MARKED_FOR_S))
    except RedisError:
        return True  # The hint itself tells that Redis is away.


def _marked(name: str, endpoint_id: uuid.UUID) -> str:
    return f"hinted:{name}:{endpoint_id}"


def enqueue_parcel(shipment_id: uuid.UUID) -> None:
    """Let a worker ask how a parcel stands."""
    _hint(DEFAULT, "portal.jobs.parcels.follow_parcel", str(shipment_id))


def enqueue_labels() -> None:
    """Let a worker buy the labels that are wanted, and give back those that are not any more."""
    _hint(DEFAULT, "portal.jobs.labels.tend_labels")


def enqueue_part_run(run_id: uuid.UUID) -> None:
    """Let a worker take many parts a step on."""
    _hint(DEFAULT, "portal.jobs.bulk_runs.work_through", str(run_id))


def enqueue_mails() -> None:
    """Let a worker send the mails that wait."""
    _hint(DEFAULT, "portal.jobs.mails.send_mails")


def enqueue_documents() -> None:
    """Let a worker issue the receipts and credit notes that are wanted, and send them."""
    _hint(DEFAULT, "portal.jobs.documents.serve_documents")


def enqueue_cash_receipts() -> None:
    """Let a worker file and take back the cash receipts that are due."""
    _hint(DEFAULT, "portal.jobs.cash_receipts.file_receipts")


def enqueue_reconciliation() -> None:
    """Let a worker compare the books with themselves and with what the gateways report."""
    _hint(DEFAULT, "portal.jobs.reconciliation.reconcile_if_due")


def enqueue_adjustment(adjustment_id: uuid.UUID) -> None:
    """Let a worker go on with a correction of balances."""
    _hint(DEFAULT, "portal.jobs.adjustments.work_on_adjustment", str(adjustment_id))


def enqueue_bulk(bulk_id: uuid.UUID) -> None:
    """Let a worker go through a list of people to whom a coupon is given or from whom it is taken."""
    _hint(DEFAULT, "portal.jobs.coupons.run_bulk", str(bulk_id))


def enqueue_statements() -> None:
    """Let a worker close the periods of stores that are over."""
    _hint(DEFAULT, "portal.jobs.payouts.close_periods")


def enqueue_risk_model() -> None:
    """Let a worker train the model of the mall's own decisions."""
    _hint(DEFAULT, "portal.jobs.risk_model.learn_risk", timeout_s=TRAINING_TIMEOUT_S)


def enqueue_scores() -> None:
    """Let a worker renew the scores of customers."""
    _hint(DEFAULT, "portal.jobs.incentives.renew_scores", timeout_s=TRAINING_TIMEOUT_S)


def enqueue_rates() -> None:
    """Let a worker fetch exchange rates."""
    _hint(DEFAULT, "portal.jobs.rates.fetch_rates")


def _hint(name: str, function: str, *args: object, timeout_s: int = JOB_TIMEOUT_S) -> bool:
    # One round trip instead of two. The job stands before its number is in the queue, which is all that matters.
    pipe = broker.client.pipeline(transaction=False)
    try:
        # Results are rows of ours; what Redis keeps of a job that is done would only fill it.
        queue(name).enqueue(function, *args, job_timeout=timeout_s, result_ttl=0, failure_ttl=24 * 3600, pipeline=pipe)
        pipe.execute()
    except RedisError as error:
        log.warning("hint_lost", function=function, error=str(error))
        return False
    return True
