"""Where the gateways' reports and our payments disagree, each as one query whose rows are the differences (BAL-11).

A query answers with `subject`, `currency`, `expected_minor` (ours), `found_minor` (theirs) and what helps to explain.
What is younger than ten minutes at the end of a report may stand in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_OURS = """
    charge AS (
        SELECT a.id, a.gateway, a.gateway_ref, a.gateway_account_id, a.answered_at, p.currency, o.number,
               CASE WHEN a.reversal IS NULL THEN p.captured_minor ELSE coalesce(a.received_minor, p.amount_minor) END
                   AS minor
          FROM payment_attempt a JOIN payment p ON p.id = a.payment_id LEFT JOIN orders o ON o.id = p.order_id
         WHERE a.state = 'captured' AND a.gateway_ref IS NOT NULL
    ), refunded AS (
        SELECT l.id, a.gateway, l.gateway_ref AS ref, a.gateway_account_id, l.updated_at AS at, p.currency, o.number,
               CASE WHEN l.status = 'failed' THEN 0 ELSE -l.amount_minor END AS minor, l.status
          FROM refund_leg l JOIN payment_attempt a ON a.id = l.attempt_id JOIN payment p ON p.id = a.payment_id
          LEFT JOIN orders o ON o.id = p.order_id
         WHERE l.gateway_ref IS NOT NULL AND l.destination = 'original'
    ), covered AS (
        SELECT gateway_account_id, min(from_at) AS from_at, max(to_at) AS to_at FROM settlement_report
         GROUP BY gateway_account_id
    ), theirs AS (
        -- What the buyer saw is compared; in which currency it is settled is another matter.
        SELECT gateway, kind, coalesce(refund_ref, charge_ref) AS ref, coalesce(charged_currency, currency) AS currency,
               sum(coalesce(charged_minor, gross_minor))::bigint AS minor, min(at) AS at, min(charge_ref) AS charge_ref
          FROM settlement_row WHERE kind IN ('charge', 'refund')
         GROUP BY gateway, kind, coalesce(refund_ref, charge_ref), coalesce(charged_currency, currency)
    )"""

_QUERIES: Mapping[str, str] = {
    "charge_unknown": """
        SELECT t.gateway || ':' || t.ref AS subject, t.currency, 0 AS expected_minor, t.minor AS found_minor,
               jsonb_build_object('at', t.at) AS facts
          FROM theirs t
         WHERE t.kind = 'charge'
           AND NOT EXISTS (SELECT FROM payment_attempt a WHERE a.gateway = t.gateway AND a.gateway_ref = t.ref)""",
    "charge_amount": """
        SELECT t.gateway || ':' || t.ref, t.currency, c.minor, t.minor,
               jsonb_build_object('at', t.at, 'order', c.number, 'our_currency', c.currency)
          FROM theirs t JOIN charge c ON c.gateway = t.gateway AND c.gateway_ref = t.ref
         WHERE t.kind = 'charge' AND (t.minor <> c.minor OR t.currency <> c.currency)""",
    "charge_not_ours": """
        SELECT t.gateway || ':' || t.ref, t.currency, 0, t.minor,
               jsonb_build_object('at', t.at, 'attempt', a.id, 'state', a.state)
          FROM theirs t JOIN payment_attempt a ON a.gateway = t.gateway AND a.gateway_ref = t.ref
         WHERE t.kind = 'charge' AND a.state <> 'captured'""",
    "charge_missing": """
        SELECT c.gateway || ':' || c.gateway_ref, c.currency, c.minor, 0,
               jsonb_build_object('at', c.answered_at, 'order', c.number)
          FROM charge c JOIN covered v USING (gateway_account_id)
         WHERE c.answered_at >= v.from_at AND c.answered_at < v.to_at - interval '10 minutes'
           AND NOT EXISTS (SELECT FROM settlement_row r
                            WHERE r.gateway = c.gateway AND r.charge_ref = c.gateway_ref AND r.kind = 'charge')""",
    "refund_unknown": """
        SELECT t.gateway || ':' || t.ref, t.currency, 0, t.minor, jsonb_build_object('at', t.at, 'charge', t.charge_ref)
          FROM theirs t
         WHERE t.kind = 'refund'
           AND NOT EXISTS (SELECT FROM refund_leg l WHERE l.gateway_ref = t.ref)
           AND NOT EXISTS (SELECT FROM payment_attempt a WHERE a.gateway = t.gateway AND a.reversal IS NOT NULL
                              AND (a.reversal_ref = t.ref OR a.gateway_ref = t.charge_ref))""",
    "refund_amount": """
        SELECT t.gateway || ':' || t.ref, t.currency, r.minor, t.minor,
               jsonb_build_object('at', t.at, 'order', r.number, 'state', r.status)
          FROM theirs t JOIN refunded r ON r.gateway = t.gateway AND r.ref = t.ref
         WHERE t.kind = 'refund' AND (t.minor <> r.minor OR t.currency <> r.currency)""",
    "refund_missing": """
        SELECT r.gateway || ':' || r.ref, r.currency, r.minor, 0, jsonb_build_object('at', r.at, 'order', r.number)
          FROM refunded r JOIN covered v USING (gateway_account_id)
         WHERE r.status = 'succeeded' AND r.at >= v.from_at AND r.at < v.to_at - interval '10 minutes'
           AND NOT EXISTS (SELECT FROM settlement_row s
                            WHERE s.gateway = r.gateway AND s.refund_ref = r.ref AND s.kind = 'refund')""",
}
DIFFERENCE_KINDS = tuple(_QUERIES)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it should be. Amounts are None where it is not about one amount."""

    kind: str
    subject: str
    facts: Mapping[str, Any]
    currency: str | None = None
    expected_minor: int | None = None
    found_minor: int | None = None


def settlement_differences(session: Session) -> Iterator[Difference]:
    """Every difference between what the gateways reported and what we hold for true."""
    for kind, query in _QUERIES.items():
        rows = session.execute(text(f"WITH {_OURS} {query}").execution_options(yield_per=1000))
        for subject, currency, expected, found, facts in rows:
            yield Difference(kind, subject, facts, currency, expected, found)
