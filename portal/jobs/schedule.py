"""The whole timetable: what the clock does and how often. Each line is cheap, bounded and safe to run twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from portal.db import atomically, reading, transaction
from portal.jobs.bulk_runs import work_part_runs
from portal.jobs.cases import gather_cases, gather_left_over
from portal.jobs.coupons import tend_coupons, turn_campaigns, watch_coupons
from portal.jobs.documents import documents_wait
from portal.jobs.exports import tend_exports
from portal.jobs.figures import prove_figures, renew_figures, watch_bounds
from portal.jobs.held_payments import ask_about_holds, tend_holds
from portal.jobs.incentives import run_automations, watch_scores
from portal.jobs.labels import sweep_labels
from portal.jobs.marks import mark_people
from portal.jobs.methods import sweep_methods
from portal.jobs.mileage import end_mileage, mature_due_mileage, move_tiers, return_gifts
from portal.jobs.one_by_one import one_by_one
from portal.jobs.privacy import tend_data
from portal.jobs.propagation import turn_prices, watch_propagation, watch_rules
from portal.jobs.queue import (
    enqueue_adjustment,
    enqueue_bulk,
    enqueue_capture,
    enqueue_cash_receipts,
    enqueue_charge,
    enqueue_dispute,
    enqueue_dispute_answer,
    enqueue_dispute_search,
    enqueue_documents,
    enqueue_lookup,
    enqueue_mails,
    enqueue_parcel,
    enqueue_provider_event,
    enqueue_rates,
    enqueue_reconciliation,
    enqueue_refund_leg,
    enqueue_refund_lookup,
    enqueue_reversal,
    enqueue_risk_model,
    enqueue_statements,
    enqueue_surplus,
)
from portal.jobs.reconciliation import nightly_run_is_due
from portal.jobs.shares import count_shares
from portal.jobs.talk import tend_reviews, watch_tickets, watch_wishes, write_digests
from portal.jobs.webhooks import forget_webhooks, send_webhooks
from portal.kit import clock
from portal.queries.mails import mails_wait
from portal.services.accounts.step_up import forget_step_ups
from portal.services.adjustments.apply_lines import open_adjustments
from portal.services.cash_receipts.file_receipt import receipts_due
from portal.services.checkout.cancel_payment import expire_payment, overdue_payments
from portal.services.checkout.expire_orders import expire_order, overdue_orders
from portal.services.coupons.bulk_grants import bulks_due
from portal.services.disputes.find_due import disputes_due, remind_of_disputes
from portal.services.fulfilment.close_part import close_part, parts_to_close
from portal.services.fulfilment.take_report import parcels_due
from portal.services.fulfilment.watch_deadlines import watch_deadlines as watch
from portal.services.gift_cards.end_card import cards_due, expire_card
from portal.services.idempotency import forget_expired_keys
from portal.services.invoices.remind import invoices_due, remind_of_invoice
from portal.services.payments.find_due import find_due
from portal.services.payments.receive_webhook import due_events
from portal.services.refunds.claim_leg import legs_due
from portal.services.refunds.decide_surplus import surpluses_due
from portal.services.refunds.escalate_late import escalate_late
from portal.services.returns.decide_return import lapse_return, lapsed_returns
from portal.services.returns.turn_exchange import end_unpaid_exchange, unpaid_exchanges
from portal.services.stock.watch_stock import watch_stock as watch_low_stock

log = structlog.get_logger()
TICK_S = 0.5


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timetable."""

    name: str
    every_s: float
    work: Callable[[], None]


def sweep_payments() -> None:
    """Give a job to all that is due and has none: after a crash, an emptied Redis, a lost notice."""
    with reading() as session:
        due = find_due(session, now=clock.now())
        events = due_events(session, now=clock.now())
        legs = legs_due(session, now=clock.now())
    for attempt_id in due.to_send:
        enqueue_charge(attempt_id)
    for attempt_id in due.to_ask:
        enqueue_lookup(attempt_id)
    for attempt_id in due.to_reverse:
        enqueue_reversal(attempt_id)
    for attempt_id in due.to_capture:
        enqueue_capture(attempt_id)
    for leg_id in legs.to_send:
        enqueue_refund_leg(leg_id)
    for leg_id in legs.to_ask:
        enqueue_refund_lookup(leg_id)
    for event_id in events:
        enqueue_provider_event(event_id)


