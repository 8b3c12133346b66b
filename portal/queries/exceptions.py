"""Money that is not where it should be, from every corner, in one list: what a person has to look at."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.orm import Session

# What mends itself has so long to do it before a person is asked.
PATIENCE = timedelta(minutes=5)
WITHDRAWAL_PATIENCE = timedelta(days=1)
ROWS_MAX = 200


class ExceptionKind(StrEnum):
    """What is wrong. The list shows them in one order: by age."""

    UNKNOWN_ATTEMPT = "unknown_attempt"
    REVERSAL_OPEN = "reversal_open"
    FAILED_REFUND = "failed_refund"
    LATE_REFUND = "late_refund"
    DEAD_NOTICE = "dead_notice"
    UNAPPLIED_NOTICE = "unapplied_notice"
    BOOKS_DIFFER = "books_differ"
    DOCUMENT_MISSING = "document_missing"
    WITHDRAWAL_WAITS = "withdrawal_waits"
    DISPUTE_UNBOOKED = "dispute_unbooked"
    SURPLUS = "surplus"
    DISPUTE_MENTIONED = "dispute_mentioned"
    EVENT_FAILING = "event_failing"
    HOLD_ENDING = "hold_ending"
    HOLD_LOST = "hold_lost"


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """One thing that is wrong. `ref` names its page, `subject` what it is about, in the words of records."""

    kind: ExceptionKind
    ref: str
    subject: str
    currency: str | None
    amount_minor: int | None
    since: datetime
    facts: str | None


# Each part has its own index; what is over is in none of them.
_ALL = text(
    """
    SELECT 'unknown_attempt' AS kind, a.id::text AS ref, coalesce(o.number, p.purpose) AS subject, p.currency,
           p.amount_minor, a.sent_at AS since, a.reason AS facts
      FROM payment_attempt a JOIN payment p ON p.id = a.payment_id LEFT JOIN orders o ON o.id = p.order_id
     WHERE a.state = 'unknown' AND a.sent_at <= :patient
    UNION ALL
    SELECT 'reversal_open', a.id::text, coalesce(o.number, p.purpose), p.currency, p.amount_minor,
           coalesce(a.answered_at, a.created_at), a.reason
      FROM payment_attempt a JOIN payment p ON p.id = a.payment_id LEFT JOIN orders o ON o.id = p.order_id
     WHERE a.reversal = 'wanted' AND coalesce(a.answered_at, a.created_at) <= :patient
    UNION ALL
    SELECT 'failed_refund', f.id::text, o.number, f.currency, g.amount_minor, g.updated_at, g.gateway_code
      FROM refund_leg g JOIN refund f ON f.id = g.refund_id JOIN orders o ON o.id = f.order_id
     WHERE g.status = 'failed' AND NOT EXISTS (SELECT FROM refund_leg n WHERE n.replaces = g.id)
    UNION ALL
    SELECT 'late_refund', f.id::text, o.number, f.currency, f.total_minor, f.due_at, f.status
      FROM refund f JOIN orders o ON o.id = f.order_id
     WHERE f.completed_at IS NULL AND f.due_at <= :now AND f.status NOT IN ('refused', 'cancelled')
       AND NOT EXISTS (SELECT FROM refund_leg g WHERE g.refund_id = f.id AND g.status = 'failed'
                          AND NOT EXISTS (SELECT FROM refund_leg n WHERE n.replaces = g.id))
    UNION ALL
    SELECT 'dead_notice', e.id::text, e.gateway || ' ' || e.kind, NULL, NULL, e.received_at, e.gateway_ref
      FROM provider_event e WHERE e.status = 'dead' AND e.received_at > :now - interval '30 days'
    UNION ALL
    SELECT 'unapplied_notice', e.id::text, e.gateway || ' ' || e.kind, NULL, NULL, e.received_at, e.gateway_ref
      FROM provider_event e WHERE e.status = 'received' AND e.received_at <= :patient
    UNION ALL
    SELECT 'books_differ', b.id::text, b.kind, b.currency, b.found_minor - b.expected_minor, b.opened_at, b.subject
      FROM reconciliation_break b WHERE b.closed_at IS NULL
    UNION ALL
    SELECT 'document_missing', o.number, o.number, d.currency, d.total_minor, d.wanted_at, d.kind
      FROM document d JOIN orders o ON o.id = d.order_id WHERE d.issued_at IS NULL AND d.wanted_at <= :patient
    UNION ALL
    SELECT 'withdrawal_waits', w.id::text, w.status, w.currency, w.amount_minor, w.requested_at, NULL
      FROM withdrawal w WHERE w.status IN ('requested', 'approved') AND w.requested_at <= :withdrawals
    UNION ALL
    SELECT 'dispute_unbooked', d.id::text, coalesce(o.number, p.purpose), d.currency,
           d.told_held_minor - d.held_minor, d.told_at, d.gateway || ' ' || d.gateway_ref
      FROM dispute d JOIN payment p ON p.id = d.payment_id LEFT JOIN orders o ON o.id = d.order_id
     WHERE d.told_held_minor <> d.held_minor
    UNION ALL
    SELECT 'surplus', s.id::text, coalesce(o.number, p.purpose), s.currency, s.amount_minor, s.found_at,
           coalesce(s.code, s.state)
      FROM surplus s JOIN payment_attempt a ON a.id = s.attempt_id JOIN payment p ON p.id = a.payment_id
      LEFT JOIN orders o ON o.id = p.order_id
     WHERE s.state = 'open' OR (s.state = 'returning' AND s.decided_at <= :patient)
    UNION ALL
    SELECT 'dispute_mentioned', coalesce(o.number, ''), coalesce(o.number, p.purpose), p.currency, p.captured_minor,
           min(e.received_at), e.gateway || ' ' || e.gateway_ref
      FROM provider_event e JOIN payment_attempt a ON a.gateway = e.gateway AND a.gateway_ref = e.gateway_ref
      JOIN payment p ON p.id = a.payment_id LEFT JOIN orders o ON o.id = p.order_id
     WHERE e.note LIKE 'letter:%' AND e.signature_ok
       AND NOT EXISTS (SELECT FROM dispute d WHERE d.payment_id = p.id)
     GROUP BY o.number, p.purpose, p.currency, p.captured_minor, e.gateway, e.gateway_ref
    UNION ALL
    SELECT 'hold_ending', o.number, o.number, p.currency, p.amount_minor, p.end_told_at,
           CASE WHEN p.capture_wanted THEN 'capture_waits' ELSE 'not_sent' END
      FROM payment p JOIN orders o ON o.id = p.order_id
     WHERE p.status = 'authorised' AND p.end_told_at IS NOT NULL AND o.status <> 'pending'
    UNION ALL
    SELECT 'hold_lost', o.number, o.number, t.currency, t.amount_minor - t.released_minor, p.completed_at, p.status
      FROM tender t JOIN payment p ON p.tender_id = t.id JOIN orders o ON o.id = t.order_id
     WHERE t.status = 'authorised' AND p.status IN ('failed', 'cancelled', 'expired') AND o.paid_at IS NOT NULL
       AND t.captured_minor = 0 AND t.released_minor < t.amount_minor
    UNION ALL
    SELECT 'event_failing', e.id::text, e.kind, NULL, NULL, e.created_at, e.last_error
      FROM outbox_event e WHERE e.handled_at IS NULL AND e.last_error IS NOT NULL
    ORDER BY since LIMIT :limit
    """
)


def list_exceptions(session: Session, *, now: datetime, kind: ExceptionKind | None = None) -> list[ExceptionRow]:
    """Everything that is wrong, or all of one kind, the oldest first; at most ROWS_MAX."""
    values = {"now": now, "patient": now - PATIENCE, "withdrawals": now - WITHDRAWAL_PATIENCE, "limit": ROWS_MAX}
    rows = (ExceptionRow(ExceptionKind(row.kind), *row[1:]) for row in session.execute(_ALL, values))
    return [row for row in rows if kind is None or row.kind is kind]


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """An attempt that somebody looks at, as it is."""

    id: uuid.UUID
    payment_id: uuid.UUID
    number: str | None
    order_status: str | None
    account: str
    account_id: int
    state: str
    reversal: str | None
    op_key: str
    gateway_ref: str | None
    sent_at: datetime | None
    due_at: datetime
    currency: str
    amount_minor: int


_ATTEMPT = text(
    """
    SELECT a.id, a.payment_id, o.number, o.status, g.name, g.id AS account_id, a.state, a.reversal, a.op_key,
           a.gateway_ref, a.sent_at, a.due_at, p.currency, p.amount_minor
      FROM payment_attempt a JOIN payment p ON p.id = a.payment_id
      JOIN gateway_account g ON g.id = a.gateway_account_id LEFT JOIN orders o ON o.id = p.order_id
     WHERE a.id = :attempt_id
    """
)


def load_attempt(session: Session, *, attempt_id: uuid.UUID) -> AttemptFacts | None:
    row = session.execute(_ATTEMPT, {"attempt_id": attempt_id}).one_or_none()
    return AttemptFacts(*row) if row is not None else None


@dataclass(frozen=True, slots=True)
class SurplusFacts:
    """Money that came in besides, as it is."""

    id: uuid.UUID
    payment_id: uuid.UUID
    number: str | None
    account: str
    gateway_ref: str | None
    state: str
    code: str | None
    currency: str
    amount_minor: int
    expected_minor: int
    found_at: datetime


_SURPLUS = text(
    """
    SELECT s.id, a.payment_id, o.number, g.name, a.gateway_ref, s.state, s.code, s.currency, s.amount_minor,
           p.amount_minor AS expected_minor, s.found_at
      FROM surplus s JOIN payment_attempt a ON a.id = s.attempt_id JOIN payment p ON p.id = a.payment_id
      JOIN gateway_account g ON g.id = a.gateway_account_id LEFT JOIN orders o ON o.id = p.order_id
     WHERE s.id = :surplus_id
    """
)


def load_surplus(session: Session, *, surplus_id: uuid.UUID) -> SurplusFacts | None:
    row = session.execute(_SURPLUS, {"surplus_id": surplus_id}).one_or_none()
    return SurplusFacts(*row) if row is not None else None
