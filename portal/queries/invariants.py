"""The invariants of the books and the stock, each as one query whose rows are the violations.

`portal check` runs them on a live system, the tests after everything that touches money. Numbers are those of the
design's list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.balance_invariants import BALANCE_INVARIANTS
from portal.queries.coupon_invariants import COUPON_INVARIANTS
from portal.queries.dispute_invariants import DISPUTE_INVARIANTS
from portal.queries.freezes import FREEZE_INVARIANTS
from portal.queries.gift_invariants import GIFT_INVARIANTS
from portal.queries.invoice_invariants import INVOICE_INVARIANTS
from portal.queries.mileage_invariants import MILEAGE_INVARIANTS
from portal.queries.parcel_invariants import PARCEL_INVARIANTS
from portal.queries.refund_invariants import REFUND_INVARIANTS
from portal.queries.remark_invariants import REMARK_INVARIANTS
from portal.queries.return_invariants import RETURN_INVARIANTS
from portal.queries.ticket_invariants import TICKET_INVARIANTS


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must always be true, and the query that finds where it is not."""

    number: int
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant and the rows that break it, at most ROWS_MAX of them."""

    invariant: Invariant
    rows: list[dict[str, Any]]


ROWS_MAX = 20

INVARIANTS = (
    Invariant(
        1,
        "postings of an entry sum to zero per currency",
        """SELECT entry_id, currency, sum(amount_minor) AS total FROM ledger_posting
            GROUP BY entry_id, currency HAVING sum(amount_minor) <> 0""",
    ),
    Invariant(
        1,
        "every entry has postings",
        """SELECT e.id FROM ledger_entry e
            WHERE NOT EXISTS (SELECT FROM ledger_posting p WHERE p.entry_id = e.id)""",
    ),
    Invariant(
        1,
        "a posting is of its entry's time",
        """SELECT p.id, p.entry_id, p.at, e.created_at FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id
            WHERE p.at <> e.created_at""",
    ),
    Invariant(
        2,
        "a cached balance equals the sum of its postings",
        """SELECT a.id, a.kind, a.owner, a.balance_minor, coalesce(sum(p.amount_minor), 0) AS posted
             FROM ledger_account a LEFT JOIN ledger_posting p ON p.account_id = a.id
            WHERE a.cached GROUP BY a.id HAVING a.balance_minor <> coalesce(sum(p.amount_minor), 0)""",
    ),
    Invariant(
        2,
        "no user balance is below its floor, and held amounts are covered",
        """SELECT id, kind, owner, balance_minor, held_minor FROM ledger_account
            WHERE cached AND (balance_minor < min_balance_minor OR balance_minor - held_minor < min_balance_minor)""",
    ),
    Invariant(
        2,
        "held amounts equal the active holds",
        """SELECT a.id, a.kind, a.owner, a.held_minor, coalesce(sum(h.amount_minor), 0) AS holds
             FROM ledger_account a LEFT JOIN ledger_hold h ON h.account_id = a.id AND h.status = 'active'
            GROUP BY a.id HAVING a.held_minor <> coalesce(sum(h.amount_minor), 0)""",
    ),
    *(Invariant(*one) for one in FREEZE_INVARIANTS),
    *(Invariant(*one) for one in MILEAGE_INVARIANTS),
    Invariant(
        3,
        "an order's total is its lines, discounts, shipping and tax",
        """SELECT o.number, o.payable_minor, o.subtotal_minor, l.subtotal, l.discount, p.shipping
             FROM orders o
             JOIN (SELECT order_id, sum(subtotal_minor) AS subtotal, sum(discount_minor) AS discount
                     FROM order_line GROUP BY order_id) l ON l.order_id = o.id
             JOIN (SELECT order_id, sum(shipping_fee_minor - shipping_discount_minor) AS shipping
                     FROM order_part GROUP BY order_id) p ON p.order_id = o.id
            WHERE o.subtotal_minor <> l.subtotal OR o.discount_minor <> l.discount OR o.shipping_minor <> p.shipping
               OR o.payable_minor <> l.subtotal - l.discount + p.shipping + o.tax_added_minor""",
    ),
    Invariant(
        3,
        "an order's tenders add up to its total",
        """SELECT o.number, o.payable_minor, coalesce(sum(t.amount_minor), 0) AS tenders
             FROM orders o LEFT JOIN tender t ON t.order_id = o.id
            GROUP BY o.id HAVING o.payable_minor <> coalesce(sum(t.amount_minor), 0)""",
    ),
    Invariant(
        3,
        "each line and shipping fee is covered by its tender shares",
        """SELECT l.id, l.payable_minor, coalesce(s.covered, 0) AS covered FROM order_line l
             LEFT JOIN (SELECT line_id, sum(amount_minor) AS covered FROM tender_share GROUP BY line_id) s
               ON s.line_id = l.id
            WHERE l.payable_minor <> coalesce(s.covered, 0)""",
    ),
    Invariant(
        3,
        "shares of a tender add up to it",
        """SELECT t.id, t.type, t.amount_minor, coalesce(sum(s.amount_minor), 0) AS shares
             FROM tender t LEFT JOIN tender_share s ON s.tender_id = t.id
            GROUP BY t.id HAVING t.amount_minor <> coalesce(sum(s.amount_minor), 0)""",
    ),
    Invariant(
        3,
        "shares of a coupon use add up to it",
        """SELECT u.id, u.amount_minor, coalesce(sum(s.amount_minor), 0) AS shares
             FROM coupon_use u LEFT JOIN discount_share s ON s.coupon_use_id = u.id
            GROUP BY u.id HAVING u.amount_minor <> coalesce(sum(s.amount_minor), 0)""",
    ),
    Invariant(
        4,
        "captured at most authorised, refunded at most captured",
        """SELECT id, amount_minor, authorised_minor, captured_minor, refunded_minor FROM payment
            WHERE captured_minor > authorised_minor OR refunded_minor > captured_minor
               OR authorised_minor > amount_minor""",
    ),
    Invariant(
        4,
        "refunds of a tender and of a line stay within what was captured",
        """SELECT t.id, t.captured_minor, t.refunded_minor, coalesce(sum(g.amount_minor), 0) AS legs
             FROM tender t LEFT JOIN refund_leg g ON g.tender_id = t.id AND g.status NOT IN ('failed', 'cancelled')
                  AND g.destination <> 'release'
            GROUP BY t.id HAVING coalesce(sum(g.amount_minor), 0) > t.captured_minor
               OR t.refunded_minor > coalesce(sum(g.amount_minor), 0)""",
    ),
    Invariant(
        5,
        "reserved equals the open reservations",
        """SELECT s.variant_id, s.place, s.on_hand, s.reserved, coalesce(sum(r.quantity), 0) AS reservations
             FROM stock s LEFT JOIN reservation r
               ON r.variant_id = s.variant_id AND r.place = s.place AND r.status = 'active'
            GROUP BY s.variant_id, s.place HAVING s.reserved <> coalesce(sum(r.quantity), 0)""",
    ),
    Invariant(
        5,
        "stock on hand is what there was and all its moves",
        """SELECT s.variant_id, s.place, s.initial, s.on_hand, coalesce(sum(m.delta), 0) AS moved
             FROM stock s LEFT JOIN stock_move m ON m.variant_id = s.variant_id AND m.place = s.place
            GROUP BY s.variant_id, s.place HAVING s.on_hand <> s.initial + coalesce(sum(m.delta), 0)
               OR s.on_hand < 0""",
    ),
    Invariant(
        6,
        "what is reserved belongs to an open order",
        """SELECT 'coupon use' AS what, u.id FROM coupon_use u JOIN orders o ON o.id = u.order_id
            WHERE u.status = 'reserved' AND o.status <> 'pending'
           UNION ALL SELECT 'reservation', r.id FROM reservation r JOIN orders o ON o.id = r.order_id
            WHERE r.status = 'active' AND o.status <> 'pending'
           UNION ALL SELECT 'hold', h.id FROM ledger_hold h JOIN orders o ON o.id = h.order_id
            WHERE h.status = 'active' AND o.status <> 'pending'""",
    ),
    Invariant(
        7,
        "money taken at a gateway belongs to a settled payment or is on its way back",
        """SELECT a.id, a.gateway, a.gateway_ref, p.status, a.reversal FROM payment_attempt a
             JOIN payment p ON p.id = a.payment_id
            WHERE a.state = 'captured' AND a.reversal IS NULL
              AND p.status NOT IN ('captured', 'partially_refunded', 'refunded', 'disputed', 'dispute_won',
                                   'dispute_lost')""",
    ),
    Invariant(
        7,
        "one payment is taken once",
        """SELECT payment_id, count(*) AS captured FROM payment_attempt
            WHERE state = 'captured' AND reversal IS NULL GROUP BY payment_id HAVING count(*) > 1""",
    ),
    Invariant(
        7,
        "a paid order has its entry in the books",
        """SELECT o.number FROM orders o
            WHERE o.paid_at IS NOT NULL AND o.payable_minor > 0
              AND NOT EXISTS (SELECT FROM ledger_entry e WHERE e.order_id = o.id AND e.kind = 'order_paid')""",
    ),
    Invariant(
        7,
        "a top-up is credited with what was captured, and only then",
        """SELECT p.id, p.status, p.captured_minor, q.amount_minor AS credited FROM payment p
             LEFT JOIN ledger_entry e ON e.idem_key = 'payment:' || p.id
             LEFT JOIN (ledger_posting q JOIN ledger_account a ON a.id = q.account_id AND a.kind = 'deposit')
               ON q.entry_id = e.id
            WHERE p.purpose = 'top_up' AND p.captured_minor <> coalesce(q.amount_minor, 0)""",
    ),
    Invariant(
        7,
        "the clearing account of a gateway is what its payments took, gave back and lost to disputes",
        """SELECT gateway, currency, sum(taken) AS taken, sum(booked) AS booked FROM (
             SELECT 'gateway:' || a.gateway AS gateway, p.currency, p.captured_minor - p.refunded_minor AS taken,
                    0 AS booked
               FROM payment p JOIN LATERAL (SELECT gateway FROM payment_attempt x WHERE x.payment_id = p.id
                                             ORDER BY n DESC LIMIT 1) a ON true
              WHERE p.captured_minor > 0
             UNION ALL
             SELECT 'gateway:' || d.gateway, d.currency, -d.held_minor, 0 FROM dispute d
             UNION ALL
             SELECT l.owner, l.currency, 0, -q.amount_minor FROM ledger_posting q
               JOIN ledger_account l ON l.id = q.account_id AND l.kind = 'gateway_clearing'
               JOIN ledger_entry e ON e.id = q.entry_id
                AND (e.order_id IS NOT NULL OR e.idem_key LIKE ANY ('{payment:%,dispute:%,refund_leg:%}'))) AS sides
            GROUP BY gateway, currency HAVING sum(taken) <> sum(booked)""",
    ),
    Invariant(
        8,
        "every state is the last of its recorded moves",
        """SELECT s.subject, s.id, s.state, l.to_state FROM (
             SELECT 'order' AS subject, id::text AS id, status AS state FROM orders
             UNION ALL SELECT 'part', id::text, status FROM order_part
             UNION ALL SELECT 'payment', id::text, status FROM payment
             UNION ALL SELECT 'attempt', id::text, state FROM payment_attempt) AS s
             LEFT JOIN LATERAL (SELECT to_state FROM transition t
                                 WHERE t.subject = s.subject AND t.subject_id = s.id
                                 ORDER BY t.id DESC LIMIT 1) l ON true
            WHERE l.to_state IS DISTINCT FROM s.state""",
    ),
    Invariant(
        8,
        "recorded moves follow one another",
        """SELECT subject, subject_id, from_state, before FROM (
             SELECT subject, subject_id, from_state,
                    lag(to_state) OVER (PARTITION BY subject, subject_id ORDER BY id) AS before
               FROM transition) AS moves
            WHERE from_state IS DISTINCT FROM before""",
    ),
    Invariant(
        8,
        "every money move has an audit row",
        """SELECT e.id, e.kind FROM ledger_entry e
            WHERE e.order_id IS NOT NULL AND e.kind = 'order_paid'
              AND NOT EXISTS (SELECT FROM audit_row a WHERE a.ref = 'order:' || e.order_id
                                 AND a.action IN ('order:paid', 'order:imported'))
           UNION ALL SELECT e.id, e.kind FROM ledger_entry e
            WHERE e.order_id IS NULL
              AND NOT EXISTS (SELECT FROM audit_row a WHERE a.ref = 'entry:' || e.id)""",
    ),
    Invariant(
        9,
        "the audit chain has no gap",
        """SELECT seq, before FROM (SELECT seq, lag(seq) OVER (ORDER BY seq) AS before FROM audit_link) AS links
            WHERE seq <> coalesce(before, 0) + 1""",
    ),
    Invariant(
        9,
        "each link of the audit chain holds",
        """SELECT l.seq FROM (SELECT seq, audit_id, prev_hash, hash,
                                     coalesce(lag(hash) OVER (ORDER BY seq), repeat('0', 64)) AS before
                                FROM audit_link) AS l JOIN audit_row a ON a.id = l.audit_id
            WHERE l.prev_hash <> l.before
               OR l.hash <> encode(sha256(convert_to(l.prev_hash || '|' || a.payload, 'UTF8')), 'hex')""",
    ),
    Invariant(
        9,
        "audit rows are sealed within a minute",
        """SELECT a.id, a.at, a.action FROM audit_row a
            WHERE a.at < now() - interval '1 minute' AND NOT EXISTS (SELECT FROM audit_link l WHERE l.audit_id = a.id)
              AND EXISTS (SELECT FROM audit_link l WHERE l.sealed_at > now() - interval '1 minute')""",
    ),
    Invariant(
        9,
        "no outbox event is forgotten",
        """SELECT id, kind, due_at, attempts FROM outbox_event
            WHERE handled_at IS NULL AND due_at < now() - interval '2 hours'""",
    ),
    Invariant(
        3,
        "a receipt is about the whole of its order",
        """SELECT d.label, d.total_minor, o.payable_minor FROM document d JOIN orders o ON o.id = d.order_id
            WHERE d.kind = 'receipt' AND d.entry_id IS NULL
              AND (d.total_minor <> o.payable_minor OR d.currency <> o.currency)""",
    ),
    Invariant(
        4,
        "credit notes stay within their receipt",
        """SELECT r.label, r.total_minor, sum(c.total_minor) AS credited FROM document r
             JOIN document c ON c.corrects_id = r.id AND c.issued_at IS NOT NULL
            GROUP BY r.id HAVING sum(c.total_minor) > r.total_minor""",
    ),
    Invariant(
        8,
        "the numbers of documents have no gap",
        """SELECT s.issuer, s.series, s.year, s.last_number, count(d.id) AS documents, min(d.number) AS first
             FROM document_series s
             LEFT JOIN document d ON d.issuer = s.issuer AND d.series = s.series AND d.year = s.year
            GROUP BY s.issuer, s.series, s.year
           HAVING count(d.id) <> s.last_number OR min(d.number) <> 1 OR max(d.number) <> s.last_number""",
    ),
    Invariant(
        8,
        "a document that is wanted is issued within the hour",
        """SELECT d.id, d.kind, d.wanted_at FROM document d LEFT JOIN document r ON r.id = d.corrects_id
            WHERE d.issued_at IS NULL AND d.wanted_at < now() - interval '1 hour'""",
    ),
    *(
        Invariant(*one)
        for one in (
            *BALANCE_INVARIANTS,
            *REFUND_INVARIANTS,
            *RETURN_INVARIANTS,
            *DISPUTE_INVARIANTS,
            *GIFT_INVARIANTS,
            *INVOICE_INVARIANTS,
            *COUPON_INVARIANTS,
            *PARCEL_INVARIANTS,
            *TICKET_INVARIANTS,
            *REMARK_INVARIANTS,
        )
    ),
)


def find_violations(session: Session) -> Iterator[Finding]:
    """Run every invariant and yield each with its rows; one without rows holds."""
    for invariant in INVARIANTS:
        rows = session.execute(text(f"SELECT * FROM ({invariant.query}) AS violations LIMIT {ROWS_MAX}"))  # noqa: S608  # Queries of this file.
        yield Finding(invariant, [dict(row) for row in rows.mappings()])