def expire_orders() -> None:
    """Give up orders whose time is over and whose money is not under way."""
    one_by_one(overdue_orders, expire_order, name="order_id")


def expire_payments() -> None:
    """End payments that are no order's when their time is over and no outcome is being asked for."""
    one_by_one(overdue_payments, expire_payment, name="payment_id")


def remind_of_invoices() -> None:
    """Note what the calendar says of invoices: reminders, and which are late."""
    one_by_one(invoices_due, remind_of_invoice, name="invoice_id")


def expire_gift_cards() -> None:
    """End gift cards whose time is over."""
    one_by_one(cards_due, expire_card, name="card_id")


def send_waiting_mails() -> None:
    """Send mails that nobody has sent."""
    with reading() as session:
        waiting = mails_wait(session, now=clock.now())
    if waiting:
        enqueue_mails()


def escalate_refunds() -> None:
    """Tell administrators of refunds that are late."""
    with transaction() as session:
        escalate_late(session, now=clock.now())


def watch_disputes() -> None:
    """Ask about open disputes, send answers whose hint was lost, and tell administrators of a last day."""
    with transaction() as session:
        remind_of_disputes(session, now=clock.now())
        due = disputes_due(session, now=clock.now())
    for dispute_id in due.to_ask:
        enqueue_dispute(dispute_id)
    for dispute_id in due.to_send:
        enqueue_dispute_answer(dispute_id)


def find_disputes() -> None:
    """Look for disputes whose notice was lost."""
    enqueue_dispute_search()


def return_surpluses() -> None:
    """Give money that came in besides back where the hint was lost, or its answer."""
    with reading() as session:
        due = surpluses_due(session, now=clock.now())
    for surplus_id in due:
        enqueue_surplus(surplus_id)


def watch_deadlines() -> None:
    """Warn stores of deadlines that are near, and tell the mall of those that were missed."""
    with transaction() as session:
        watch(session, now=clock.now())


def watch_stock() -> None:
    """Tell stores of goods that have fallen to their marks."""
    with transaction() as session:
        watch_low_stock(session, now=clock.now())


def follow_parcels() -> None:
    """Ask about parcels whose notices were lost, or whose carrier sends none."""
    with reading() as session:
        due = parcels_due(session, now=clock.now())
    for shipment_id in due:
        enqueue_parcel(shipment_id)


def close_parts() -> None:
    """Close what has arrived and cannot be sent back any more: its seller's money becomes payable."""
    with reading() as session:
        due = parts_to_close(session)
    for part_id in due:
        atomically(lambda s, part_id=part_id: close_part(s, part_id=part_id, now=clock.now()))  # type: ignore[misc]  # mypy does not infer a lambda's default.


def lapse_returns() -> None:
    """End returns that nobody has sent in time."""
    one_by_one(lapsed_returns, lapse_return, name="return_id")


def end_unpaid_exchanges() -> None:
    """Make returns of exchanges whose difference nobody has paid in time."""
    one_by_one(unpaid_exchanges, end_unpaid_exchange, name="return_id")


def forget_keys() -> None:
    """Forget idempotency keys whose lifetime is over, and proofs with what was typed for them."""
    with transaction() as session:
        forget_expired_keys(session, now=clock.now())
        forget_step_ups(session, now=clock.now())


def issue_documents() -> None:
    """Issue receipts and credit notes whose hint was lost."""
    if documents_wait():
        enqueue_documents()


def file_cash_receipts() -> None:
    """File and take back cash receipts whose hint was lost, or whose pause is over."""
    with reading() as session:
        due = receipts_due(session, now=clock.now())
    if due:
        enqueue_cash_receipts()


def reconcile() -> None:
    """Once a night; a run that did not come to its end is begun again."""
    if nightly_run_is_due(clock.now()):
        enqueue_reconciliation()


def sweep_adjustments() -> None:
    """Go on with corrections whose hint was lost."""
    with reading() as session:
        found = open_adjustments(session)
    for adjustment_id in found:
        enqueue_adjustment(adjustment_id)


def fetch_rates() -> None:
    """Ask for exchange rates; what is known already changes nothing."""
    enqueue_rates()


