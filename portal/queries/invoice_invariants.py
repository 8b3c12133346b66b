"""What must always be true of invoices, each as one query whose rows are the violations; part of the list of all."""

from __future__ import annotations

# Number in the design's list, name, query.
INVOICE_INVARIANTS = (
    (
        2,
        "what somebody owes in the books is what his open invoices say",
        """SELECT coalesce(b.owner, i.owner) AS owner, coalesce(b.currency, i.currency) AS currency, b.booked, i.open
             FROM (SELECT a.owner, a.currency, -sum(p.amount_minor) AS booked FROM ledger_account a
                     JOIN ledger_posting p ON p.account_id = a.id WHERE a.kind = 'invoice_receivable'
                    GROUP BY a.owner, a.currency) b
             FULL JOIN (SELECT 'user:' || user_id AS owner, currency,
                               sum(total_minor - paid_minor - lowered_minor - lost_minor) AS open
                          FROM invoice GROUP BY user_id, currency) i
               ON i.owner = b.owner AND i.currency = b.currency
            WHERE coalesce(b.booked, 0) <> coalesce(i.open, 0)""",
    ),
    (
        4,
        "an invoice was lowered by what its moves say",
        """SELECT i.number, i.paid_minor, i.lowered_minor, i.lost_minor, m.paid, m.lowered, m.lost FROM invoice i
             LEFT JOIN (SELECT invoice_id,
                               sum(amount_minor) FILTER (WHERE kind IN ('payment', 'deposit')) AS paid,
                               sum(amount_minor) FILTER (WHERE kind = 'refund') AS lowered,
                               sum(amount_minor) FILTER (WHERE kind = 'write_off') AS lost
                          FROM invoice_move GROUP BY invoice_id) m ON m.invoice_id = i.id
            WHERE i.paid_minor <> coalesce(m.paid, 0) OR i.lowered_minor <> coalesce(m.lowered, 0)
               OR i.lost_minor <> coalesce(m.lost, 0)""",
    ),
    (
        6,
        "nobody owes more than his open credit line, pending orders included",
        """SELECT c.user_id, c.currency, c.limit_minor, o.owed + p.pending AS used FROM credit_line c,
             LATERAL (SELECT coalesce(sum(total_minor - paid_minor - lowered_minor - lost_minor), 0) AS owed
                        FROM invoice WHERE user_id = c.user_id AND currency = c.currency) o,
             LATERAL (SELECT coalesce(sum(amount_minor), 0) AS pending FROM payment
                       WHERE user_id = c.user_id AND currency = c.currency AND method = 'invoice'
                         AND status IN ('pending', 'requires_action', 'authorised')) p
            WHERE c.state = 'open' AND o.owed + p.pending > c.limit_minor""",
    ),
    (
        7,
        "every order that was paid on invoice has one, for that amount, and a payment for an invoice lowered it",
        """SELECT p.id, p.captured_minor, i.total_minor FROM payment p LEFT JOIN invoice i ON i.order_id = p.order_id
            WHERE p.method = 'invoice' AND p.captured_minor <> coalesce(i.total_minor, 0)
           UNION ALL SELECT p.id, p.captured_minor, m.amount_minor FROM payment p
             LEFT JOIN invoice_move m ON m.payment_id = p.id
            WHERE p.purpose = 'invoice' AND p.captured_minor <> coalesce(m.amount_minor, 0)""",
    ),
    (
        8,
        "an invoice is in the state of its last recorded move",
        """SELECT i.number, i.state, l.to_state FROM invoice i
             LEFT JOIN LATERAL (SELECT to_state FROM transition t
                                 WHERE t.subject = 'invoice' AND t.subject_id = i.id::text
                                 ORDER BY t.id DESC LIMIT 1) l ON true
            WHERE l.to_state IS DISTINCT FROM i.state""",
    ),
)
