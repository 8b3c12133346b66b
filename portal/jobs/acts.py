"""What is set going by an event: work for other jobs, and what follows at once in the rows."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from portal.db import after_commit
from portal.jobs.queue import (
    enqueue_adjustment,
    enqueue_bulk,
    enqueue_capture,
    enqueue_cash_receipts,
    enqueue_charge,
    enqueue_dispute_answer,
    enqueue_documents,
    enqueue_parcel,
    enqueue_refund_leg,
    enqueue_removal,
    enqueue_reversal,
    enqueue_setup,
)
from portal.models import OutboxEvent
from portal.services.cases.open_cases import open_cases
from portal.services.cash_receipts.want_cash_receipt import look_at_cash_receipt
from portal.services.coupons.note_turn import TURNS, note_turn
from portal.services.documents.want_document import want_credit_note, want_exchange_papers, want_receipt
from portal.services.exchanges.settle_more import give_back_more
from portal.services.loyalty.award_points import award_sign_up
from portal.services.loyalty.refresh_tier import refresh_tier
from portal.services.orders.take_lost_points import follow_dispute_points
from portal.services.refunds.claim_leg import legs_to_send
from portal.services.returns.follow_refund import follow_refund_of_return


def reverse(_session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    enqueue_reversal(uuid.UUID(event.payload["attempt"]))
    return ["admin"]


def capture(_session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    enqueue_capture(uuid.UUID(event.payload["attempt"]))
    return ["admin"]


def follow_points(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    follow_dispute_points(session, dispute_id=uuid.UUID(event.payload["dispute"]), now=now)
    return ()


def give_more(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """What exchanges cost besides goes back with the units that are refunded."""
    give_back_more(session, order_id=uuid.UUID(event.subject.partition(":")[2]), now=now)
    return issue_exchange_papers(session, event, now)


def follow_return(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    follow_refund_of_return(session, refund_id=uuid.UUID(event.payload["refund"]), now=now)
    return ()


def send_legs(session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    behind = event.payload.get("refund") or event.payload["withdrawal"]
    for leg_id in legs_to_send(session, behind_id=uuid.UUID(behind)):
        enqueue_refund_leg(leg_id)
    return ["admin"]


def work_on_adjustment(_session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    enqueue_adjustment(uuid.UUID(event.payload["adjustment"]))
    return ["admin"]


def issue_receipt(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    want_receipt(session, order_id=uuid.UUID(event.subject.partition(":")[2]), now=now)
    after_commit(session, enqueue_documents)
    return ()


def issue_credit_note(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    want_credit_note(session, refund_id=uuid.UUID(event.payload["refund"]), now=now)
    after_commit(session, enqueue_documents)
    return ()


def issue_exchange_papers(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    want_exchange_papers(session, order_id=uuid.UUID(event.subject.partition(":")[2]), now=now)
    after_commit(session, enqueue_documents)
    return ()


def send_answer(session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    after_commit(session, partial(enqueue_dispute_answer, uuid.UUID(event.payload["dispute"])))
    return ["admin"]


def check_cash_receipt(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    if look_at_cash_receipt(session, order_id=uuid.UUID(event.subject.partition(":")[2]), now=now):
        after_commit(session, enqueue_cash_receipts)
    return ()


def forget_method(session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    after_commit(session, partial(enqueue_removal, uuid.UUID(event.payload["method"])))
    return ()


def run_setup(session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    after_commit(session, partial(enqueue_setup, uuid.UUID(event.payload["setup"])))
    return ()


def gather_cases(session: Session, _event: OutboxEvent, now: datetime) -> Collection[str]:
    open_cases(session, now=now)
    return ["admin"]


def welcome(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    if event.profile_id is not None:
        award_sign_up(session, user_id=event.profile_id, now=now)
    return ()


def renew_tier(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    if event.profile_id is not None:
        refresh_tier(session, user_id=event.profile_id, now=now)
    return ()


def run_bulk(session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    after_commit(session, partial(enqueue_bulk, uuid.UUID(event.subject.partition(":")[2])))
    return ()


def follow_parcel(session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    after_commit(session, partial(enqueue_parcel, uuid.UUID(event.payload["shipment"])))
    return ()


def keep_turn(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    note_turn(session, campaign_id=int(event.subject.partition(":")[2]), turn=TURNS[event.kind], now=now)
    return ()


def charge(session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    attempt_id = uuid.UUID(event.payload["attempt"])
    after_commit(session, partial(enqueue_charge, attempt_id))
    return ["admin"]