def sweep_bulks() -> None:
    """Give a job to lists that are not worked through."""
    with reading() as session:
        due = bulks_due(session)
    for bulk_id in due:
        enqueue_bulk(bulk_id)


TIMETABLE = (
    Entry("sweep_payments", 2, sweep_payments),
    Entry("expire_orders", 5, expire_orders),
    Entry("expire_payments", 5, expire_payments),
    Entry("tend_holds", 60, tend_holds),
    Entry("ask_about_holds", 3600, ask_about_holds),
    Entry("expire_gift_cards", 300, expire_gift_cards),
    Entry("remind_of_invoices", 60, remind_of_invoices),
    Entry("send_waiting_mails", 5, send_waiting_mails),
    Entry("send_webhooks", 1, send_webhooks),
    Entry("watch_propagation", 5, watch_propagation),
    Entry("forget_webhooks", 3600, forget_webhooks),
    Entry("issue_documents", 5, issue_documents),
    Entry("file_cash_receipts", 10, file_cash_receipts),
    Entry("escalate_refunds", 30, escalate_refunds),
    Entry("sweep_methods", 10, sweep_methods),
    Entry("work_part_runs", 5, work_part_runs),
    Entry("sweep_labels", 5, sweep_labels),
    Entry("watch_deadlines", 30, watch_deadlines),
    Entry("watch_stock", 30, watch_stock),
    Entry("tend_reviews", 60, tend_reviews),
    Entry("write_digests", 60, write_digests),
    Entry("watch_wishes", 60, watch_wishes),
    Entry("watch_tickets", 30, watch_tickets),
    Entry("follow_parcels", 10, follow_parcels),
    Entry("close_parts", 60, close_parts),
    Entry("lapse_returns", 300, lapse_returns),
    Entry("end_unpaid_exchanges", 300, end_unpaid_exchanges),
    Entry("watch_disputes", 30, watch_disputes),
    Entry("return_surpluses", 10, return_surpluses),
    Entry("find_disputes", 3600, find_disputes),
    Entry("mature_due_mileage", 30, mature_due_mileage),
    Entry("end_mileage", 60, end_mileage),
    Entry("return_gifts", 60, return_gifts),
    Entry("move_tiers", 60, move_tiers),
    Entry("gather_cases", 3, gather_cases),
    Entry("mark_people", 3, mark_people),
    Entry("gather_left_over", 600, gather_left_over),
    Entry("sweep_bulks", 15, sweep_bulks),
    Entry("turn_campaigns", 1, turn_campaigns),
    Entry("turn_prices", 1, turn_prices),
    Entry("watch_rules", 30, watch_rules),
    Entry("tend_coupons", 60, tend_coupons),
    Entry("watch_coupons", 30, watch_coupons),
    Entry("forget_keys", 600, forget_keys),
    Entry("tend_data", 60, tend_data),
    Entry("tend_exports", 10, tend_exports),
    Entry("reconcile", 300, reconcile),
    Entry("close_periods", 900, enqueue_statements),
    Entry("sweep_adjustments", 60, sweep_adjustments),
    Entry("fetch_rates", 3600, fetch_rates),
    Entry("count_shares", 3600, count_shares),
    Entry("learn_risk", 24 * 3600, enqueue_risk_model),
    Entry("renew_figures", 10, renew_figures),
    Entry("prove_figures", 900, prove_figures),
    Entry("watch_bounds", 10, watch_bounds),
    *(Entry(work.__name__, 15, work) for work in (watch_scores, run_automations)),
)


def run_clock(stop: threading.Event) -> None:
    """Work through the timetable until `stop` is set. One line that fails does not keep the others waiting."""
    moment = clock.now().timestamp()
    due = {entry.name: moment for entry in TIMETABLE}
    while not stop.is_set():
        moment = clock.now().timestamp()
        for entry in TIMETABLE:
            if moment < due[entry.name]:
                continue
            due[entry.name] = moment + entry.every_s
            try:
                entry.work()
            except (SQLAlchemyError, RedisError) as error:
                log.warning("clock_entry_failed", entry=entry.name, error=str(error).partition("\n")[0])
            except Exception:  # A defect in one line is no reason to stop all others.
                log.exception("clock_entry_failed", entry=entry.name)
        stop.wait(TICK_S)
