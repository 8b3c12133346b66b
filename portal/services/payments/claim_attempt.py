"""Take an attempt for sending: the row says so before the gateway hears of it (PAY-07)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.gateways.base import ChargeRequest, Method
from portal.models import Order, PaymentAttempt, SavedMethod, User
from portal.rules.permissions import SYSTEM
from portal.rules.purposes import PaymentPurpose
from portal.rules.states import Machine
from portal.services.history import Move, record_moves

# A call takes at most 4 s; who has not answered after this was killed, and the sweep asks what became of it.
CALL_OVERDUE_AFTER = timedelta(seconds=12)


_CLAIM = text(
    """
    WITH claimed AS (
        SELECT a.id AS attempt_id, p.amount_minor, p.currency, p.method, p.capture_wanted, p.purpose,
               o.id AS order_id, o.number, coalesce(o.locale, u.locale) AS locale, o.contact, u.email,
               m.method_ref, m.customer_ref
          FROM payment_attempt a
          LEFT JOIN saved_method m ON m.id = a.saved_method_id
          JOIN payment p ON p.id = a.payment_id
          JOIN user_account u ON u.id = p.user_id
          LEFT JOIN orders o ON o.id = p.order_id
         WHERE a.id = :attempt_id AND a.state = 'created' AND a.due_at <= :now
           AND p.status IN ('pending', 'requires_action', 'authorised') AND (o.id IS NULL OR o.status = 'pending')
           FOR UPDATE OF a SKIP LOCKED
    )
    UPDATE payment_attempt a
       SET state = 'sent', calls = a.calls + 1, sends = a.sends + 1, claimed_by = :worker, sent_at = :now,
           due_at = :overdue_at
      FROM claimed WHERE a.id = claimed.attempt_id
    RETURNING claimed.*, a.gateway_account_id, a.op_key, a.source, a.return_url, a.calls,
              (SELECT sum(g.version) FROM gateway_account g)::bigint AS accounts_stamp
    """
).columns(
    contact=Order.contact.type,
    source=PaymentAttempt.source.type,
    method_ref=SavedMethod.method_ref.type,
    customer_ref=SavedMethod.customer_ref.type,
    email=User.email.type,
)

# What stands on a bank statement where there is no order's number: plain letters, which all of them take.
DESCRIPTIONS = {
    PaymentPurpose.TOP_UP: "Deposit top-up",
    PaymentPurpose.INVOICE: "Payment of an invoice",
    PaymentPurpose.GIFT_CARD: "Gift card",
    PaymentPurpose.EXCHANGE: "Exchange",
}


@dataclass(frozen=True, slots=True)
class ClaimedAttempt:
    """What the caller needs to call the gateway once, by the account as it is now: see gateway_directory()."""

    attempt_id: uuid.UUID
    gateway_account_id: int
    request: ChargeRequest
    calls: int
    accounts_stamp: int


def claim_attempt(session: Session, *, attempt_id: uuid.UUID, worker: str, now: datetime) -> ClaimedAttempt | None:
    """Mark an attempt as sent and return its request; None when another has it, or it is over.

    The mark is committed before the call. If the process dies in between, the attempt counts as possibly executed.
    """
    values = {"attempt_id": attempt_id, "worker": worker, "now": now, "overdue_at": now + CALL_OVERDUE_AFTER}
    row = session.execute(_CLAIM, values).one_or_none()
    if row is None:
        return None
    record_moves(
        session,
        Move(Machine.ATTEMPT, attempt_id, "created", "claimed", row.order_id),
        Move(Machine.ATTEMPT, attempt_id, "claimed", "sent", row.order_id),
        actor=SYSTEM,
        now=now,
    )
    contact: Mapping[str, Any] = orjson.loads(row.contact) if row.contact else {}
    request = ChargeRequest(
        op_key=row.op_key,
        amount_minor=row.amount_minor,
        currency=row.currency,
        method=Method(row.method),
        description=row.number or DESCRIPTIONS[row.purpose],
        order_number=row.number or str(attempt_id),
        return_url=row.return_url,
        capture=row.capture_wanted,
        source_token=row.source,
        saved_method_ref=row.method_ref,
        customer_ref=row.customer_ref,
        metadata={"attempt": str(attempt_id)},
        locale=row.locale or "en",
        buyer_email=contact.get("email") or row.email,
    )
    return ClaimedAttempt(attempt_id, row.gateway_account_id, request, row.calls, row.accounts_stamp)
